import { isRecord } from '../core/problem.ts';
import { unreadable } from './office.ts';
import { exponentOf, isCurrency } from '../../machines/money.ts';

/** What stands in one state in one currency, as the hub adds it up. */
export type MoneyFigure = { readonly state: string; readonly currency: string; readonly count: number; readonly amount_minor: string };

/** One second of a node. */
export type Beat = { readonly at: number; readonly events: number; readonly p50_ms: number | null; readonly p99_ms: number | null };

export type PulseAnswer = {
  readonly node: string;
  readonly waiting: number;
  readonly effects: number;
  readonly actors: number;
  readonly seconds: readonly Beat[];
};

export function readPulse(answer: unknown): PulseAnswer {
  if (isRecord(answer) && Array.isArray(answer['seconds']) && typeof answer['node'] === 'string') return answer as unknown as PulseAnswer;
  throw unreadable();
}

/** Sums may be larger than a number is exact, so the digits are moved and never counted with. */
export function formatSum(minor: string, currency: string): string {
  if (!isCurrency(currency)) return `${minor} minor units of ${currency}`;
  const exponent = exponentOf(currency);
  const negative = minor.startsWith('-');
  const digits = minor.replace('-', '').padStart(exponent + 1, '0');
  const whole = digits.slice(0, digits.length - exponent).replace(/\B(?=(\d{3})+$)/g, ',');
  const fraction = exponent === 0 ? '' : `.${digits.slice(-exponent)}`;
  return `${negative ? '−' : ''}${whole}${fraction} ${currency}`;
}

/** So many seconds are drawn. */
export const SHOWN_S = 180;

/** The beats that are known with those that came, the newest so many of them. */
export function withBeats(known: readonly Beat[], came: readonly Beat[]): readonly Beat[] {
  const last = known.at(-1)?.at ?? 0;
  return [...known, ...came.filter(({ at }) => at > last)].slice(-SHOWN_S);
}

/** The calls of an integration's counting window, which is kept in two halves; undefined where it is none. */
export function callsOf(window: unknown): { readonly calls: number; readonly failed: number } | undefined {
  if (!isRecord(window)) return undefined;
  const halves = [window['now'], window['before']].filter(isRecord);
  const sum = (name: string): number => halves.reduce((total, half) => total + (typeof half[name] === 'number' ? half[name] : 0), 0);
  return halves.length === 2 ? { calls: sum('succeeded') + sum('failed'), failed: sum('failed') } : undefined;
}
