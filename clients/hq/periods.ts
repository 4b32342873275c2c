import { dayOf, endOf, GRACE_MS, monthBefore, monthOf } from '../../machines/month.ts';
import type { Figures, Trouble } from '../../machines/period-terms.ts';
import { sentenceFor } from '../../machines/fault.ts';
import { isRecord } from '../core/problem.ts';
import { texts } from './texts-periods.ts';

/* The periods of the ledger as the console shows them. */

/** The months from the oldest period to the present one, the newest first; where there is none yet, the present one and the one before. */
export function monthsFrom(known: readonly string[], now: number): readonly string[] {
  const present = monthOf(now);
  const oldest = known.reduce((least, month) => (month < least ? month : least), monthBefore(present));
  const newest = known.reduce((most, month) => (month > most ? month : most), present);
  const months: string[] = [];
  for (let month = newest; month >= oldest; month = monthBefore(month)) months.push(month);
  return months;
}

/** Whether it can be closed by now, as far as the calendar goes. */
export function isOver(month: string, now: number): boolean {
  return now > endOf(month) + GRACE_MS;
}

/** `2026-10` → `October 2026`, in the words of the reader. */
export function monthName(month: string): string {
  return new Date(`${month}-01`).toLocaleDateString(undefined, { month: 'long', year: 'numeric', timeZone: 'UTC' });
}

/** The figures of a context; undefined while there are none, or where they are not as this console knows them. */
export function figuresIn(context: Readonly<Record<string, unknown>>): Figures | undefined {
  const { figures } = context;
  return isRecord(figures) && Array.isArray(figures['totals']) && Array.isArray(figures['gains']) ? (figures as Figures) : undefined;
}

export function reasonsIn({ reasons }: Readonly<Record<string, unknown>>): readonly Trouble[] {
  return Array.isArray(reasons) ? (reasons as readonly Trouble[]) : [];
}

/** Why it could not be closed, as a person understands it. */
export function toSentence({ code, detail }: Trouble): string {
  const said = texts.reasons[code] ?? sentenceFor(code);
  return detail === null ? said : `${said} (${detail})`;
}

/** Who did something, of a field that holds `by`. */
export function byIn(value: unknown): string | undefined {
  return isRecord(value) && typeof value['by'] === 'string' ? value['by'] : undefined;
}

/** The trial balance at the end of the month, as the period knew it. */
export function toTrialOf({ month, known }: Figures): Record<string, string> {
  return { at: dayOf(endOf(month)), known: new Date(known).toISOString() };
}

/** The statement of an account over the month. */
export function toStatementOf({ month, known }: Figures, account: string, currency: string): Record<string, string> {
  return { account, currency, from: `${month}-01`, to: dayOf(endOf(month)), known: new Date(known).toISOString() };
}
