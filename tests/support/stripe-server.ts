import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Stripe } from 'stripe';
import { z } from 'zod';
import type { Json } from './rest.ts';

/** Stripe's own examples of its objects; their origin is in tests/vectors/stripe/README.md. */
const EXAMPLES = z
  .record(z.string(), z.record(z.string(), z.unknown()))
  .parse(JSON.parse(readFileSync(new URL('../vectors/stripe/fixtures.json', import.meta.url), 'utf8')));

/**
 * What befalls one request: `lost` before it is done, `late` when it is done long after it was given up, `hang`, `cut`, `error_500` and `html` after it is done, and `cut_short` in the
 * middle of its answer; `broken_500` fails within, and is kept under its key as a failure; `in_use` and `limited` are refused.
 */
export type StripeFault =
  | 'lost'
  | 'late'
  | 'hang'
  | 'cut'
  | 'cut_short'
  | 'error_500'
  | 'html'
  | 'broken_500'
  | 'in_use'
  | 'limited'
  | 'unauthorized'
  | 'forbidden';

export type Asked = {
  readonly method: string;
  readonly path: string;
  readonly key: string | undefined;
  readonly params: Json;
  readonly headers: IncomingMessage['headers'];
};
type Answer = { readonly status: number; readonly body: Json };
type Kept = { readonly asked: string; readonly answer: Answer; readonly at: number };
type Intent = Json & {
  id: string;
  status: string;
  amount: number;
  amount_received: number;
  metadata: Record<string, string>;
  created: number;
};

const DAY_MS = 24 * 60 * 60 * 1000;
/** What Stripe's test cards come to. */
const CARDS: Readonly<Record<string, string>> = {
  pm_card_chargeDeclined: 'generic_decline',
  pm_card_chargeDeclinedInsufficientFunds: 'insufficient_funds',
  pm_card_authenticationRequired: 'authentication_required',
};

/**
 * Plays Stripe on loopback: keeps intents and refunds, honours keys for a day, lists at once and searches late, and fails as it
 * is told. Time is its own, and moves only when it is moved.
 */
export class StripeServer {
  readonly asked: Asked[] = [];
  readonly intents: Intent[] = [];
  readonly refunds: Json[] = [];
  readonly disputes: Json[] = [];
  /** Every event that Stripe would notify, oldest first. */
  readonly events: Json[] = [];
  now = Date.UTC(2026, 10, 2, 8);
  searchLag_ms = 60_000;
  searches = true;
  /** The state in which the next intents, or refunds, are left. */
  leave: string | undefined;
  readonly #faults: { readonly path: RegExp; readonly fault: StripeFault | 'none' }[] = [];
  readonly #keys = new Map<string, Kept>();
  readonly #server: Server;
  #late: (() => unknown)[] = [];
  #made = 0;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#take(request, response).catch(() => response.destroy());
    });
  }

  static async start(): Promise<StripeServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new StripeServer(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** The next request that changes something, at a path like this, meets with it. */
  script(fault: StripeFault | 'none', path = /./): void {
    this.#faults.push({ path, fault });
  }

  reset(): void {
    for (const list of [this.asked, this.intents, this.refunds, this.disputes, this.events, this.#faults]) list.length = 0;
    this.#keys.clear();
    this.#late = [];
    this.#made = 0;
    Object.assign(this, { searches: true, leave: undefined, searchLag_ms: 60_000, now: Date.UTC(2026, 10, 2, 8) });
  }

  /** A bank disputes what was paid with this intent, or what it thinks of the dispute has changed; Stripe notifies. */
  dispute(intent: string, type: string, fields: Json): Json {
    const known = this.disputes.find((one) => one['payment_intent'] === intent);
    const dispute = known ?? this.#make('dispute', 'dp', { payment_intent: intent, currency: 'eur' }).body;
    if (known === undefined) this.disputes.push(dispute);
    Object.assign(dispute, fields);
    this.#tell(`charge.dispute.${type}`, dispute);
    return dispute;
  }

  /** What was under way for long arrives now. */
  deliverLate(): void {
    for (const arrive of this.#late.splice(0)) arrive();
  }

  /** How often money was held, taken and given back, by the payment. */
  books(payment: string): { held: number; captured_minor: number; refunded_minor: number } {
    const mine = this.intents.filter(({ metadata }) => metadata['payment'] === payment);
    const ids = new Set(mine.map(({ id }) => id));
    const refunds = this.refunds.filter((refund) => ids.has(String(refund['payment_intent'])) && refund['status'] === 'succeeded');
    return {
      held: mine.filter(({ status }) => status === 'requires_capture').length,
      captured_minor: mine.reduce((sum, { amount_received }) => sum + amount_received, 0),
      refunded_minor: refunds.reduce((sum, refund) => sum + Number(refund['amount']), 0),
    };
  }

  /** How often money was held for the payment at all. */
  authorizations(payment: string): number {
    return this.intents.filter(({ metadata, authorized }) => metadata['payment'] === payment && authorized === true).length;
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const text = await readText(request);
    const method = request.method ?? 'GET';
    const params = toParams(method === 'GET' ? url.searchParams : new URLSearchParams(text));
    const key = request.headers['idempotency-key'] as string | undefined;
    this.asked.push({ method, path: url.pathname, key, params, headers: request.headers });
    if (method === 'GET') return send(response, this.#read(url.pathname, params));
    const at = this.#faults.findIndex(({ path }) => path.test(url.pathname));
    const fault = at < 0 ? undefined : this.#faults.splice(at, 1)[0]?.fault;
    const refused = REFUSALS[fault ?? 'none'];
    if (refused !== undefined) return send(response, refused, { 'retry-after': '1' });
    const run = (): Answer => this.#write(url.pathname, params);
    const asked = `${url.pathname} ${text}`;
    if (fault === 'late') this.#late.push(() => this.#once(key, asked, false, run));
    if (fault === 'lost' || fault === 'late') return void response.destroy();
    const { answer, replayed } = this.#once(key, asked, fault === 'broken_500', run);
    switch (fault) {
      case 'hang':
        return;
      case 'cut':
        return void response.destroy();
      case 'cut_short':
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '5000' });
        response.write('{"id":', () => response.destroy());
        return;
      case 'error_500':
        return send(response, failure(500, 'api_error'));
      case 'html':
        return void response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>502 Bad Gateway</h1>');
      default:
        return send(response, answer, replayed ? { 'idempotent-replayed': 'true' } : {});
    }
  }

  /** Keys as Stripe keeps them: for a day, with what was asked; what was refused before it was begun is not kept. */
  #once(key: string | undefined, asked: string, broken: boolean, run: () => Answer): { answer: Answer; replayed: boolean } {
    const kept = key === undefined ? undefined : this.#keys.get(key);
    if (kept !== undefined && kept.at + DAY_MS > this.now) {
      if (kept.asked === asked) return { answer: kept.answer, replayed: true };
      return { answer: failure(400, 'idempotency_error'), replayed: false };
    }
    const answer = broken ? failure(500, 'api_error') : run();
    const isKept = answer.status < 400 || answer.status === 402 || answer.status === 500;
    if (key !== undefined && isKept) this.#keys.set(key, { asked, answer, at: this.now });
    return { answer, replayed: false };
  }

  #write(path: string, params: Json): Answer {
    const [, , kind, id, verb] = path.split('/');
    if (kind === 'setup_intents' && id === undefined) return this.#make('setup_intent', 'seti', { metadata: params['metadata'] ?? {} });
    if (kind === 'refunds') return this.#refund(params);
    if (kind !== 'payment_intents') return missing(path);
    if (id === undefined) return this.#authorize(params);
    const intent = this.intents.find((one) => one.id === id);
    if (intent === undefined) return missing(id);
    return verb === 'capture' ? this.#capture(intent, params) : this.#cancel(intent, params);
  }

  #authorize(params: Json): Answer {
    const amount = Number(params['amount']);
    const decline = CARDS[String(params['payment_method'])];
    const status = this.leave ?? (decline === undefined ? 'requires_capture' : 'requires_payment_method');
    const error = { type: 'card_error', code: decline === 'authentication_required' ? decline : 'card_declined', decline_code: decline };
    const { body } = this.#make('payment_intent', 'pi', {
      ...{ amount, amount_received: 0, currency: params['currency'], status, metadata: params['metadata'] ?? {} },
      ...{ capture_method: params['capture_method'], last_payment_error: decline === undefined ? null : error, next_action: null },
      authorized: status === 'requires_capture',
    });
    const intent = body as Intent;
    this.intents.push(intent);
    this.#tell('payment_intent.created', intent);
    if (decline !== undefined) {
      this.#tell('payment_intent.payment_failed', intent);
      return { status: 402, body: { error: { ...error, message: 'The card was declined.', payment_intent: shown(intent) } } };
    }
    if (status === 'requires_capture') this.#tell('payment_intent.amount_capturable_updated', intent);
    return { status: 200, body: shown(intent) };
  }

  #capture(intent: Intent, params: Json): Answer {
    if (intent.status !== 'requires_capture') return unexpected(intent);
    const metadata = { ...intent.metadata, ...(params['metadata'] as Record<string, string> | undefined) };
    const status = this.leave ?? 'succeeded';
    Object.assign(intent, {
      status,
      metadata,
      amount_received: Number(params['amount_to_capture']),
      latest_charge: intent.id.replace('pi', 'ch'),
    });
    this.#tell('payment_intent.succeeded', intent);
    return { status: 200, body: shown(intent) };
  }

  #cancel(intent: Intent, params: Json): Answer {
    if (['succeeded', 'canceled', 'processing'].includes(intent.status)) return unexpected(intent);
    Object.assign(intent, { status: 'canceled', cancellation_reason: params['cancellation_reason'] ?? null });
    this.#tell('payment_intent.canceled', intent);
    return { status: 200, body: shown(intent) };
  }

  #refund(params: Json): Answer {
    const intent = this.intents.find(({ id }) => id === params['payment_intent']);
    if (intent === undefined) return missing(String(params['payment_intent']));
    const amount = Number(params['amount']);
    const refunded = this.refunds.filter((one) => one['payment_intent'] === intent.id).reduce((sum, one) => sum + Number(one['amount']), 0);
    if (refunded + amount > intent.amount_received) return failure(400, 'invalid_request_error', 'charge_already_refunded');
    const status = this.leave ?? 'succeeded';
    const { body } = this.#make('refund', 're', { amount, status, payment_intent: intent.id, metadata: params['metadata'] ?? {} });
    this.refunds.push(body);
    this.#tell('refund.created', body);
    this.#tell('refund.updated', body);
    this.#tell('charge.refunded', { ...EXAMPLES['charge'], metadata: intent.metadata, refunds: { data: [body] } });
    return { status: 200, body };
  }

  #read(path: string, params: Json): Answer {
    const [, , kind, id] = path.split('/');
    if (kind === 'refunds') {
      const data = this.refunds.filter((refund) => refund['payment_intent'] === params['payment_intent']).toReversed();
      return { status: 200, body: { object: 'list', data, has_more: false } };
    }
    if (kind === 'disputes') {
      const dispute = this.disputes.find((one) => one['id'] === id);
      const payment_intent = this.intents.find((one) => one.id === dispute?.['payment_intent']) ?? null;
      return dispute === undefined ? missing(id ?? '') : { status: 200, body: { ...dispute, payment_intent } };
    }
    if (id === 'search') return this.#search(String(params['query']));
    if (id !== undefined) {
      const intent = this.intents.find((one) => one.id === id);
      return intent === undefined ? missing(id) : { status: 200, body: shown(intent) };
    }
    const since = Number((params['created'] as Json | undefined)?.['gte'] ?? 0);
    const all = this.intents.filter(({ created }) => created >= since).toReversed();
    const from = all.findIndex((one) => one.id === params['starting_after']) + 1;
    const page = all.slice(from, from + Number(params['limit']));
    return { status: 200, body: { object: 'list', data: page.map(shown), has_more: from + page.length < all.length } };
  }

  #search(query: string): Answer {
    if (!this.searches) return failure(400, 'invalid_request_error');
    const wanted = [...query.matchAll(/metadata\['(\w+)'\]:'([^']*)'/g)];
    const data = this.intents.filter(
      ({ metadata, created }) =>
        created * 1000 + this.searchLag_ms <= this.now && wanted.every(([, name = '', value]) => metadata[name] === value),
    );
    return { status: 200, body: { object: 'search_result', data: data.map(outdated), has_more: false } };
  }

  #make(kind: string, prefix: string, fields: Json): Answer {
    this.#made += 1;
    const id = `${prefix}_${String(this.#made).padStart(24, '0')}`;
    return { status: 200, body: { ...EXAMPLES[kind], id, created: Math.floor(this.now / 1000), ...fields } };
  }

  #tell(type: string, object: Json): void {
    this.events.push({
      ...EXAMPLES['event'],
      ...{ id: `evt_${this.events.length + 1}`, type, livemode: false, account: undefined, created: Math.floor(this.now / 1000) },
      data: { object: structuredClone(object) },
    });
  }
}

/** A notification as Stripe signs it. `at` in epoch milliseconds. */
export function signedWebhook(event: Json, secret: string, at: number): { headers: Record<string, string>; body: Buffer } {
  const payload = JSON.stringify(event, null, 2);
  const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp: Math.floor(at / 1000) });
  return { headers: { 'stripe-signature': signature }, body: Buffer.from(payload) };
}

function shown({ authorized: _, ...intent }: Json): Json {
  return structuredClone(intent);
}

/** What a search shows of an intent may be as it was when it was made. */
function outdated(intent: Intent): Json {
  const { capture: _, ...metadata } = intent.metadata;
  return { ...shown(intent), metadata, status: 'requires_confirmation', last_payment_error: null };
}

function failure(status: number, type: string, code?: string): Answer {
  return { status, body: { error: { type, code, message: `A failure of the kind ${type}` } } };
}

function missing(what: string): Answer {
  return { status: 404, body: { error: { type: 'invalid_request_error', code: 'resource_missing', message: `No such thing: ${what}` } } };
}

function unexpected(intent: Intent): Answer {
  const error = { type: 'invalid_request_error', code: 'payment_intent_unexpected_state', payment_intent: shown(intent) };
  return { status: 400, body: { error } };
}

const REFUSALS: Partial<Record<StripeFault | 'none', Answer>> = {
  in_use: failure(409, 'idempotency_error', 'idempotency_key_in_use'),
  limited: failure(429, 'invalid_request_error', 'rate_limit'),
  unauthorized: failure(401, 'invalid_request_error'),
  forbidden: failure(403, 'invalid_request_error'),
};

/** `metadata[payment]=pay_1` is an object in the object. */
function toParams(search: URLSearchParams): Json {
  const params: Json = {};
  for (const [name, value] of search) {
    const [, outer = name, inner] = /^(\w+)\[(\w+)\]$/.exec(name) ?? [];
    if (inner === undefined) params[outer] = value;
    else params[outer] = { ...(params[outer] as Json | undefined), [inner]: value };
  }
  return params;
}

function send(response: ServerResponse, { status, body }: Answer, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_test', ...headers }).end(JSON.stringify(body));
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
