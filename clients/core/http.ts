import { anotherPerson, Problem, readProblem, unreachable } from './problem.ts';
import type { Session } from './session.ts';

export type Call = {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** From the origin's root, query included. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
};

/** The platform's fetch and where the hub is (`''` for the page's own origin). */
export type Http = { readonly fetch: typeof globalThis.fetch; readonly base: string };

/** No call waits longer than this; the hub itself gives up earlier. */
const TIMEOUT_MS = 15_000;

/** Makes one call and returns its JSON. Throws a Problem for everything else, an unreachable hub included. */
export async function ask(http: Http, call: Call): Promise<unknown> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const signal = call.signal ? AbortSignal.any([call.signal, timeout]) : timeout;
  const body = call.body === undefined ? {} : { body: JSON.stringify(call.body) };
  const type = call.body === undefined ? {} : { 'content-type': 'application/json' };
  const headers = { accept: 'application/json, application/problem+json', ...type, ...call.headers };
  try {
    const response = await http.fetch(http.base + call.path, { method: call.method, headers, ...body, signal, cache: 'no-store' });
    const text = await response.text();
    const answer = parse(text);
    if (!response.ok) throw readProblem(response.status, answer, response.headers.get('retry-after'));
    if (answer === undefined && text !== '')
      throw new Problem(response.status, 'unreadable', 'The hub answered something that is not JSON.');
    return answer;
  } catch (error) {
    if (error instanceof Problem) throw error;
    if (call.signal?.aborted === true) throw new Problem(0, 'aborted', 'The call was given up.');
    throw unreachable();
  }
}

/**
 * Makes one call as `bearer`, whoever is signed in unless it is said. Throws the Problem `aborted` instead of asking as somebody else,
 * and instead of giving the answer to somebody else's screen.
 */
export async function askAs(http: Http, session: Session, call: Call, bearer = session.bearer): Promise<unknown> {
  const mustBeHis = (): void => {
    if (session.bearer !== bearer) throw anotherPerson();
  };
  const send = async (token: string): Promise<unknown> => {
    mustBeHis();
    const answer = await ask(http, { ...call, headers: { ...call.headers, authorization: `Bearer ${token}` } });
    mustBeHis();
    return answer;
  };
  mustBeHis();
  const token = await session.token();
  try {
    return await send(token);
  } catch (error) {
    mustBeHis();
    // A clock that is wrong on this device makes a dead token look alive: renew once and ask again.
    if (!(error instanceof Problem) || error.status !== 401) throw error;
    return send(await session.renew());
  }
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
