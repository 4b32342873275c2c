import type { WebSocket } from 'ws';

/** The way to one inspector. */
export type Line = {
  send(text: string): void;
  /** Whether more may be put on the way. */
  hasRoom(): boolean;
  /** Resolves when there is room again, or nobody is there any more. */
  room(): Promise<void>;
};

/** Bytes on the way to somebody who does not take them: nothing is added above the first, and again from the second down. */
const FULL = 256 * 1024;
const ROOMY = 64 * 1024;

/** What `bufferedAmount` counts are bytes that the operating system has not taken. */
export function openLine(socket: WebSocket): Line {
  let waiting: (() => void)[] = [];
  const release = (): void => {
    if (socket.readyState === socket.OPEN && socket.bufferedAmount > ROOMY) return;
    const released = waiting;
    waiting = [];
    for (const resolve of released) resolve();
  };
  socket.on('close', release);
  return {
    send: (text) => {
      if (socket.readyState === socket.OPEN) socket.send(text, release);
    },
    hasRoom: () => socket.bufferedAmount <= FULL,
    room: () => new Promise((resolve) => waiting.push(resolve)),
  };
}
