import { USUAL, stalledOnHub, stalledOnSocketIo } from '../../bench/stalled.ts';
import type { Proof } from './prove.ts';

/** What a client that stops reading may cost: bytes kept for it, how long it stays, and what the others notice of it. */
const MOST = { queued_kib_each: 256, left_after_s: 15, times_p99: 1.5 };
/** What one costs stock Socket.IO for the same changes, to know what is being kept from happening. */
const STOCK_MB = 200;

/** A thousand clients that stop reading while what they follow goes on changing; and one on stock Socket.IO beside it. */
export async function stalled(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const given = { ...USUAL, stalled: Number(args[0] ?? USUAL.stalled), changes: Number(args[1] ?? USUAL.changes) };
  const hub = await stalledOnHub(given, tell);
  const stock_mb = await stalledOnSocketIo(given, tell);
  const held =
    hub.queued_kib_each <= MOST.queued_kib_each &&
    hub.rss_growth_kib_each <= MOST.queued_kib_each &&
    hub.left_after_s !== undefined &&
    hub.left_after_s <= MOST.left_after_s &&
    hub.times_p99 <= MOST.times_p99 &&
    hub.readers_left === given.readers &&
    stock_mb > STOCK_MB;
  return { held, figures: { ...given, ...hub, stock_growth_mb: stock_mb, most: MOST } };
}
