import { browserTokens, onTokensChanged } from '../hq/browser.ts';
import { systemClock } from '../core/clock.ts';
import { ask, type Http } from '../core/http.ts';
import { isRecord, Problem } from '../core/problem.ts';
import { Session } from '../core/session.ts';
import { InspectLog } from './log.ts';
import { Link } from './link.ts';
import type { Kept, Wire, Wish } from './link.ts';
import type { InspectFrame } from '../../hub/protocol/inspection.ts';

const KEPT = 'green-lines.inspect';

/** What every part of the page works with; made once, in main.tsx. */
export type InspectorServices = {
  readonly http: Http;
  readonly session: Session;
  readonly log: InspectLog;
  readonly link: Link;
  /** Hears every frame as it came. */
  readonly relay: { to: ((frame: InspectFrame) => void) | undefined };
};

export function makeServices(): InspectorServices {
  const http: Http = { fetch: globalThis.fetch.bind(globalThis), base: '' };
  const session = new Session({ http, store: browserTokens, clock: systemClock });
  onTokensChanged(() => session.reload());
  const log = new InspectLog();
  const relay: InspectorServices['relay'] = { to: undefined };
  const link = new Link({
    open: (ticket, protocol) => {
      const address = new URL('/inspect/socket', location.href);
      address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
      address.searchParams.set('ticket', ticket);
      return openWire(address, protocol);
    },
    renew: async (wish) => (session.who === undefined ? undefined : askTicket(http, session, wish)),
    answers: () =>
      http.fetch('/healthz', { cache: 'no-store' }).then(
        ({ ok }) => ok,
        () => false,
      ),
    keep,
    onMessage: (message) => {
      if (message.type === '@green-lines.session') log.begin(`${message.target} ${message.sample}`);
      else if (message.type === '@green-lines.chart') log.draw(message.chart);
      else {
        log.take(message);
        relay.to?.(message);
      }
    },
    after: systemClock.after,
    random: systemClock.random,
  });
  return { http, session, log, link, relay };
}

function openWire(address: URL, protocol: string): Wire {
  const socket = new WebSocket(address, protocol);
  const wire: Wire = { onmessage: null, onclose: null, close: () => socket.close() };
  socket.addEventListener('message', (event) => wire.onmessage?.(event));
  socket.addEventListener('close', (event) => wire.onclose?.(event));
  return wire;
}

/** A ticket for what somebody wants to look at. Throws a Problem. */
export async function askTicket(http: Http, session: Session, wish: Wish): Promise<string> {
  const bearer = await session.token();
  const headers = { authorization: `Bearer ${bearer}` };
  const answer = await ask(http, { method: 'POST', path: '/v1/inspect/tickets', body: wish, headers });
  const url = isRecord(answer) && typeof answer['url'] === 'string' ? URL.parse(answer['url']) : null;
  const ticket = url?.searchParams.get('ticket');
  if (typeof ticket !== 'string') throw new Problem(200, 'unreadable', 'The hub answered without a ticket.');
  return ticket;
}

/** The kinds of actors that there are, for whoever is signed in; none where they cannot be had. */
export async function fetchTypes(http: Http, session: Session): Promise<readonly string[]> {
  const headers = { authorization: `Bearer ${await session.token()}` };
  const answer = await ask(http, { method: 'GET', path: '/v1/machines', headers });
  const items = isRecord(answer) && Array.isArray(answer['items']) ? answer['items'] : [];
  return items.filter(isRecord).flatMap(({ type }) => (typeof type === 'string' ? [type] : []));
}

/** The ticket of this page's address. It is used up by the connection, so it does not stay in the address. */
export function takeTicket(): string | undefined {
  const address = new URL(location.href);
  const ticket = address.searchParams.get('ticket');
  if (ticket === null) return undefined;
  address.searchParams.delete('ticket');
  history.replaceState(null, '', address);
  return ticket;
}

/** What the address asks for: `?target=payment/pay_1&sample=0.1`. */
export function readWish(search: string): Wish | undefined {
  const given = new URLSearchParams(search);
  const target = given.get('target');
  if (target === null) return undefined;
  const sample = Number(given.get('sample') ?? '1');
  return { target, ...(sample > 0 && sample < 1 ? { sample } : {}) };
}

/** The address says what is looked at, so that it can be kept and passed on. */
export function showWish({ target, sample }: Wish): void {
  const address = new URL(location.href);
  // Slashes and stars are good in a query, and far easier to read there.
  const more = sample === undefined || sample === 1 ? '' : `&sample=${sample}`;
  address.search = `?target=${encodeURIComponent(target).replaceAll('%2F', '/')}${more}`;
  history.replaceState(null, '', address);
}

function keep(kept: Kept | undefined): void {
  try {
    if (kept === undefined) sessionStorage.removeItem(KEPT);
    else sessionStorage.setItem(KEPT, JSON.stringify(kept));
  } catch {
    // Storage may be closed to a page; loading it again then needs a new ticket.
  }
  if (kept !== undefined) showWish(kept.wish);
}

/** What this tab looked at before it was loaded again. */
export function readKept(): Kept | undefined {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(KEPT) ?? 'null');
    if (!isRecord(value) || !isRecord(value['wish']) || typeof value['wish']['target'] !== 'string') return undefined;
    const { target, sample, rate } = value['wish'];
    const wish = { target, ...(typeof sample === 'number' ? { sample } : {}), ...(typeof rate === 'number' ? { rate } : {}) };
    return { wish, resume: typeof value['resume'] === 'string' ? value['resume'] : undefined };
  } catch {
    return undefined;
  }
}
