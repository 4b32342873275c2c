import { beforeEach, describe, expect, test } from 'vitest';
import { PARTITIONS } from '../machines/ids.ts';
import type { Outcome } from '../actors/delivery.ts';
import type { Mishap } from '../actors/store/memory.ts';
import { BankAudit } from './support/bank-audit.ts';
import type { AuditedRow } from './support/bank-audit.ts';
import { IN_TRANSIT, account } from './support/bank-machine.ts';
import { CLERK, RuntimeStage } from './support/runtime-stage.ts';
import { seeded } from './support/storm.ts';

const A = 'purse/left';
const B = 'purse/right';
const NOBODY = 'purse/nobody';

/** Every row that the database has now, with what its ledger has of it. */
function rowsOf({ database }: RuntimeStage): AuditedRow[] {
  const legs = Map.groupBy(database.postings, ({ actor, version }) => `${actor}@${version}`);
  const journal = Array.from({ length: PARTITIONS }, (_, partition) => database.rowsOf(partition)).flat();
  return journal.map((row) => ({ ...row, legs: legs.get(`${row.actor}@${row.version}`) ?? [] }));
}

function audited(stage: RuntimeStage): BankAudit {
  const audit = new BankAudit();
  for (const row of rowsOf(stage)) audit.take(row);
  return audit;
}

describe('a transfer', () => {
  let stage: RuntimeStage;
  beforeEach(async () => {
    stage = await new RuntimeStage({ extra: [account] }).start();
    for (const address of [A, B]) await stage.send(address, '@create', { floor: -1_000, ceiling: 300 });
  });
  const transfer = async (amount_minor: number, to = B): Promise<Outcome> => {
    const outcome = await stage.send(A, 'TRANSFER', { to, amount_minor, transfer: 't1' });
    await stage.ports.advance(1_000);
    return outcome;
  };
  const balances = (): unknown => Object.fromEntries(stage.database.balances().map((row) => [row.account, Number(row.amount_minor)]));

  test('[BANK-1] what leaves one account reaches the other, and its sender learns of it', async () => {
    expect(await transfer(200)).toMatchObject({ outcome: 'applied' });
    expect(balances()).toEqual({ [A]: -200, [B]: 200, [IN_TRANSIT]: 0 });
    expect(stage.context(A)).toMatchObject({ balance: -200, in_flight: 0, in_flight_minor: 0, sent: 1, reversed: 0 });
    expect(stage.context(B)).toMatchObject({ balance: 200, received: 1 });
    expect(stage.events(A)).toEqual(['@create', 'TRANSFER', 'CREDITED']);
    expect([...audited(stage).faults, ...audited(stage).atTheEnd()]).toEqual([]);
  });

  test.each([
    ['is above its ceiling', 400, B, 'above_ceiling'],
    ['does not exist', 100, NOBODY, 'not_found'],
    ['is no account', 100, 'nothing/x', 'no_such_target'],
  ])(
    '[BANK-2] money that the other side refuses because it %s comes back with what was sent, and is posted back',
    async (_, amount, to, reason) => {
      expect(await transfer(amount, to)).toMatchObject({ outcome: 'applied' });
      expect(balances()).toEqual({ [A]: 0, [IN_TRANSIT]: 0 });
      expect(stage.context(A)).toMatchObject({ balance: 0, in_flight: 0, in_flight_minor: 0, sent: 1, reversed: 1 });
      const back = stage.database.journalOf(A).at(-1)?.event ?? '';
      expect(JSON.parse(back)).toEqual({
        type: 'tell.refused',
        to,
        event: 'CREDIT',
        reason,
        sent: { amount_minor: amount, transfer: 't1' },
      });
      expect([...audited(stage).faults, ...audited(stage).atTheEnd()]).toEqual([]);
    },
  );

  test('[BANK-3] an account that has too little refuses, and nothing is posted', async () => {
    expect(await transfer(1_001)).toMatchObject({ outcome: 'rejected', code: 'below_floor' });
    expect(balances()).toEqual({});
  });
});

describe('the audit of the bank', () => {
  let rows: readonly AuditedRow[];
  beforeEach(async () => {
    const stage = await new RuntimeStage({ extra: [account] }).start();
    for (const address of [A, B]) await stage.send(address, '@create', { floor: -1_000, ceiling: 300 });
    for (const [n, amount_minor] of [200, 150, 90].entries()) {
      await stage.send(A, 'TRANSFER', { to: B, amount_minor, transfer: `t${n}` });
      await stage.ports.advance(500);
    }
    rows = rowsOf(stage).filter(({ actor }) => actor.startsWith('purse/'));
  });
  const found = (changed: readonly AuditedRow[]): string[] => {
    const audit = new BankAudit();
    for (const row of changed) audit.take(row);
    return [...audit.faults, ...audit.atTheEnd()];
  };
  const change = (type: string, how: (row: AuditedRow) => AuditedRow | undefined): readonly AuditedRow[] => {
    const index = rows.findIndex(({ event }) => event.startsWith(`{"type":"${type}"`));
    expect(index).toBeGreaterThanOrEqual(0);
    const changed = how(rows[index] as AuditedRow);
    return rows.toSpliced(index, 1, ...(changed === undefined ? [] : [changed]));
  };

  test.each<[string, string, (row: AuditedRow) => AuditedRow | undefined]>([
    ['a leg is missing', 'TRANSFER', (row) => ({ ...row, legs: row.legs.slice(1) })],
    [
      'a leg was changed',
      'CREDIT',
      (row) => ({ ...row, legs: row.legs.map((leg) => ({ ...leg, amount_minor: leg.amount_minor + Math.sign(leg.amount_minor) })) }),
    ],
    [
      'a leg went elsewhere',
      'TRANSFER',
      (row) => ({ ...row, legs: row.legs.map((leg) => ({ ...leg, account: leg.account === A ? B : leg.account })) }),
    ],
    ['all legs of a row are missing in journal and ledger', 'tell.refused', (row) => ({ ...row, legs: [], asked: '' })],
    ['a credit is missing', 'CREDIT', () => undefined],
    ['a balance is wrong', 'TRANSFER', (row) => ({ ...row, envelope: row.envelope.replace(/"balance":-?\d+/, '"balance":-1') })],
    ['a credit was ordered by another row', 'CREDIT', (row) => ({ ...row, causation: `${A}@99` })],
    ['a transfer has another amount than its credit', 'TRANSFER', (row) => ({ ...row, event: row.event.replace('200', '201') })],
  ])('[BANK-4] it finds that %s', (_, type, how) => {
    expect(found(rows)).toEqual([]);
    expect(found(change(type, how))).not.toEqual([]);
  });

  test('[BANK-5] it finds money that came twice', () => {
    const credit = rows.find(({ event }) => event.startsWith('{"type":"CREDIT"')) as AuditedRow;
    expect(found([...rows, { ...credit, version: rows.filter(({ actor }) => actor === B).length + 1 }])).not.toEqual([]);
  });
});

/** Two accounts send each other money while commits fail, are lost, come late, and the process dies at them. */
async function storm(
  seed: number,
  transfers: number,
): Promise<{ audits: number; counts: BankAudit['counts']; refused: number; crashes: number }> {
  const random = seeded(seed);
  const MISHAPS: readonly Mishap[] = ['retry', 'lost_before', 'lost_after', 'late', 'crash_before', 'crash_after'];
  let calm = true;
  let audits = 0;
  let crashes = 0;
  const audit = new BankAudit();
  const stage: RuntimeStage = new RuntimeStage({
    extra: [account],
    storeFaults: {
      delay_ms: (call) => (call === 'commit' ? Math.floor(random() * 5) : 0),
      onCommit: () => {
        // Everything that was committed before this one.
        check();
        return calm || random() > 0.2 ? 'none' : (MISHAPS[Math.floor(random() * MISHAPS.length)] ?? 'none');
      },
    },
  });
  const check = (): void => {
    for (const row of rowsOf(stage)) if (row.version > audit.versionOf(row.actor)) audit.take(row);
    expect([seed, ...audit.faults, ...audit.atOnce()]).toEqual([seed]);
    const sums = new Map<string, bigint>();
    for (const { currency, amount_minor } of stage.database.balances()) sums.set(currency, (sums.get(currency) ?? 0n) + amount_minor);
    expect([seed, ...sums.values()].filter((sum) => sum !== 0n)).toEqual([seed]);
    audits++;
  };
  await stage.start();
  for (const address of [A, B]) await stage.send(address, '@create', { floor: -1_200, ceiling: 600 });
  calm = false;

  const answers = new Map<number, Outcome>();
  const given = Array.from({ length: transfers }, () => {
    const from = random() < 0.5 ? A : B;
    const to = random() < 0.03 ? NOBODY : from === A ? B : A;
    return { from, to, amount_minor: 1 + Math.floor(random() * 300) };
  });
  const send = (n: number, repeat: boolean): void => {
    const { from, to, amount_minor } = given[n] ?? { from: A, to: B, amount_minor: 1 };
    const command = {
      address: from,
      type: 'TRANSFER',
      payload: { to, amount_minor, transfer: `t${n}` },
      caller: CLERK,
      id: `t${n}`,
      repeat,
    };
    stage.runtime.command(command).then(
      (outcome) => {
        if (outcome.outcome !== 'retry') answers.set(n, outcome);
      },
      () => undefined,
    );
  };
  for (let sent = 0, round = 0; answers.size < transfers; round++) {
    if (round > 5_000) throw new Error(`Seed ${seed}: ${answers.size} of ${transfers} were answered`);
    calm = sent >= transfers && round % 20 === 0;
    if (sent < transfers) send(sent++, false);
    await stage.ports.advance(10);
    if (stage.store.crashed) {
      crashes++;
      await stage.restart();
    }
    if (round % 10 === 9) for (let n = 0; n < sent; n++) if (!answers.has(n)) send(n, true);
  }
  calm = true;
  if (stage.store.crashed) await stage.restart();
  await stage.restart();
  await stage.ports.advance(10_000);
  check();
  expect([seed, ...audit.atTheEnd()]).toEqual([seed]);
  const applied = [...answers.values()].filter(({ outcome }) => outcome === 'applied' || outcome === 'duplicate');
  expect([seed, audit.counts.TRANSFER]).toEqual([seed, applied.length]);
  for (const [n, outcome] of answers) {
    const course = audit.courses.get(`t${n}`);
    if ('version' in outcome && course !== undefined) expect([seed, n, course.version]).toEqual([seed, n, outcome.version]);
    else expect([seed, n, outcome.outcome, course]).toEqual([seed, n, 'rejected', undefined]);
  }
  return { audits, counts: audit.counts, refused: transfers - applied.length, crashes };
}

test(
  '[BANK-6] at every commit balances and transfers under way add up to nothing, whatever befalls commits and processes; each acknowledged transfer ends once',
  { timeout: 60_000 },
  async () => {
    const total = { crashes: 0, reversed: 0, refused: 0 };
    for (let seed = 1; seed <= 20; seed++) {
      const { audits, counts, refused, crashes } = await storm(seed, 120);
      expect(audits).toBeGreaterThan(100);
      total.crashes += crashes;
      total.reversed += counts['tell.refused'];
      total.refused += refused;
    }
    // Otherwise it would have proved little.
    expect(Math.min(total.crashes, total.reversed, total.refused)).toBeGreaterThan(20);
  },
);
