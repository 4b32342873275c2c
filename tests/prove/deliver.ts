import { HEADER, compare, format } from '../../bench/deliver.ts';
import { doorRow } from '../../bench/doors.ts';
import { openStage } from '../../bench/stage.ts';
import type { Proof } from './prove.ts';

/** At least so many times the plain transaction, by payments in flight. */
const FLOORS: Readonly<Record<number, number>> = { 64: 1.2, 256: 1.6 };
/** Payments to the full chart, with their accounts and postings, commit at most 30 % fewer rows a second than those from no account. */
const FROM_ACCOUNTS = 0.7;

/** The hub with all that it runs beside the plain transaction: the median of five alternating runs. */
export async function deliver(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const rounds = Number(args[0] ?? 5);
  const seconds = Number(args[1] ?? 3);
  const stage = await openStage();
  try {
    tell(HEADER);
    const figures: Record<string, unknown> = {};
    let held = true;
    for (const conc of [64, 256, 16, 1]) {
      const compared = await compare(stage, conc, rounds, seconds, tell);
      figures[`in_flight_${conc}`] = compared;
      held &&= compared.ratio >= (FLOORS[conc] ?? 0) && (conc < 64 || compared.from_accounts >= FROM_ACCOUNTS);
      tell(
        `${conc} in flight: ${compared.ratio.toFixed(2)} times the plain transaction, from accounts ${compared.from_accounts.toFixed(2)}`,
      );
    }
    for (const door of ['rest', 'socket'] as const) {
      const row = await doorRow(stage, door, 64, seconds);
      figures[door] = row;
      tell(format(row));
    }
    return { held, figures };
  } finally {
    await stage.close();
  }
}
