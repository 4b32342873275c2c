import { isDeepStrictEqual } from 'node:util';
import { chainHash } from '../../actors/chain.ts';
import type { JournalRow } from '../../actors/store/store.ts';
import { isRecorded } from './history.ts';
import type { Operation } from './history.ts';

/** A promise that was broken: which one of the eleven, and how it shows. */
export type Violation = { readonly invariant: `I${number}`; readonly what: string };

export type Row = Pick<JournalRow, 'actor' | 'version' | 'event_id'>;
export type RefusalFact = { readonly actor: string; readonly event_id: string; readonly reason: string };

/** The newest committed state of a payment, as its envelope has it. */
export type PaymentFact = {
  readonly id: string;
  readonly state: string;
  readonly captured_minor: number;
  readonly refunded_minor: number;
};

/** What the gateway says that it was asked and did, from its own journal. */
export type ChargeFact = {
  readonly seq: number;
  readonly payment: string;
  readonly operation: string;
  readonly outcome: string;
  readonly amount_minor: number;
};

/** Rows of one partition that one statement wrote: under which epoch, for whom the fence held, and who wrote them. */
export type WriteFact = {
  readonly partition: number;
  readonly first: number;
  readonly last: number;
  readonly epoch: number;
  readonly owner: string | null;
  readonly writer: string;
};

export type LegFact = {
  readonly actor: string;
  readonly version: number;
  readonly i: number;
  readonly currency: string;
  readonly sum: number;
};

/** A client's copy of an actor, and what the hub shows that client. */
export type CopyFact = {
  readonly who: string;
  readonly topic: string;
  readonly copy: object | undefined;
  readonly shown: object | undefined;
};

export type ProgressFact = {
  readonly partition: number;
  readonly head: number;
  readonly published: number;
  readonly cursor: number;
  readonly stream: string;
};

/** I1: what was acknowledged is there once, with the version that was told; what was refused is not; what is unknown, at most once. */
export function checkAcknowledged(operations: readonly Operation[], rows: readonly Row[], refusals: readonly RefusalFact[]): Violation[] {
  const versions = new Map<string, number[]>();
  for (const { actor, event_id, version } of rows)
    versions.set(key(actor, event_id), [...(versions.get(key(actor, event_id)) ?? []), version]);
  const reasons = new Map(refusals.map(({ actor, event_id, reason }) => [key(actor, event_id), reason]));
  return operations.flatMap((operation) => {
    const { address, event_id, type, version, code, contradiction } = operation;
    const found = versions.get(key(address, event_id)) ?? [];
    const refused = reasons.get(key(address, event_id));
    const wrong: Violation[] = [];
    const say = (what: string): void => void wrong.push({ invariant: 'I1', what: `${tell(operation)}: ${what}` });
    if (contradiction !== '') say(`was answered ${contradiction}`);
    if (found.length > 1) say(`has rows ${found.join(' and ')}`);
    if (found.length > 0 && refused !== undefined) say(`has row ${found.join()} and was refused (${refused})`);
    if (type === 'ok' && found.length === 0) say('was acknowledged and is not in the journal');
    if (type === 'ok' && found.length === 1 && found[0] !== version) say(`was told version ${version} and has row ${found[0]}`);
    if (type === 'fail' && found.length > 0) say(`was refused (${code}) and has row ${found.join()}`);
    if (isRecorded(operation) && refused !== undefined && refused !== code)
      say(`was refused for ${code} and is written down as ${refused}`);
    return wrong;
  });
}

/** I2: money moved at most once for what it was meant for, and exactly once for every payment that says so. */
export function checkMoney(payments: readonly PaymentFact[], charges: readonly ChargeFact[]): Violation[] {
  const done = new Map<string, ChargeFact[]>();
  for (const charge of charges) {
    if (charge.outcome === 'done') done.set(charge.payment, [...(done.get(charge.payment) ?? []), charge]);
  }
  const wrong: Violation[] = [];
  for (const { id, state, captured_minor, refunded_minor } of payments) {
    const of = (operation: string): readonly ChargeFact[] => (done.get(id) ?? []).filter((charge) => charge.operation === operation);
    const [captures, voids, holds] = [of('capture'), of('void'), of('authorize')];
    const say = (what: string): void => void wrong.push({ invariant: 'I2', what: `payment/${id} (${state}) ${what}` });
    if (captures.length > 1) say(`was captured ${captures.length} times`);
    if (isSettled(state) && captures.length === 0) say('is settled and was never captured');
    if (isEnded(state) && !isSettled(state) && captures.length > 0) say('ended otherwise and was captured');
    if (isEnded(state) && sum(captures) !== captured_minor) say(`has ${captured_minor} captured and the gateway ${sum(captures)}`);
    if (isEnded(state) && sum(of('refund')) !== refunded_minor) say(`has ${refunded_minor} refunded and the gateway ${sum(of('refund'))}`);
    if (isEnded(state) && holds.length !== captures.length + voids.length)
      say(`was authorized ${holds.length} times, captured ${captures.length} and voided ${voids.length}`);
  }
  return wrong;
}

/** I3: each actor's versions are 1, 2, 3 …; and what was asked for after another thing was acknowledged comes after it. */
export function checkOrder(operations: readonly Operation[], rows: readonly Row[]): Violation[] {
  const wrong: Violation[] = [];
  for (const [actor, versions] of groupBy(rows, ({ actor }) => actor)) {
    const sorted = versions.map(({ version }) => version).toSorted((a, b) => a - b);
    const at = sorted.findIndex((version, index) => version !== index + 1);
    if (at >= 0) wrong.push({ invariant: 'I3', what: `${actor} has version ${sorted[at]} where ${at + 1} belongs` });
  }
  const known = operations.filter(({ type }) => type === 'ok');
  for (const [, of] of groupBy(known, ({ address }) => address)) {
    const byEnd = of.toSorted((a, b) => a.completed_at - b.completed_at);
    const byStart = of.toSorted((a, b) => a.invoked_at - b.invoked_at);
    let highest: Operation | undefined;
    let next = 0;
    for (const operation of byStart) {
      for (let ended = byEnd[next]; ended !== undefined && ended.completed_at < operation.invoked_at; ended = byEnd[++next])
        if (highest === undefined || ended.version > highest.version) highest = ended;
      if (highest !== undefined && operation.version <= highest.version)
        wrong.push({
          invariant: 'I3',
          what: `${tell(operation)} got version ${operation.version}, after ${tell(highest)} had got ${highest.version}`,
        });
    }
  }
  return wrong;
}

/** I4: the legs of every posting balance in each currency, pending ones and others each by themselves. */
export function checkLegs(legs: readonly LegFact[]): Violation[] {
  return legs
    .filter(({ sum }) => sum !== 0)
    .map(({ actor, version, i, currency, sum }) => ({
      invariant: 'I4',
      what: `posting ${actor}@${version}#${i} leaves ${sum} ${currency}`,
    }));
}

/** I5: every client's copy is what the hub shows that client. */
export function checkCopies(copies: readonly CopyFact[]): Violation[] {
  return copies.flatMap(({ who, topic, copy, shown }): Violation[] => {
    if (isDeepStrictEqual(copy, shown)) return [];
    return [{ invariant: 'I5', what: `${who} has of ${topic} ${difference(copy, shown)}` }];
  });
}

/** The fields that differ, and how. */
function difference(copy: object | undefined, shown: object | undefined): string {
  if (copy === undefined || shown === undefined) return copy === undefined ? 'nothing' : 'what the hub does not show';
  const [mine, theirs] = [new Map(Object.entries(copy)), new Map(Object.entries(shown))];
  const names = [...new Set([...mine.keys(), ...theirs.keys()])].filter((name) => !isDeepStrictEqual(mine.get(name), theirs.get(name)));
  const short = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 160);
  return names.map((name) => `${name} ${short(mine.get(name))}, and the hub shows ${short(theirs.get(name))}`).join('; ');
}

/** Where a partition's chain has been verified up to. */
export type Anchors = Map<number, { seq: number; hash: string }>;

/** I6: each row is numbered after the one before it and its hash covers that one's. Moves the anchors on. */
export function checkChain(rows: readonly JournalRow[], anchors: Anchors): Violation[] {
  const wrong: Violation[] = [];
  for (const row of rows) {
    const before = anchors.get(row.partition) ?? { seq: 0, hash: '' };
    if (row.seq !== before.seq + 1)
      wrong.push({ invariant: 'I6', what: `partition ${row.partition} has row ${row.seq} where ${before.seq + 1} belongs` });
    else if (row.hash !== chainHash(before.hash, row))
      wrong.push({ invariant: 'I6', what: `row ${row.seq} of partition ${row.partition} does not carry the hash of what it says` });
    anchors.set(row.partition, { seq: row.seq, hash: row.hash });
  }
  return wrong;
}

/** I7: who writes is who owns, one process an epoch, and epochs never go back. A writer is named `<node>.<start>`. */
export function checkWriters(writes: readonly WriteFact[]): Violation[] {
  const wrong: Violation[] = [];
  for (const [partition, of] of groupBy(writes, (write) => String(write.partition))) {
    const writers = new Map<number, string>();
    let epoch = 0;
    for (const write of of.toSorted((a, b) => a.first - b.first)) {
      const rows = `rows ${write.first} to ${write.last} of partition ${partition}`;
      const say = (what: string): void => void wrong.push({ invariant: 'I7', what: `${rows} ${what}` });
      const known = writers.get(write.epoch) ?? write.writer;
      writers.set(write.epoch, known);
      if (write.epoch < epoch) say(`were written in epoch ${write.epoch}, after rows of epoch ${epoch}`);
      if (known !== write.writer) say(`were written by ${write.writer} in epoch ${write.epoch}, in which ${known} wrote`);
      if (write.owner !== write.writer.replace(/\.\d+$/, ''))
        say(`were written by ${write.writer} while ${write.owner ?? 'nobody'} owned it`);
      epoch = Math.max(epoch, write.epoch);
    }
  }
  return wrong;
}

/** I8: nothing that came to a client has another's marker in it. */
export function checkIsolation(who: string, heard: string, foreign: readonly string[]): Violation[] {
  return foreign.filter((marker) => heard.includes(marker)).map((marker) => ({ invariant: 'I8', what: `${who} was sent ${marker}` }));
}

/** I9: what was asked for after everything was well again was answered, and nothing is left under way. */
export function checkLiveness(
  operations: readonly Operation[],
  payments: readonly PaymentFact[],
  progress: readonly ProgressFact[],
  stream: { readonly created: string; readonly last: number } | undefined,
): Violation[] {
  const wrong: Violation[] = [];
  const say = (what: string): void => void wrong.push({ invariant: 'I9', what });
  for (const operation of operations) if (operation.type === 'info') say(`${tell(operation)} was never answered`);
  for (const { id, state } of payments) if (!isAtRest(state)) say(`payment/${id} is still ${state}`);
  for (const { partition, head, published, cursor, stream: of } of progress) {
    if (published < head) say(`partition ${partition} has sent what was asked for up to row ${published} of ${head}`);
    if (stream === undefined) continue;
    if (of !== '' && of !== stream.created)
      say(`partition ${partition} reads a stream of ${of}, and the one there is of ${stream.created}`);
    else if (cursor < stream.last) say(`partition ${partition} has read ${cursor} of ${stream.last} messages`);
  }
  if (stream === undefined) say('JetStream does not answer');
  return wrong;
}

/** I10: what a node holds is bounded. `now` of each is compared with the most that it may be. */
export function checkBounds(figures: readonly { readonly what: string; readonly now: number; readonly most: number }[]): Violation[] {
  return figures
    .filter(({ now, most }) => now > most)
    .map(({ what, now, most }) => ({ invariant: 'I10', what: `${what}: ${now}, at most ${most}` }));
}

/** I11: secrets are nowhere in what was written. `places` are texts by name. */
export function checkSecrets(secrets: readonly string[], places: ReadonlyMap<string, string>): Violation[] {
  return [...places].flatMap(([place, text]) =>
    secrets.flatMap((secret, index): Violation[] =>
      text.includes(secret) ? [{ invariant: 'I11', what: `secret ${index} (${secret.slice(0, 4)}…) stands in ${place}` }] : [],
    ),
  );
}

/** States in which a payment waits for nothing but people. */
function isAtRest(state: string): boolean {
  return isEnded(state) || state === 'draft' || state === 'needs_approval' || state === 'authorized.holding';
}

export function isEnded(state: string): boolean {
  return state === 'settled.idle' || ['declined', 'failed', 'canceled', 'expired'].includes(state);
}

function isSettled(state: string): boolean {
  return state.startsWith('settled');
}

function sum(charges: readonly ChargeFact[]): number {
  return charges.reduce((total, { amount_minor }) => total + amount_minor, 0);
}

function key(actor: string, event_id: string): string {
  return `${actor}\n${event_id}`;
}

function tell({ door, address, event, event_id }: Operation): string {
  return `${event} of ${address} by ${door} (${event_id})`;
}

function groupBy<T>(items: readonly T[], toKey: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(toKey(item));
    if (group === undefined) groups.set(toKey(item), [item]);
    else group.push(item);
  }
  return groups;
}
