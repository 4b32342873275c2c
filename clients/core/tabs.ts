import type { Clock } from './clock.ts';

export type Channel = { readonly post: (message: unknown) => void; readonly close: () => void };

/** The other tabs of the same browser: who of them leads, and a way to tell them something. */
export type Tabs = {
  /**
   * Begins to lead under a name as soon as no other tab does; `lead` returns what ends it. The result gives up leading, or waiting
   * for it. Two may lead for a moment where there are no locks: whatever a leader does must bear that.
   */
  readonly lead: (name: string, lead: () => () => void) => () => void;
  /** What is posted is heard in all other tabs, and not in this one. */
  readonly channel: (name: string, hear: (message: unknown) => void) => Channel;
};

/** Where there are no others: a process of Node. */
export const loneTab: Tabs = {
  lead: (_name, lead) => lead(),
  channel: () => ({ post: () => undefined, close: () => undefined }),
};

/** The tabs of a browser, by Web Locks and BroadcastChannel, or by what it has of them. */
export function browserTabs(clock: Clock): Tabs {
  // Locks exist only where the page came over a safe way.
  const locks = 'locks' in navigator ? (navigator.locks as LockManager | undefined) : undefined;
  const channel = typeof BroadcastChannel === 'undefined' ? loneTab.channel : openChannel;
  return { channel, lead: locks === undefined ? beatingLead(clock, channel) : (name, lead) => lockLead(locks, name, lead) };
}

function openChannel(name: string, hear: (message: unknown) => void): Channel {
  const channel = new BroadcastChannel(name);
  channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => hear(data));
  return { post: (message) => channel.postMessage(message), close: () => channel.close() };
}

function lockLead(locks: LockManager, name: string, lead: () => () => void): () => void {
  const waiting = new AbortController();
  const { promise: over, resolve } = Promise.withResolvers<void>();
  let end = (): void => undefined;
  const held = locks.request(name, { signal: waiting.signal }, async () => {
    if (waiting.signal.aborted) return;
    end = lead();
    await over;
  });
  // It was given up while it waited.
  held.catch(() => undefined);
  return () => {
    waiting.abort();
    end();
    end = () => undefined;
    resolve();
  };
}

const BEAT_MS = 1_000;
/** A leader that has been silent for so long is gone, or so throttled that another one does better. */
const SILENCE_MS = 4_000;

type Beat = { readonly term: number; readonly who: string };

/**
 * Without locks the leader says every second that it leads, and another follows when it does not hear that any more. Of two who lead the
 * one who began later goes on; ids decide between two who began at once.
 */
export function beatingLead(clock: Clock, open: Tabs['channel']): Tabs['lead'] {
  return (name, lead) => {
    const who = String(clock.random());
    let leading: { readonly beat: Beat; readonly end: () => void } | undefined;
    let last: Beat = { term: 0, who: '' };
    let cancel = (): void => undefined;
    const channel = open(`${name}.lead`, (message) => {
      const beat = message as Beat;
      if (leading !== undefined && !isAbove(beat, leading.beat)) return channel.post(leading.beat);
      last = beat;
      leading?.end();
      leading = undefined;
      wait();
    });
    const wait = (silence_ms = SILENCE_MS): void => {
      cancel();
      cancel = clock.after(silence_ms * (1 + clock.random() / 4), () => {
        leading = { beat: { term: last.term + 1, who }, end: lead() };
        beat();
      });
    };
    const beat = (): void => {
      if (leading === undefined) return;
      channel.post(leading.beat);
      cancel();
      cancel = clock.after(BEAT_MS, beat);
    };
    wait(1.5 * BEAT_MS);
    return () => {
      cancel();
      leading?.end();
      leading = undefined;
      channel.close();
    };
  };
}

function isAbove(one: Beat, other: Beat): boolean {
  return one.term !== other.term ? one.term > other.term : one.who > other.who;
}
