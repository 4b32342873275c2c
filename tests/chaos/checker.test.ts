import { describe, expect, test } from 'vitest';
import { chainHash } from '../../actors/chain.ts';
import type { JournalRow } from '../../actors/store/store.ts';
import {
  checkAcknowledged,
  checkBounds,
  checkChain,
  checkCopies,
  checkIsolation,
  checkLegs,
  checkLiveness,
  checkMoney,
  checkOrder,
  checkSecrets,
  checkWriters,
} from './checker.ts';
import type { Anchors, ChargeFact, PaymentFact, Row, WriteFact } from './checker.ts';
import type { Operation } from './history.ts';

const A = 'payment/a';

function operation(more: Partial<Operation> = {}): Operation {
  const told = { door: 'rest', address: A, event_id: 'caller:clerk:1', event: 'SUBMIT', type: 'ok', version: 1 } as const;
  return { ...told, invoked_at: 0, completed_at: 1, code: '', contradiction: '', tries: 1, ...more };
}

function row(version: number, event_id = `caller:clerk:${version}`, actor = A): Row {
  return { actor, version, event_id };
}

const payment = (more: Partial<PaymentFact> = {}): PaymentFact => ({
  id: 'a',
  state: 'settled.idle',
  captured_minor: 5,
  refunded_minor: 0,
  ...more,
});
const charge = (operation: string, more: Partial<ChargeFact> = {}): ChargeFact => ({
  seq: 1,
  payment: 'a',
  operation,
  outcome: 'done',
  amount_minor: 5,
  ...more,
});

describe('what the checker of a chaos run finds', () => {
  test('[CHAOS-2] nothing where all is well', () => {
    expect(checkAcknowledged([operation()], [row(1)], [])).toEqual([]);
    const refused = operation({ type: 'fail', code: 'four_eyes', event_id: 'x' });
    expect(checkAcknowledged([refused], [row(1)], [{ actor: A, event_id: 'x', reason: 'four_eyes' }])).toEqual([]);
    expect(checkAcknowledged([operation({ type: 'info', version: 0 })], [row(1)], [])).toEqual([]);
    expect(checkAcknowledged([operation({ type: 'info', version: 0 })], [], [])).toEqual([]);
    expect(checkMoney([payment()], [charge('authorize'), charge('capture')])).toEqual([]);
    expect(checkMoney([payment({ state: 'canceled', captured_minor: 0 })], [charge('authorize'), charge('void')])).toEqual([]);
  });

  test('[CHAOS-2] an acknowledged event that is not in the journal', () => {
    expect(checkAcknowledged([operation()], [], [])).toMatchObject([{ invariant: 'I1' }]);
  });

  test('[CHAOS-2] an event with two rows, with another version than was told, or with another answer the second time', () => {
    expect(checkAcknowledged([operation()], [row(1), row(2, 'caller:clerk:1')], [])).toMatchObject([{ invariant: 'I1' }]);
    expect(checkAcknowledged([operation({ version: 3 })], [row(1)], [])).toMatchObject([{ invariant: 'I1' }]);
    expect(checkAcknowledged([operation({ contradiction: '1 and then 2' })], [row(1)], [])).toMatchObject([{ invariant: 'I1' }]);
  });

  test('[CHAOS-2] a refused event that is in the journal, or whose refusal says something else', () => {
    expect(checkAcknowledged([operation({ type: 'fail', code: 'four_eyes' })], [row(1)], [])).toMatchObject([{ invariant: 'I1' }]);
    const noted = [{ actor: A, event_id: 'caller:clerk:1', reason: 'hash_stale' }];
    expect(checkAcknowledged([operation({ type: 'fail', code: 'four_eyes' })], [], noted)).toMatchObject([{ invariant: 'I1' }]);
    expect(checkAcknowledged([operation()], [row(1)], noted)).toMatchObject([{ invariant: 'I1' }]);
  });

  test('[CHAOS-2] money that moved twice, without need, or not at all', () => {
    const found = (facts: PaymentFact, ...charges: ChargeFact[]): unknown[] => checkMoney([facts], charges);
    const twice = found(payment({ captured_minor: 10 }), charge('authorize'), charge('authorize'), charge('capture'), charge('capture'));
    expect(twice).toMatchObject([{ invariant: 'I2' }]);
    expect(found(payment())).not.toEqual([]);
    expect(found(payment({ state: 'expired', captured_minor: 0 }), charge('authorize'), charge('capture'))).not.toEqual([]);
    expect(found(payment({ refunded_minor: 2 }), charge('authorize'), charge('capture'))).toMatchObject([{ invariant: 'I2' }]);
    expect(found(payment({ state: 'canceled', captured_minor: 0 }), charge('authorize'))).toMatchObject([{ invariant: 'I2' }]);
    expect(found(payment(), charge('authorize'), charge('capture', { outcome: 'declined' }))).not.toEqual([]);
  });

  test('[CHAOS-2] a version that is missing or there twice', () => {
    expect(checkOrder([], [row(1), row(3)])).toMatchObject([{ invariant: 'I3' }]);
    expect(checkOrder([], [row(1), row(2), row(2, 'x')])).toMatchObject([{ invariant: 'I3' }]);
    expect(checkOrder([], [row(1), row(2), row(1, 'y', 'payment/b')])).toEqual([]);
  });

  test('[CHAOS-2] an event that got an older version than one acknowledged before it was asked for', () => {
    const first = operation({ version: 5, invoked_at: 0, completed_at: 10 });
    const beside = operation({ event_id: 'b', version: 4, invoked_at: 9, completed_at: 20 });
    const after = operation({ event_id: 'c', version: 4, invoked_at: 11, completed_at: 20 });
    expect(checkOrder([first, beside], [])).toEqual([]);
    expect(checkOrder([first, after], [])).toMatchObject([{ invariant: 'I3' }]);
    expect(checkOrder([first, { ...after, version: 6 }], [])).toEqual([]);
  });

  test('[CHAOS-2] legs that do not balance', () => {
    const leg = { actor: A, version: 1, i: 0, currency: 'EUR', sum: 0 };
    expect(checkLegs([leg])).toEqual([]);
    expect(checkLegs([{ ...leg, sum: 1 }])).toMatchObject([{ invariant: 'I4' }]);
  });

  test('[CHAOS-2] a copy that is not what the hub shows', () => {
    const fact = { who: 'clerk', topic: A, copy: { version: 1 }, shown: { version: 1 } };
    expect(checkCopies([fact])).toEqual([]);
    expect(checkCopies([{ ...fact, copy: { version: 2 } }])).toMatchObject([{ invariant: 'I5' }]);
    expect(checkCopies([{ ...fact, copy: undefined }])).toMatchObject([{ invariant: 'I5' }]);
  });

  test('[CHAOS-2] a row that was changed, removed, put in or put elsewhere', () => {
    const rows = chain(5);
    expect(checkChain(rows, new Map())).toEqual([]);
    const anchors: Anchors = new Map();
    expect([...checkChain(rows.slice(0, 2), anchors), ...checkChain(rows.slice(2), anchors)]).toEqual([]);
    const changed = rows.map((each, index) => (index === 2 ? { ...each, envelope: '{"x":1}' } : each));
    expect(checkChain(changed, new Map())).toMatchObject([{ invariant: 'I6' }]);
    expect(checkChain(rows.toSpliced(2, 1), new Map())).toMatchObject([{ invariant: 'I6' }, ...[]]);
    expect(checkChain(rows.toSpliced(2, 0, rows[1] as JournalRow), new Map())).not.toEqual([]);
  });

  test('[CHAOS-2] rows by somebody who does not own, by two in one epoch, or of an epoch that is over', () => {
    const write = (more: Partial<WriteFact>): WriteFact => ({
      partition: 1,
      first: 1,
      last: 2,
      epoch: 1,
      owner: 'node_a',
      writer: 'node_a.1',
      ...more,
    });
    const next = write({ first: 3, last: 3, epoch: 2, owner: 'node_b', writer: 'node_b.1' });
    expect(checkWriters([write({}), next])).toEqual([]);
    expect(checkWriters([write({ writer: 'node_b.1' })])).toMatchObject([{ invariant: 'I7' }]);
    expect(checkWriters([write({}), write({ first: 3, writer: 'node_a.2' })])).toMatchObject([{ invariant: 'I7' }]);
    expect(checkWriters([write({}), next, write({ first: 4 })])).toMatchObject([{ invariant: 'I7' }]);
  });

  test("[CHAOS-2] another's marker, a secret in a log, and what is held beyond its bound", () => {
    expect(checkIsolation('acme', 'mark-acme', ['mark-globex'])).toEqual([]);
    expect(checkIsolation('acme', 'a mark-globex', ['mark-globex'])).toMatchObject([{ invariant: 'I8' }]);
    expect(checkSecrets(['s3cret'], new Map([['a log', 'nothing']]))).toEqual([]);
    expect(checkSecrets(['s3cret'], new Map([['a log', 'it is s3cret']]))).toMatchObject([{ invariant: 'I11' }]);
    expect(checkBounds([{ what: 'files', now: 3, most: 2 }])).toMatchObject([{ invariant: 'I10' }]);
    expect(checkBounds([{ what: 'files', now: 2, most: 2 }])).toEqual([]);
  });

  test('[CHAOS-2] what is left under way when everything has been well for long', () => {
    const progress = { partition: 1, head: 4, published: 4, cursor: 7, stream: 's' };
    const stream = { created: 's', last: 7 };
    expect(checkLiveness([operation()], [payment()], [progress], stream)).toEqual([]);
    expect(checkLiveness([operation({ type: 'info' })], [], [], stream)).toMatchObject([{ invariant: 'I9' }]);
    expect(checkLiveness([], [payment({ state: 'unknown.looking' })], [], stream)).toMatchObject([{ invariant: 'I9' }]);
    for (const behind of [{ published: 3 }, { cursor: 6 }, { stream: 'another' }])
      expect(checkLiveness([], [], [{ ...progress, ...behind }], stream)).toMatchObject([{ invariant: 'I9' }]);
    expect(checkLiveness([], [], [], undefined)).toMatchObject([{ invariant: 'I9' }]);
  });
});

function chain(length: number): JournalRow[] {
  const rows: JournalRow[] = [];
  for (let seq = 1; seq <= length; seq++) {
    const bare = {
      partition: 1,
      seq,
      actor: A,
      version: seq,
      event_id: `e${seq}`,
      event: '{"type":"SUBMIT"}',
      body_hash: 'h',
      caller: 'clerk',
      causation: '',
      correlation: '',
      traceparent: '',
      at: seq,
      machine_version: 1,
      envelope: '{}',
      asked: '',
    } as unknown as Omit<JournalRow, 'hash'>;
    rows.push({ ...bare, hash: chainHash(rows.at(-1)?.hash ?? '', bare) } as JournalRow);
  }
  return rows;
}
