import type { ActorView, ListItem } from '../../hub/protocol/messages.ts';
import { askAs, type Call, type Http } from '../core/http.ts';
import { anotherPerson, isRecord, Problem, readProblem, unreachable } from '../core/problem.ts';
import type { Session } from '../core/session.ts';
import { toListSearch, type ListQuery } from '../core/topic.ts';

/** A list that somebody keeps under a name. */
export type SavedView = { readonly id: string; readonly name: string; readonly type: string; readonly query: string };

type Init = { readonly method?: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: Blob };

/** The most that the hub answers for at once. */
const MOST_VIEWS = 200;

/** What the people of HQ ask of the hub beside actors and their events. Every call throws a Problem when it fails. */
export class Office {
  readonly #http: Http;
  readonly #session: Session;

  constructor(http: Http, session: Session) {
    this.#http = http;
    this.#session = session;
  }

  get(path: string, signal?: AbortSignal): Promise<unknown> {
    return this.#ask({ method: 'GET', path, signal });
  }

  post(path: string, body: unknown, key?: string): Promise<unknown> {
    return this.#ask({ method: 'POST', path, body, ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }) });
  }

  put(path: string, body: unknown): Promise<unknown> {
    return this.#ask({ method: 'PUT', path, body });
  }

  /** A stretch of a list. */
  async rows(query: ListQuery, offset: number, limit: number, signal: AbortSignal): Promise<readonly ListItem[]> {
    const search = toListSearch({ ...query, limit });
    return readItems<ListItem>(await this.get(`/v1/lists/${query.type}/rows?${search}&offset=${offset}`, signal));
  }

  /** Actors of one kind with what may be sent to each now; those that may not be seen are left out. */
  async views(type: string, ids: readonly string[], signal: AbortSignal): Promise<readonly ActorView[]> {
    const found: ActorView[] = [];
    for (let from = 0; from < ids.length; from += MOST_VIEWS) {
      const body = { ids: ids.slice(from, from + MOST_VIEWS) };
      found.push(...readItems<ActorView>(await this.#ask({ method: 'POST', path: `/v1/lists/${type}/views`, body, signal })));
    }
    return found;
  }

  async savedViews(): Promise<readonly SavedView[]> {
    return readItems<SavedView>(await this.get('/v1/views'));
  }

  async saveView({ id, ...view }: SavedView): Promise<void> {
    await this.put(`/v1/views/${id}`, view);
  }

  async removeView(id: string): Promise<void> {
    await this.post(`/v1/views/${id}/remove`, undefined);
  }

  /** A file, as it comes; `onProgress` is told how many bytes there are. */
  async file(path: string, onProgress: (bytes: number) => void): Promise<Blob> {
    const { bearer } = this.#session;
    const mustBeHis = (): void => {
      if (this.#session.bearer !== bearer) throw anotherPerson();
    };
    const token = await this.#session.token();
    mustBeHis();
    const response = await this.#fetch(path, token);
    const parts: BlobPart[] = [];
    let bytes = 0;
    try {
      for await (const part of response.body ?? []) {
        mustBeHis();
        parts.push(part);
        onProgress((bytes += part.byteLength));
      }
    } catch (error) {
      if (error instanceof Problem) throw error;
      throw new Problem(0, 'unreachable', 'The file broke off before its end. Try again.');
    }
    mustBeHis();
    return new Blob(parts, { type: response.headers.get('content-type') ?? '' });
  }

  /** Sends a file and says the address of what it has become. The same key with the same file is the same again. */
  async upload(path: string, file: Blob, key: string): Promise<string> {
    const { bearer } = this.#session;
    const token = await this.#session.token();
    if (this.#session.bearer !== bearer) throw anotherPerson();
    const headers = { 'content-type': 'application/octet-stream', 'idempotency-key': key };
    const response = await this.#fetch(path, token, { method: 'POST', headers, body: file });
    const answer: unknown = await response.json().catch(() => undefined);
    if (this.#session.bearer !== bearer) throw anotherPerson();
    if (isRecord(answer) && typeof answer['address'] === 'string') return answer['address'];
    throw unreadable();
  }

  async #fetch(path: string, token: string, { headers: more = {}, ...init }: Init = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${token}`, ...more };
    const response = await this.#http.fetch(this.#http.base + path, { ...init, headers, cache: 'no-store' }).catch(() => {
      throw unreachable();
    });
    if (response.ok) return response;
    throw readProblem(response.status, await response.json().catch(() => undefined), response.headers.get('retry-after'));
  }

  #ask(call: Call): Promise<unknown> {
    return askAs(this.#http, this.#session, call);
  }
}

/** The items of an answer. The hub makes them after its own schemas; what is no list at all is refused here. */
export function readItems<Item>(answer: unknown): readonly Item[] {
  if (isRecord(answer) && Array.isArray(answer['items'])) return answer['items'] as readonly Item[];
  throw unreadable();
}

export function unreadable(): Problem {
  return new Problem(200, 'unreadable', 'The hub answered in a shape that this console does not know. Reload the page.');
}
