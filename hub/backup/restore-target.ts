import { Refused } from '../../actors/store/refused.ts';

export type RestoreTarget = { readonly at: Date } | { readonly row: { readonly partition: number; readonly seq: number } } | undefined;

/** Reads how far an operator wants to restore: a moment, a row of the journal as PARTITION:SEQ, or all there is. `now` is epoch ms. */
export function readTarget(at: string | undefined, row: string | undefined, now: number): RestoreTarget {
  if (at !== undefined && row !== undefined) throw new Refused('Either --at or --to-seq, not both.');
  if (at !== undefined) {
    // Without a zone it would be this machine's, which is seldom the one of whoever reads a clock at three in the morning.
    if (!/(Z|[+-]\d\d:?\d\d)$/.test(at) || Number.isNaN(Date.parse(at)))
      throw new Refused(`--at takes a moment with its zone, as 2026-11-22T03:04:05Z or 2026-11-22T04:04:05+01:00, not ${at}`);
    const moment = new Date(at);
    if (moment.getTime() > now) throw new Refused(`--at ${at} has not come yet.`);
    return { at: moment };
  }
  if (row === undefined) return undefined;
  const [, partition, seq] = /^(\d+):(\d+)$/.exec(row) ?? [];
  if (partition === undefined) throw new Refused(`--to-seq takes PARTITION:SEQ, as 17:4711, not ${row}`);
  return { row: { partition: Number(partition), seq: Number(seq) } };
}
