import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { routes } from '../../hub/http/routes.ts';
import { problem } from '../../hub/http/schemas.ts';
import type { TestHub } from './hub.ts';

export type Json = Record<string, unknown>;
/** An answer of the hub; every one is held to its route's declared schema, and every failure to the shape of a problem. */
export type Reply = { readonly status: number; readonly headers: Headers; readonly body: Json };

export type Request = {
  readonly as?: string;
  readonly token?: string;
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string | Uint8Array<ArrayBuffer>;
  readonly key?: string;
  readonly headers?: Record<string, string>;
};

/** Calls a hub as its people do. */
export class Rest {
  readonly hub: TestHub;

  constructor(hub: TestHub) {
    this.hub = hub;
  }

  get(path: string, as?: string, headers: Record<string, string> = {}): Promise<Reply> {
    return this.call('GET', path, { headers, ...(as === undefined ? {} : { as }) });
  }

  async call(method: string, path: string, { as, token, body, raw, key, headers = {} }: Request): Promise<Reply> {
    const bearer = token ?? (as === undefined ? undefined : await this.hub.token(as));
    const sent: Record<string, string> = {
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...(body === undefined && raw === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    };
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const answer = await fetch(this.hub.url + path, {
      method,
      headers: sent,
      redirect: 'manual',
      ...(payload === undefined ? {} : { body: payload }),
    });
    const text = await answer.text();
    const read = text === '' || !/json/.test(answer.headers.get('content-type') ?? '') ? {} : (JSON.parse(text) as Json);
    if (answer.status >= 400) mustBeProblem(answer, read);
    else if (method !== 'HEAD') mustBeDeclared(method, path, answer.status, read);
    return { status: answer.status, headers: answer.headers, body: read };
  }

  create(type: string, body: Json, as = 'clerk', key: string = randomUUID()): Promise<Reply> {
    return this.call('POST', `/v1/actors/${type}`, { as, key, body });
  }

  send(address: string, body: Json, as = 'clerk', key?: string): Promise<Reply> {
    return this.call('POST', `/v1/actors/${address}/events`, { as, body, ...(key === undefined ? {} : { key }) });
  }

  /** A new payment's address. */
  async payment(input: Json = {}): Promise<string> {
    const { status, body } = await this.create('payment', { input: { ...PAYMENT, ...input } });
    expect(status).toBe(201);
    return String(body['address']);
  }
}

export const PAYMENT = { client: 'acme', payee: 'Bolt Ltd', amount_minor: 12_000, currency: 'EUR', reference: 'Invoice 7' } as const;
export const CLIENT = { name: 'Acme GmbH', country: 'DE', email: 'office@acme.example', kind: 'company' } as const;

function mustBeProblem(answer: Response, body: Json): void {
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(problem.safeParse(body).error).toBeUndefined();
  expect(body['status']).toBe(answer.status);
}

/** What goes out is made by views and not checked again when it runs; so the tests do. */
function mustBeDeclared(method: string, path: string, status: number, body: Json): void {
  const bare = path.split('?')[0] ?? '';
  const route = routes.find((each) => each.method === method && new RegExp(`^${each.path.replaceAll(/:[a-z]+/g, '[^/]+')}$`).test(bare));
  const schema = route?.answers[status];
  if (schema === undefined || status === 204 || status === 304 || Object.keys(body).length === 0) return;
  expect(schema.safeParse(body).error, `${method} ${path} answered what it does not declare`).toBeUndefined();
}
