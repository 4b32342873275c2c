import type { ActorView, ListItem } from '../../hub/protocol/messages.ts';
import type { Clock } from './clock.ts';
import { ask, askAs, type Call, type Http } from './http.ts';
import { isRecord, Problem } from './problem.ts';
import type { Session } from './session.ts';
import { toListSearch, type ListQuery } from './topic.ts';

/** A row of an actor's journal. */
export type HistoryItem = {
  readonly version: number;
  readonly event: Readonly<{ type: string } & Record<string, unknown>>;
  readonly caller: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly changed: readonly string[];
  readonly hash: string;
  /** What brought it about: `<address>@<version>` or `operator:<name>`; empty where whoever sent it did. */
  readonly cause?: string;
  readonly asked?: Asked;
};

/** What a version asked for: calls, timers, events to other actors, what it made known, and what it posted. */
export type Asked = {
  readonly effects: readonly { readonly id: string; readonly src: string }[];
  readonly timers: readonly { readonly id: string; readonly due: string }[];
  readonly sends: readonly { readonly to: string; readonly event: string }[];
  readonly events: readonly string[];
  readonly legs: readonly AskedLeg[];
};

/** A leg of a posting. The last three are absent where a node of the release before answers; `effective` is when it counts, if not at once. */
export type AskedLeg = {
  readonly account: string;
  readonly amount_minor: number;
  readonly currency: string;
  readonly pending?: boolean;
  readonly kind?: string;
  readonly effective?: string | null;
};

export type Page<T> = { readonly items: readonly T[]; readonly next: string | undefined };

export type Created = { readonly address: string; readonly version: number; readonly view: ActorView | undefined };

/** The people of the demo, for signing in by a click; undefined outside of it. */
export type Demo = {
  readonly people: readonly { readonly username: string; readonly roles: readonly string[] }[];
  readonly password: string;
};

/** No answer, too many requests, and what proxies and hubs say while they come and go. */
const TRANSIENT = new Set([0, 429, 502, 503, 504]);
const MOST_TRIES = 5;
const FIRST_PAUSE_MS = 300;

/** The hub's REST side, as the signed-in person. Every call throws a Problem when it fails. */
export class Api {
  readonly #http: Http;
  readonly #session: Session;
  readonly #clock: Clock;

  constructor(http: Http, session: Session, clock: Clock) {
    this.#http = http;
    this.#session = session;
    this.#clock = clock;
  }

  /** One actor; `at` (a version or a time) shows it as it was. */
  async actor(address: string, at?: string | number, signal?: AbortSignal): Promise<ActorView> {
    const query = at === undefined ? '' : `?at=${encodeURIComponent(at)}`;
    return readView(await this.#ask({ method: 'GET', path: `/v1/actors/${address}${query}`, signal }));
  }

  async list(query: ListQuery, cursor?: string, signal?: AbortSignal): Promise<Page<ListItem>> {
    const search = toListSearch(query) + (cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`);
    return readPage<ListItem>(await this.#ask({ method: 'GET', path: `/v1/actors/${query.type}?${search}`, signal }));
  }

  /** Its journal from version `from` to `to`, both included. */
  async history(address: string, range: { from?: number; to?: number; limit?: number }, signal?: AbortSignal): Promise<Page<HistoryItem>> {
    const search = new URLSearchParams(Object.entries(range).map(([name, value]) => [name, String(value)]));
    return readPage<HistoryItem>(await this.#ask({ method: 'GET', path: `/v1/actors/${address}/history?${search}`, signal }));
  }

  /** Creates an actor. The same key brings the same answer, however often it is sent. */
  async create(type: string, body: { id?: string; input: unknown }, key: string): Promise<Created> {
    const call: Call = { method: 'POST', path: `/v1/actors/${type}`, body, headers: { 'idempotency-key': key } };
    const answer = await this.#ask(call);
    if (!isRecord(answer) || typeof answer['address'] !== 'string') throw unreadable();
    const version = typeof answer['version'] === 'number' ? answer['version'] : 0;
    return { address: answer['address'], version, view: isRecord(answer['view']) ? readView(answer['view']) : undefined };
  }

  /**
   * Asks again while the hub is away or busy: every call here either only reads or carries a key. What one person has asked for is
   * never asked again as the next one: by the same key it would be done a second time.
   */
  async #ask(call: Call): Promise<unknown> {
    const { bearer } = this.#session;
    for (let tries = 1; ; tries++) {
      try {
        return await askAs(this.#http, this.#session, call, bearer);
      } catch (error) {
        if (!(error instanceof Problem) || !TRANSIENT.has(error.status) || error.code === 'aborted' || tries === MOST_TRIES) throw error;
        const pause_ms = Math.max(error.retryAfterMs ?? 0, FIRST_PAUSE_MS * 2 ** (tries - 1)) * (1 + this.#clock.random() / 2);
        await this.#pause(pause_ms, call.signal);
        if (call.signal?.aborted === true) throw error;
      }
    }
  }

  /** Ends early for who has given up. */
  #pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const cancel = this.#clock.after(ms, end);
      signal?.addEventListener('abort', end);
    });
  }
}

/** Who can sign in to the demo; undefined when this hub is not one, or does not answer. */
export async function fetchDemo(http: Http): Promise<Demo | undefined> {
  const answer = await ask(http, { method: 'GET', path: '/v1/demo' }).catch(() => undefined);
  if (!isRecord(answer) || !Array.isArray(answer['people']) || typeof answer['password'] !== 'string') return undefined;
  return answer as Demo;
}

function readView(answer: unknown): ActorView {
  if (!isRecord(answer) || typeof answer['version'] !== 'number' || !Array.isArray(answer['state'])) throw unreadable();
  return answer as ActorView;
}

function readPage<T>(answer: unknown): Page<T> {
  if (!isRecord(answer) || !Array.isArray(answer['items'])) throw unreadable();
  const next = answer['next'];
  return { items: answer['items'] as readonly T[], next: typeof next === 'string' && next !== '' ? next : undefined };
}

function unreadable(): Problem {
  return new Problem(200, 'unreadable', 'The hub answered in a shape that this console does not know. Reload the page.');
}
