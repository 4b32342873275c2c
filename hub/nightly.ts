import { toLine } from '../actors/journal/finding.ts';
import { retain } from '../actors/journal/retention.ts';
import type { Ports } from '../actors/ports/ports.ts';
import { Refused } from '../actors/store/refused.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** UTC: in most of the world where payments are made, few people work then. */
const AT_HOUR = 3;

export type NightlyOptions = {
  readonly url: string;
  /** After how many days at rest; 0 never. */
  readonly days: number;
  readonly ports: Pick<Ports, 'clock' | 'timers' | 'log'>;
};

/** Moves old contents to the archive once a night. Several nodes may try: the database lets one of them. */
export function startNightly({ url, days, ports }: NightlyOptions): { stop: () => Promise<void> } {
  if (days === 0) return { stop: () => Promise.resolve() };
  const { clock, timers, log } = ports;
  const ending = new AbortController();
  let running: Promise<void> = Promise.resolve();
  const run = async (): Promise<void> => {
    try {
      const { findings, ...moved } = await retain({ url, before: clock.now() - days * DAY_MS, dry: false, signal: ending.signal });
      log.info(moved, 'Contents of actors at rest were moved to the archive');
      for (const finding of findings)
        log.error({ finding: toLine(finding) }, 'A row of the journal does not fit its hash; run npm run verify');
    } catch (error) {
      if (!(error instanceof Refused))
        log.error({ err: error }, 'Contents of actors at rest could not be moved to the archive; it is tried again the next night');
    }
  };
  const cancel = timers.every(HOUR_MS, () => {
    if (new Date(clock.now()).getUTCHours() === AT_HOUR) running = running.then(run);
  });
  return {
    stop: () => {
      cancel();
      ending.abort();
      return running;
    },
  };
}
