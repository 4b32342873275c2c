import type { Caller } from '../../actors/caller.ts';
import { Fault } from '../../machines/fault.ts';
import { toAddress } from '../../machines/ids.ts';
import type { KnownDay, RatesContext } from '../../machines/rates-terms.ts';
import { holdingOn, newestDue } from '../../machines/target-days.ts';
import type { Hub } from '../hub.ts';
import { definitionOf, mustSee, readSubject, readSubjectAt, scopeOf } from './reading.ts';
import type { Subject } from '../view.ts';

/** The rates of a source that hold on a day. */
export type RatesOn = {
  readonly actor: string;
  /** The version of the actor that they were read from. */
  readonly known: number;
  readonly asked: string;
  readonly day: KnownDay;
  readonly missed: number;
  readonly stale: boolean;
};

const TYPE = 'rates';
/** More sources than any house has. */
const MOST = 100;

/** The actors that keep rates, or the named one. Throws the fault `not_found` where there is none of that name. */
export async function sourcesOf(hub: Hub, caller: Caller, id: string | undefined): Promise<readonly Subject[]> {
  const definition = definitionOf(hub, TYPE);
  scopeOf(definition, caller);
  if (id !== undefined) {
    const subject = await readSubject(hub, definition, toAddress(TYPE, id));
    if (subject === undefined) throw new Fault('not_found', `There is no source of rates ${id}.`);
    return [mustSee(subject, caller).subject];
  }
  const rows = await hub.store.list({ type: TYPE, sort: 'address', descending: false, limit: MOST });
  const subjects = await Promise.all(rows.map(({ address }) => readSubject(hub, definition, address)));
  return subjects.filter((subject) => subject !== undefined);
}

/**
 * What holds on this day, as it is known now; where the actor holds that day no more, as it was known last. Undefined before every day that was
 * ever known, and where the journal does not have it any more.
 */
export async function findRates(hub: Hub, newest: Subject, asked: string): Promise<RatesOn | undefined> {
  const due = newestDue(hub.ports.clock.now());
  const held = holdsBack(newest, asked) ? newest : await lastHolding(hub, newest, asked);
  return held === undefined ? undefined : holdingIn(held, asked, due);
}

/** The last version that held the day. The oldest day of an actor only moves on, so every version before that reached back as far or held none yet. */
async function lastHolding(hub: Hub, { address, definition, envelope }: Subject, asked: string): Promise<Subject | undefined> {
  let found: Subject | undefined;
  let [first, last] = [1, envelope.version - 1];
  while (first <= last) {
    const version = Math.floor((first + last) / 2);
    const subject = await readSubjectAt(hub, definition, address, { version });
    if (subject === undefined || holdsBack(subject, asked)) {
      found = subject;
      first = version + 1;
    } else last = version - 1;
  }
  return found;
}

/** Whether its days, if it has any, reach back to this one. */
function holdsBack({ envelope }: Subject, asked: string): boolean {
  const [oldest] = (envelope.snapshot.context as RatesContext).days;
  return oldest === undefined || oldest.date <= asked;
}

function holdingIn({ address, envelope }: Subject, asked: string, due: string): RatesOn | undefined {
  const { days, stale_after_days } = envelope.snapshot.context as RatesContext;
  const holding = holdingOn(days, asked, due);
  if (holding === undefined) return undefined;
  const { missed } = holding;
  const day = days.find(({ date }) => date === holding.day.date);
  if (day === undefined) return undefined;
  return { actor: address, known: envelope.version, asked, day, missed, stale: missed > stale_after_days };
}
