import { drive } from '../lifecycle.ts';
import type { Contender, Job, Result } from '../lifecycle.ts';

/** What a peer's process tells the run, in this order. */
export type Told = { readonly at: 'began' } | { readonly at: 'ended' } | { readonly at: 'result'; readonly result: Result };

/** Runs one round of a peer in this process: the job comes from the run, and so do the moments at which it looks at the CPU. */
export function contend(open: (job: Job) => Promise<Contender & { readonly close: () => Promise<void> }>): void {
  const tell = (told: Told): void => void process.send?.(told);
  process.once('message', (message) => {
    const job = message as Job;
    round(job, open, tell).then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
        process.exit(1);
      },
    );
  });
}

async function round(job: Job, open: Parameters<typeof contend>[0], tell: (told: Told) => void): Promise<void> {
  const contender = await open(job);
  try {
    const window = { began: () => tell({ at: 'began' }), ended: () => tell({ at: 'ended' }) };
    const result = await drive(contender, job, `p${process.pid}`, window);
    await new Promise<void>((resolve) => void process.send?.({ at: 'result', result } satisfies Told, () => resolve()));
  } finally {
    await contender.close();
  }
}
