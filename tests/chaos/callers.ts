import { sleep } from '../support/process-hub.ts';
import { UNKNOWN } from './history.ts';
import type { Answer, Operation } from './history.ts';
import type { ChaosNode } from './node.ts';
import { PASSWORD } from './world.ts';

export type Reply = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };

/** One that does not answer in this time is asked again, or another one is. */
const PATIENCE_MS = 1500;
const FRESH_MS = 10 * 60_000;
/** Of a fault that says to try again, and of a node whose clock is off or that is only just starting. */
const AGAIN = new Set([401, 429, 500, 502, 503, 504]);

/** Signs people in, and keeps their tokens: one node's are good on the others. */
export class Doorman {
  readonly #nodes: readonly ChaosNode[];
  readonly #tokens = new Map<string, { readonly token: Promise<string>; readonly at: number }>();

  constructor(nodes: readonly ChaosNode[]) {
    this.#nodes = nodes;
  }

  token(username: string): Promise<string> {
    const known = this.#tokens.get(username);
    if (known !== undefined && performance.now() - known.at < FRESH_MS) return known.token;
    const token = this.#signIn(username);
    this.#tokens.set(username, { token, at: performance.now() });
    token.catch(() => this.#tokens.delete(username));
    return token;
  }

  async #signIn(username: string): Promise<string> {
    for (let turn = 0; turn < 300; turn++) {
      const node = this.#nodes[turn % this.#nodes.length];
      const answer = await request(`${node?.url}/v1/auth/token`, 'POST', {}, { username, password: PASSWORD }, 10_000);
      if (answer?.status === 200) return String(answer.body['accessToken']);
      await sleep(150);
    }
    throw new Error(`${username} could not sign in`);
  }
}

/** A person with a program that asks whichever node answers, and asks again with the same key until it knows. */
export class RestCaller {
  readonly username: string;
  readonly operations: Operation[] = [];
  readonly #nodes: readonly ChaosNode[];
  readonly #doorman: Doorman;
  readonly #random: () => number;
  readonly #pause_ms: number;

  /** It waits between one and four times as long as `pause_ms` before it asks again. */
  constructor(username: string, nodes: readonly ChaosNode[], doorman: Doorman, random: () => number, pause_ms = 20) {
    this.#pause_ms = pause_ms;
    this.username = username;
    this.#nodes = nodes;
    this.#doorman = doorman;
    this.#random = random;
  }

  /** Undefined where no node answered for good before `until`. */
  async ask(
    method: string,
    path: string,
    until: number,
    body?: object,
    key?: string,
  ): Promise<{ reply: Reply | undefined; tries: number }> {
    let turn = Math.floor(this.#random() * this.#nodes.length);
    let tries = 0;
    for (; performance.now() < until; turn++) {
      const token = await this.#doorman.token(this.username);
      const headers = { authorization: `Bearer ${token}`, ...(key === undefined ? {} : { 'idempotency-key': key }) };
      const node = this.#nodes[turn % this.#nodes.length];
      tries++;
      const reply = await request(`${node?.url}${path}`, method, headers, body, PATIENCE_MS);
      if (reply !== undefined && !AGAIN.has(reply.status)) return { reply, tries };
      await sleep(this.#pause_ms * (1 + 3 * this.#random()));
    }
    return { reply: undefined, tries };
  }

  create(type: string, id: string, input: object, key: string, until: number): Promise<Operation> {
    return this.#operate(`${type}/${id}`, '@create', `/v1/actors/${type}`, { id, input }, key, until);
  }

  send(address: string, event: { readonly type: string }, key: string, until: number): Promise<Operation> {
    return this.#operate(address, event.type, `/v1/actors/${address}/events`, event, key, until);
  }

  async #operate(address: string, event: string, path: string, body: object, key: string, until: number): Promise<Operation> {
    const invoked_at = performance.now();
    const { reply, tries } = await this.ask('POST', path, until, body, key);
    const answer = reply === undefined ? UNKNOWN : toAnswer(reply);
    const completed_at = performance.now();
    // Now and then somebody asks again although he knows: the answer to one id never changes.
    let contradiction = '';
    if (answer.type !== 'info' && this.#random() < 0.1) {
      const again = await this.ask('POST', path, until, body, key);
      const second = again.reply === undefined ? UNKNOWN : toAnswer(again.reply);
      if (second.type !== 'info' && !isSame(answer, second)) contradiction = `${JSON.stringify(answer)} and then ${JSON.stringify(second)}`;
    }
    const event_id = `caller:${this.username}:${key}`;
    const operation: Operation = { door: 'rest', address, event_id, event, invoked_at, completed_at, ...answer, contradiction, tries };
    this.operations.push(operation);
    return operation;
  }
}

function toAnswer({ status, body }: Reply): Answer {
  if (status < 300) return { type: 'ok', version: Number(body['version'] ?? 0), code: '' };
  return { type: 'fail', version: Number(body['version'] ?? 0), code: String(body['code'] ?? status) };
}

/** The version beside a refusal is a hint at where the actor stands, which may have moved on. */
function isSame(one: Answer, other: Answer): boolean {
  return one.type === other.type && one.code === other.code && (one.type !== 'ok' || one.version === other.version);
}

/** Undefined where there was no answer that could be read. */
export async function request(
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  body: object | undefined,
  within_ms: number,
): Promise<Reply | undefined> {
  try {
    const answer = await fetch(url, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(within_ms),
    });
    const text = await answer.text();
    const read: unknown = text === '' ? {} : JSON.parse(text);
    return { status: answer.status, body: read as Record<string, unknown> };
  } catch {
    return undefined;
  }
}
