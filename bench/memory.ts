import { idFromKey } from '../actors/id-from-key.ts';
import { CLERK, act, openStage } from './stage.ts';

/* Memory over a long run: far more actors than the budget holds, sampled from when the budget first fills. */

const PAYMENT = { client: 'acme', payee: 'Bar Supplies Ltd', amount_minor: 2500, currency: 'EUR', reference: 'INV-2026-000123' };
const IN_FLIGHT = 128;

export type MemoryResult = {
  readonly actors: number;
  readonly transitions: number;
  readonly budget_mb: number;
  readonly samples: readonly number[];
  readonly median_mb: number;
  readonly low: number;
  readonly high: number;
};

/** Runs payments to their end until so many actors and transitions have been; RSS in megabytes. */
export async function flatness(
  actors: number,
  transitions: number,
  budget_mb: number,
  tell: (line: string) => void,
): Promise<MemoryResult> {
  const stage = await openStage({ HUB_ACTOR_MB: String(budget_mb) });
  try {
    const { hub } = stage;
    const ends = new Map<string, () => void>();
    let rows = 0;
    hub.runtime.onCommit((committed) => {
      for (const { row, before, after } of committed) {
        if (before !== undefined) rows++;
        if (after.snapshot.hasTag('settled') || after.snapshot.hasTag('final')) {
          ends.get(row.actor)?.();
          ends.delete(row.actor);
        }
      }
    });
    let made = 0;
    const samples: number[] = [];
    let last = 0;
    const sampling = setInterval(() => {
      const { bytes } = hub.runtime.figures();
      const full = bytes > budget_mb * 1024 * 1024 * 0.95;
      const rss = Math.round(process.memoryUsage.rss() / 1e6);
      if (full || samples.length > 0) samples.push(rss);
      if (made - last >= 10_000) {
        last = made;
        tell(`${made} actors, ${rows} transitions, resident ${Math.round(bytes / 1e6)} MB by the budget, RSS ${rss} MB`);
      }
    }, 1000);
    await Promise.all(
      Array.from({ length: IN_FLIGHT }, async () => {
        while (made < actors || rows < transitions) {
          const n = made++;
          const key = `m${n}`;
          const address = `payment/${idFromKey('pay', hub.hub_id, CLERK.id, key)}`;
          // One in three waits for an approval with its timers set; the others come to rest.
          const waits = n % 3 === 0;
          await act(hub, CLERK, address, '@create', waits ? { ...PAYMENT, amount_minor: 250_000 } : PAYMENT, key);
          const end = new Promise<void>((resolve) => void (waits ? resolve() : ends.set(address, resolve)));
          await act(hub, CLERK, address, 'SUBMIT', {});
          await end;
        }
      }),
    );
    clearInterval(sampling);
    const sorted = samples.toSorted((a, b) => a - b);
    const median_mb = sorted[sorted.length >> 1] ?? 0;
    return {
      actors: made,
      transitions: rows,
      budget_mb,
      samples,
      median_mb,
      low: Math.round(((sorted[0] ?? 0) / median_mb) * 1000) / 1000,
      high: Math.round(((sorted.at(-1) ?? 0) / median_mb) * 1000) / 1000,
    };
  } finally {
    await stage.close();
  }
}

export async function run(args: readonly string[]): Promise<void> {
  const [actors = '100000', transitions = '500000', budget = '200'] = args;
  const result = await flatness(Number(actors), Number(transitions), Number(budget), (line) => void process.stdout.write(`${line}\n`));
  const { samples, ...rest } = result;
  process.stdout.write(`${JSON.stringify({ ...rest, samples: samples.length })}\n`);
}
