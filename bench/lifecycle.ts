import type { OrderEvent, OrderInput } from './order.ts';

/*
 * The work that every contender of bench/peers does: workers, each in a closed loop, create one order and take it through
 * five transitions one after another, each awaited until it is durable and acknowledged, and then begin the next.
 */

/** One system under test, as the driver sees it. */
export type Contender = {
  /** Makes an order, acknowledged when durable. Returns its id and the hash that is to be approved. */
  readonly create: (key: string, input: OrderInput) => Promise<{ readonly id: string; readonly hash: string }>;
  /** Sends one event and returns the state that the order is in then, when that is durable. A repeated `event_id` takes effect once. */
  readonly send: (id: string, event: OrderEvent & { readonly by: string }, event_id: string) => Promise<string>;
};

export type Job = { readonly conc: number; readonly seconds: number; readonly warmup_ms: number; readonly databaseUrl: string };
export type Result = { readonly rows_per_s: number; readonly p50_ms: number; readonly p99_ms: number; readonly creates: number };

export const ORDER: OrderInput = {
  client: 'acme',
  payee: 'Bar Supplies Ltd',
  amount_minor: 250_000,
  currency: 'EUR',
  reference: 'INV-2026-000123',
};

/** The five events of a life, each with the state that it leads to. */
export function lifeOf(n: number, hash: string): readonly (readonly [OrderEvent & { by: string }, state: string])[] {
  return [
    [{ type: 'SUBMIT', by: 'clerk' }, 'submitted'],
    [{ type: 'APPROVE', hash, by: 'approver' }, 'approved'],
    [{ type: 'AUTHORIZE', gateway_reference: `ch_${n}`, authorized_minor: ORDER.amount_minor, by: 'clerk' }, 'authorized'],
    [{ type: 'CAPTURE', amount_minor: ORDER.amount_minor, by: 'clerk' }, 'captured'],
    [{ type: 'SETTLE', statement: `st_${n}`, by: 'clerk' }, 'settled'],
  ];
}

/** Drives a contender; only what was acknowledged within the window counts, and creations are extra. */
export async function drive(
  contender: Contender,
  { conc, seconds, warmup_ms }: Pick<Job, 'conc' | 'seconds' | 'warmup_ms'>,
  run_id: string,
  window: { readonly began?: () => void; readonly ended?: () => void } = {},
): Promise<Result> {
  const from = performance.now() + warmup_ms;
  const to = from + seconds * 1000;
  const latency: number[] = [];
  let creates = 0;
  let made = 0;
  const timers = [setTimeout(() => window.began?.(), warmup_ms), setTimeout(() => window.ended?.(), warmup_ms + seconds * 1000)];
  const life = async (): Promise<void> => {
    const n = made++;
    const { id, hash } = await contender.create(`${run_id}-${n}`, ORDER);
    creates++;
    for (const [event, state] of lifeOf(n, hash)) {
      const began = performance.now();
      const reached = await contender.send(id, event, `${run_id}-${n}-${event.type}`);
      const ended = performance.now();
      if (reached !== state) throw new Error(`An order is ${reached} after ${event.type}, not ${state}`);
      if (ended >= from && ended <= to) latency.push(ended - began);
    }
  };
  const workers = Array.from({ length: conc }, async () => {
    while (performance.now() < to) await life();
  });
  try {
    await Promise.all(workers);
  } finally {
    timers.forEach(clearTimeout);
  }
  latency.sort((a, b) => a - b);
  return { rows_per_s: Math.round(latency.length / seconds), p50_ms: quantile(latency, 0.5), p99_ms: quantile(latency, 0.99), creates };
}

/** Of sorted values, rounded to microseconds. */
export function quantile(sorted: readonly number[], part: number): number {
  return Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0) * 1000) / 1000;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
