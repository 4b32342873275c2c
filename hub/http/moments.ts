import { z } from 'zod';
import { Fault } from '../../machines/fault.ts';

export const DAY_MS = 86_400_000;

/** A time, or a day of UTC. */
export const moment = z.iso.datetime({ offset: true }).or(z.iso.date());

/** The start of a day where a day is given; epoch milliseconds. */
export function toStart(text: string): number {
  return Date.parse(text);
}

/**
 * The end of a day where a day is given, and of today what has been of it; epoch milliseconds. Throws the fault `invalid` for what is
 * to come: it would be something else each time.
 */
export function toEnd(name: string, text: string | undefined, now: number): number {
  if (text === undefined) return now;
  const start = Date.parse(text);
  if (start > now) throw new Fault('invalid', `\`${name}\` is to come; name a time or a day that has been, or leave it out for now.`);
  return z.iso.date().safeParse(text).success ? Math.min(now, start + DAY_MS - 1) : start;
}
