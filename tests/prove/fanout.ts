import { CASES, compare } from '../../bench/fanout.ts';
import type { Proof } from './prove.ts';

const ROUNDS = 5;
const SECONDS = 4;
/** Beside bare WebSockets that send the same bytes, beside stock Socket.IO, and the latter where eight states of an actor are merged into one frame. */
const LEAST = { ws: 0.9, socketIo: 1.2, merged: 8 };

/** One actor's patch to a thousand and to five thousand ordinary Socket.IO clients, in turns with stock Socket.IO and bare WebSockets. */
export async function fanout(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const rounds = Number(args[0] ?? ROUNDS);
  const seconds = Number(args[1] ?? SECONDS);
  const cases = [];
  for (const one of CASES) cases.push(await compare(one, rounds, seconds, tell));
  // What eight actors in one message come to is told beside it.
  const held = cases.every(({ actors, states, times_ws, times_socket_io }) => {
    if (actors > 1) return true;
    return states === 1 ? times_ws >= LEAST.ws && times_socket_io >= LEAST.socketIo : times_socket_io >= LEAST.merged;
  });
  return { held, figures: { rounds, seconds, least: LEAST, cases } };
}
