import { INSPECT_CLOSED, INSPECT_PROTOCOL } from '../../hub/protocol/inspection.ts';
import type { InspectFrame, PageMessage, SessionMessage } from '../../hub/protocol/inspection.ts';
import { isRecord, Problem } from '../core/problem.ts';

/** What is looked at, as a ticket is asked for it. */
export type Wish = { readonly target: string; readonly sample?: number; readonly rate?: number };

export type LinkState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** The connection is lost and is made again by itself. */
  | { readonly kind: 'waiting' }
  /** It is not made again by itself. */
  | { readonly kind: 'ended'; readonly reason: string };

/** What is kept in the tab, so that loading the page again goes on. */
export type Kept = { readonly wish: Wish; readonly resume: string | undefined };

/** The part of a browser's WebSocket that is used. */
export type Wire = {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  close(): void;
};

export type LinkOptions = {
  readonly open: (ticket: string, protocol: string) => Wire;
  /** A new ticket for whoever is signed in here. Throws a Problem; undefined where nobody is signed in. */
  readonly renew: (wish: Wish) => Promise<string | undefined>;
  /** Whether the hub answers at all. */
  readonly answers: () => Promise<boolean>;
  readonly keep: (kept: Kept | undefined) => void;
  readonly onMessage: (message: InspectFrame | PageMessage) => void;
  readonly after: (delay_ms: number, run: () => void) => () => void;
  /** At least 0, below 1. */
  readonly random: () => number;
};

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
/** A connection that has held this long was a good one; one that is taken and cut at once is no better than a refused one. */
const STEADY_MS = 5_000;
const GONE: ReadonlySet<number> = new Set([INSPECT_CLOSED.rights, INSPECT_CLOSED.gone, INSPECT_CLOSED.replaced]);

/**
 * The page's connection to the hub. Each connection is given the ticket of the next one, so it comes back by itself after a loss; where
 * that ticket is not good any more, whoever is signed in gets a new one.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #listeners = new Set<() => void>();
  #state: LinkState = { kind: 'idle' };
  #session: SessionMessage | undefined;
  #wish: Wish | undefined;
  #ticket: string | undefined;
  #wire: Wire | undefined;
  #tries = 0;
  /** Raised by every start and stop: what was under way before means nothing any more. */
  #era = 0;
  #cancel: (() => void) | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  get state(): LinkState {
    return this.#state;
  }

  /** What the hub said of the last connection. */
  get session(): SessionMessage | undefined {
    return this.#session;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Connects with a ticket; without one a new one is asked for. */
  start(wish: Wish | undefined, ticket?: string): void {
    this.stop();
    this.#wish = wish;
    this.#ticket = ticket;
    this.#tries = 0;
    void this.#connect();
  }

  stop(): void {
    this.#era++;
    this.#cancel?.();
    this.#cancel = undefined;
    const wire = this.#wire;
    this.#wire = undefined;
    wire?.close();
    this.#set({ kind: 'idle' });
  }

  /** Stops, and keeps nothing of what was looked at. */
  forget(): void {
    this.stop();
    this.#session = undefined;
    this.#wish = undefined;
    this.#ticket = undefined;
    this.#options.keep(undefined);
  }

  async #connect(): Promise<void> {
    this.#set({ kind: this.#tries === 0 ? 'connecting' : 'waiting' });
    const era = this.#era;
    const ticket = this.#ticket ?? (await this.#renewed(era));
    if (ticket === undefined || era !== this.#era) return;
    const wire = this.#options.open(ticket, INSPECT_PROTOCOL);
    this.#wire = wire;
    this.#ticket = ticket;
    let opened = false;
    wire.onmessage = ({ data }) => {
      const message = readMessage(data);
      if (message === undefined || this.#wire !== wire) return;
      if (message.type === '@green-lines.session') {
        if (!opened) this.#cancel = this.#options.after(STEADY_MS, () => (this.#tries = 0));
        opened = true;
        this.#begin(message);
      }
      this.#options.onMessage(message);
    };
    wire.onclose = ({ code, reason }) => {
      if (this.#wire !== wire) return;
      this.#wire = undefined;
      void this.#lost(era, opened, code, reason);
    };
  }

  #begin(session: SessionMessage): void {
    const { target, sample, rate, resume } = session;
    this.#session = session;
    this.#wish = { target, rate, ...(sample === 1 ? {} : { sample }) };
    this.#ticket = resume;
    this.#options.keep({ wish: this.#wish, resume });
    this.#set({ kind: 'live' });
  }

  async #lost(era: number, opened: boolean, code: number, reason: string): Promise<void> {
    this.#cancel?.();
    if (GONE.has(code)) return this.#end(reason);
    if (code === INSPECT_CLOSED.over) this.#ticket = undefined;
    // A refused handshake says nothing in a browser: where the hub answers otherwise it was the ticket.
    else if (!opened && (await this.#options.answers())) this.#ticket = undefined;
    if (era !== this.#era) return;
    const most_ms = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#tries++);
    // Pages whose node has died must not come back all at once.
    const wait_ms = most_ms * (1 + this.#options.random()) * 0.5;
    this.#set({ kind: 'waiting' });
    this.#cancel = this.#options.after(wait_ms, () => void this.#connect());
  }

  async #renewed(era: number): Promise<string | undefined> {
    try {
      const ticket = this.#wish === undefined ? undefined : await this.#options.renew(this.#wish);
      if (ticket === undefined && era === this.#era)
        this.#end('The session is over. Sign in, or open the inspector again from the console.');
      return ticket;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (era !== this.#era) return undefined;
      const lasting = error.status >= 400 && error.status < 500 && error.status !== 429;
      if (lasting) this.#end(error.message);
      else void this.#lost(era, true, 0, '');
      return undefined;
    }
  }

  #end(reason: string): void {
    this.#options.keep(undefined);
    this.#set({ kind: 'ended', reason });
  }

  #set(state: LinkState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

/** The hub sends nothing else; whatever stands between might. */
function readMessage(data: unknown): InspectFrame | PageMessage | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    const message: unknown = JSON.parse(data);
    // The hub is of the same release as this page, which it served.
    return isRecord(message) && typeof message['type'] === 'string' ? (message as InspectFrame | PageMessage) : undefined;
  } catch {
    return undefined;
  }
}
