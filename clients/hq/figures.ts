import { isRecord } from '../core/problem.ts';
import { unreadable } from './office.ts';
import { isCurrency } from '../../machines/money.ts';
import { formatMoney } from '../core/format.ts';

/** What stands in one state in one currency, as the hub adds it up. */
export type MoneyFigure = { readonly state: string; readonly currency: string; readonly count: number; readonly amount_minor: string };

/** One second of the hub: sums over its nodes, and the times of the slowest one. */
export type Beat = { readonly at: number; readonly events: number; readonly p50_ms: number | null; readonly p99_ms: number | null };

export type NodeFigures = {
  readonly waiting: number;
  readonly effects: number;
  readonly actors: number;
  readonly events_per_s: number;
  readonly p99_ms: number | null;
};

/** A node of the hub, without figures where it does not answer. */
export type NodePulse = { readonly id: string; readonly figures: NodeFigures | null };

export type PulseAnswer = { readonly nodes: readonly NodePulse[]; readonly seconds: readonly Beat[] };

export function readPulse(answer: unknown): PulseAnswer {
  if (isRecord(answer) && Array.isArray(answer['seconds']) && Array.isArray(answer['nodes'])) return answer as unknown as PulseAnswer;
  throw unreadable();
}

/** What the nodes that answer come to together: sums, and of the times the longest. */
export function addNodes(nodes: readonly NodePulse[]): NodeFigures {
  const told = nodes.flatMap(({ figures }) => figures ?? []);
  const sum = (of: (figures: NodeFigures) => number): number => told.reduce((total, figures) => total + of(figures), 0);
  const took_ms = told.flatMap(({ p99_ms }) => p99_ms ?? []);
  return {
    waiting: sum(({ waiting }) => waiting),
    effects: sum(({ effects }) => effects),
    actors: sum(({ actors }) => actors),
    events_per_s: sum(({ events_per_s }) => events_per_s),
    p99_ms: took_ms.length === 0 ? null : Math.max(...took_ms),
  };
}

/** Sums may be larger than a number is exact, so the digits are moved and never counted with. */
export function formatSum(minor: string, currency: string): string {
  if (!isCurrency(currency)) return `${minor} minor units of ${currency}`;
  return formatMoney(BigInt(minor), currency);
}

/** So many seconds are drawn. */
export const SHOWN_S = 180;
/** The newest seconds are asked for again: a node that answered late has told its share of them meanwhile. */
const AGAIN_S = 10;

/** Behind which second the hub is to be asked. */
export function sinceOf(known: readonly Beat[]): number {
  return Math.max(0, (known.at(-1)?.at ?? 0) - AGAIN_S);
}

/** The beats that are known with those that came in their places, the newest so many of them. */
export function withBeats(known: readonly Beat[], came: readonly Beat[]): readonly Beat[] {
  const first = came[0]?.at ?? Infinity;
  return [...known.filter(({ at }) => at < first), ...came].slice(-SHOWN_S);
}

/** The calls of an integration's counting window, which is kept in two halves; undefined where it is none. */
export function callsOf(window: unknown): { readonly calls: number; readonly failed: number } | undefined {
  if (!isRecord(window)) return undefined;
  const halves = [window['now'], window['before']].filter(isRecord);
  const sum = (name: string): number => halves.reduce((total, half) => total + (typeof half[name] === 'number' ? half[name] : 0), 0);
  return halves.length === 2 ? { calls: sum('succeeded') + sum('failed'), failed: sum('failed') } : undefined;
}
