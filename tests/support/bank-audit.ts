import { typeOf } from '../../machines/ids.ts';
import type { Asked, StoredEnvelope } from '../../actors/envelope.ts';
import { CURRENCY, IN_TRANSIT } from './bank-machine.ts';

/** A row of the journal with the legs that the ledger has of it. */
export type AuditedRow = {
  readonly actor: string;
  readonly version: number;
  readonly event_id: string;
  readonly event: string;
  readonly causation: string;
  readonly envelope: string;
  readonly asked: string;
  readonly legs: readonly AuditedLeg[];
};
export type AuditedLeg = {
  readonly i: number;
  readonly leg: number;
  readonly account: string;
  readonly currency: string;
  readonly amount_minor: number;
};

type Body = { readonly type: string; readonly amount_minor: number; readonly transfer: string; readonly sent?: Omit<Body, 'type'> };
type Holding = { version: number; posted: number; balance: number; in_flight: number; in_flight_minor: number };
/** What became of a transfer: sent by this row; credited or reversed by so many. */
export type Course = { readonly from: string; readonly version: number; readonly amount_minor: number; ends: number };
/** One credit or reversal, and the row that it says has ordered it. */
type End = { readonly transfer: string; readonly amount_minor: number; readonly causation: string; readonly at: string };

const KINDS = ['TRANSFER', 'CREDIT', 'CREDITED', 'tell.refused'] as const;
export type Kind = (typeof KINDS)[number];

/**
 * Reads the accounts' rows, each actor's in the order of its versions, and holds the ledger to the machine at every one of them:
 * the legs of a row are those that its step asked for, they move what its event moves, and all of them so far add up to the
 * balance in its envelope. What is in transit is counted from the events alone, so that neither side can hide what the other lost.
 */
export class BankAudit {
  readonly counts: Record<Kind, number> = { TRANSFER: 0, CREDIT: 0, CREDITED: 0, 'tell.refused': 0 };
  readonly faults: string[] = [];
  readonly courses = new Map<string, Course>();
  readonly #holdings = new Map<string, Holding>();
  /** Credits and reversals that were read before their transfer: another actor's rows, read later. */
  readonly #early = new Map<string, readonly End[]>();
  #in_transit = 0;
  #in_transit_posted = 0;
  rows = 0;

  take(row: AuditedRow): void {
    if (typeOf(row.actor) !== 'purse') return;
    this.rows++;
    const event = JSON.parse(row.event) as Body;
    const holding = this.#holdings.get(row.actor) ?? { version: 0, posted: 0, balance: 0, in_flight: 0, in_flight_minor: 0 };
    this.#holdings.set(row.actor, holding);
    const at = `${row.actor}@${row.version}`;
    if (row.version !== holding.version + 1) this.#fault(`${at} follows version ${holding.version}`);
    holding.version = row.version;
    this.#countEvent(row, event, at);
    this.#checkLegs(row, event, at);
    for (const { account, amount_minor } of row.legs) {
      if (account === row.actor) holding.posted += amount_minor;
      else if (account === IN_TRANSIT) this.#in_transit_posted += amount_minor;
      else this.#fault(`${at} posted to ${account}`);
    }
    const { context } = (JSON.parse(row.envelope) as StoredEnvelope).snapshot;
    holding.balance = Number(context['balance']);
    holding.in_flight = Number(context['in_flight']);
    holding.in_flight_minor = Number(context['in_flight_minor']);
    if (holding.balance !== holding.posted) this.#fault(`${at} has ${holding.balance} and was posted ${holding.posted}`);
    if (this.#in_transit !== this.#in_transit_posted) {
      this.#fault(`${at}: by the events ${this.#in_transit} is in transit, by the ledger ${this.#in_transit_posted}`);
      this.#in_transit_posted = this.#in_transit;
    }
  }

  /** What holds of everything at one moment: a snapshot in which all that was committed by then has been taken. */
  atOnce(): string[] {
    const found: string[] = [];
    let balances = 0;
    for (const { balance } of this.#holdings.values()) balances += balance;
    if (balances + this.#in_transit !== 0)
      found.push(`${balances} in accounts and ${this.#in_transit} in transit do not add up to nothing`);
    if (this.#in_transit < 0) found.push(`${this.#in_transit} in transit: something arrived that nobody had sent`);
    for (const [transfer, ends] of this.#early) found.push(`${transfer} ended ${ends.length} times and was never sent`);
    return found;
  }

  /** What holds when nothing is under way any more. */
  atTheEnd(): string[] {
    const found = this.atOnce();
    if (this.#in_transit !== 0) found.push(`${this.#in_transit} is still in transit`);
    for (const [actor, { in_flight, in_flight_minor }] of this.#holdings) {
      if (in_flight !== 0 || in_flight_minor !== 0) found.push(`${actor} still has ${in_flight} transfers of ${in_flight_minor} under way`);
    }
    for (const [transfer, { ends }] of this.courses) if (ends !== 1) found.push(`${transfer} was credited or reversed ${ends} times`);
    return found;
  }

  get balances(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#holdings].map(([actor, { balance }]) => [actor, balance]));
  }

  get in_transit(): number {
    return this.#in_transit;
  }

  versionOf(actor: string): number {
    return this.#holdings.get(actor)?.version ?? 0;
  }

  #countEvent(row: AuditedRow, event: Body, at: string): void {
    const kind = KINDS.find((name) => name === event.type);
    if (kind === undefined) return;
    this.counts[kind]++;
    if (kind === 'TRANSFER') {
      const { transfer, amount_minor } = event;
      if (this.courses.has(transfer)) this.#fault(`${at} sends ${transfer} again`);
      const course = { from: row.actor, version: row.version, amount_minor, ends: 0 };
      this.courses.set(transfer, course);
      for (const end of this.#early.get(transfer) ?? []) this.#end(course, end);
      this.#early.delete(transfer);
      this.#in_transit += amount_minor;
      return;
    }
    if (kind === 'CREDITED') return;
    const { transfer, amount_minor } = kind === 'CREDIT' ? event : (event.sent ?? event);
    this.#in_transit -= amount_minor;
    const end = { transfer, amount_minor, causation: row.causation, at };
    const course = this.courses.get(transfer);
    if (course === undefined) this.#early.set(transfer, [...(this.#early.get(transfer) ?? []), end]);
    else this.#end(course, end);
  }

  #end(course: Course, { transfer, amount_minor, causation, at }: End): void {
    course.ends++;
    if (course.ends > 1) this.#fault(`${at} ends ${transfer} for the ${course.ends}th time`);
    if (course.amount_minor !== amount_minor) this.#fault(`${at} ends ${transfer} with ${amount_minor} instead of ${course.amount_minor}`);
    if (causation !== `${course.from}@${course.version}`) this.#fault(`${at} ends ${transfer} by order of ${causation}`);
  }

  /** The ledger has what the journal says, and that is what the event moves. */
  #checkLegs(row: AuditedRow, event: Body, at: string): void {
    const asked = row.asked === '' ? [] : ((JSON.parse(row.asked) as Asked).postings ?? []);
    const named = asked.flatMap(({ i, legs }) => legs.map((leg, index) => ({ i, leg: index, ...leg })));
    const text = (legs: readonly AuditedLeg[]): string =>
      legs.map(({ i, leg, account, currency, amount_minor }) => `${i}.${leg} ${account} ${amount_minor} ${currency}`).join(', ');
    if (text(named) !== text(row.legs)) this.#fault(`${at}: the journal has ${text(named)}, the ledger ${text(row.legs)}`);
    const moves = { TRANSFER: -event.amount_minor, CREDIT: event.amount_minor, 'tell.refused': event.sent?.amount_minor ?? 0 } as const;
    const moved = event.type in moves ? moves[event.type as keyof typeof moves] : 0;
    const legs = moved === 0 ? '' : [`${row.actor} ${moved} ${CURRENCY}`, `${IN_TRANSIT} ${-moved} ${CURRENCY}`].sort().join(', ');
    const posted = row.legs.map(({ account, amount_minor, currency }) => `${account} ${amount_minor} ${currency}`).sort();
    if (posted.join(', ') !== legs) this.#fault(`${at}: ${event.type} posted ${posted.join(', ')} instead of ${legs}`);
  }

  #fault(text: string): void {
    // One fault makes many rows wrong; the first ones tell which it was.
    if (this.faults.length < 50) this.faults.push(text);
  }
}
