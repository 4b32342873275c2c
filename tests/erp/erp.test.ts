import { describe, expect, test } from 'vitest';
import type { Open } from '../../actors/effects.ts';
import { sandboxChecks } from '../../actors/integrations/sandbox-checks/sandbox-checks.ts';
import type { Surroundings } from '../../actors/integrations/integration.ts';
import { bindingOf } from '../../machines/erp.ts';
import { Chance } from '../simulate/chance.ts';
import { APPROVER, OPERATOR, RuntimeStage } from '../support/runtime-stage.ts';
import { memoryRecords } from '../support/memory-records.ts';
import { MemoryErp } from './memory-erp.ts';

const partner = (n: number) => ({ name: `Partner ${n}`, country: 'DE', email: `p${n}@partner.example`, kind: 'company' });
const HOUR = 3_600_000;

async function staged(settings: Readonly<Record<string, object>> = {}): Promise<{ stage: RuntimeStage; erp: MemoryErp }> {
  const erp: MemoryErp = new MemoryErp(() => stage.ports.clock.now());
  const checks: Open[] = [];
  const stage: RuntimeStage = new RuntimeStage({
    settings,
    get integrations() {
      return [erp.open, ...checks];
    },
  });
  checks.push(await memoryRecords(stage.database, stage.ports));
  checks.push({ kind: sandboxChecks, integration: await sandboxChecks.open({ ports: stage.ports } as unknown as Surroundings) });
  await stage.start();
  return { stage, erp };
}

const feed = (stage: RuntimeStage): Promise<unknown> =>
  stage.send('feed/erp-partner', '@create', { integration: 'erp', model: 'partner' }, { caller: OPERATOR });

/** The actors that a type has, by what the database holds. */
const clientsOf = (stage: RuntimeStage, erp: MemoryErp): readonly string[] =>
  [...erp.records.values()]
    .map(({ external_id, ref }) => ref ?? `client/erp-${external_id}`)
    .filter((address) => stage.envelope(address) !== undefined);

/** Field by field what the hub and the ERP say of each record. */
function differences(stage: RuntimeStage, erp: MemoryErp): readonly string[] {
  return [...erp.records.values()].flatMap(({ external_id, ref, fields }) => {
    const address = ref ?? `client/erp-${external_id}`;
    const context = stage.context(address);
    return Object.entries(fields)
      .filter(([field, value]) => (context[field] ?? (field === 'archived' ? false : null)) !== value)
      .map(([field, value]) => `${address} ${field}: ${String(context[field])} here, ${String(value)} there`);
  });
}

async function rest(stage: RuntimeStage, erp: MemoryErp): Promise<void> {
  await stage.ports.until(
    () => {
      const states = [...erp.records.values()].map(({ external_id, ref }) =>
        stage.state(bindingOf('erp', ref ?? `client/erp-${external_id}`)),
      );
      return states.every((state) => state === 'agreed') && differences(stage, erp).length === 0;
    },
    3 * HOUR,
    5_000,
  );
}

describe('the hub and an ERP', () => {
  test('[SYNCERP-1] what is there becomes clients, what changes on either side comes to the other, and each is there once', async () => {
    const { stage, erp } = await staged();
    for (let n = 0; n < 120; n++) erp.write(undefined, partner(n));
    await feed(stage);
    await rest(stage, erp);
    expect(clientsOf(stage, erp)).toHaveLength(120);
    erp.write('7', { email: 'new@partner.example' });
    await stage.send('client/erp-8', 'AMEND', { city: 'Berlin', phone: '+49 30 1' });
    await stage.ports.advance(60_000);
    await rest(stage, erp);
    expect(stage.context('client/erp-7')['email']).toBe('new@partner.example');
    expect(erp.records.get('8')?.fields).toMatchObject({ city: 'Berlin', phone: '+49 30 1' });
    expect(erp.records.size).toBe(120);
  });

  test('[SYNCERP-2] with answers lost, the hub killed and the ERP away, changes on both sides end alike, none twice', async () => {
    const { stage, erp } = await staged();
    const chance = new Chance(7, 'erp');
    erp.loses = (operation) => (chance.is(0.25) ? (operation === 'push' && chance.is(0.6) ? 'after' : 'before') : undefined);
    for (let n = 0; n < 60; n++) erp.write(undefined, partner(n));
    await feed(stage);
    for (let round = 0; round < 12; round++) {
      await stage.ports.advance(chance.below(20_000));
      if (round % 4 === 1) await stage.restart();
      erp.isDown = round % 5 === 2;
      for (let i = 0; i < 6; i++) {
        const id = `${1 + chance.below(60)}`;
        const [field, value] = [chance.pick(['phone', 'city', 'email'] as const), `x${round}${i}@y.example`];
        if (chance.is(0.5)) erp.write(id, { [field]: value });
        else if (stage.envelope(`client/erp-${id}`) !== undefined) await stage.send(`client/erp-${id}`, 'AMEND', { [field]: value });
      }
    }
    erp.isDown = false;
    erp.loses = () => undefined;
    // Whatever is left to a person is a circuit that he closes.
    await stage.send('integration/erp', 'RESET', {}, { caller: OPERATOR });
    await rest(stage, erp);
    expect([erp.records.size, clientsOf(stage, erp).length]).toEqual([60, 60]);
  }, 120_000);

  test('[SYNCERP-3] a client that the house approves is made in the ERP once, however often the answer is lost', async () => {
    const { stage, erp } = await staged({ client: { erp: 'erp' } });
    let lost = 0;
    erp.loses = (operation) => (operation === 'push' && lost++ < 5 ? 'after' : undefined);
    await stage.send('client/acme', '@create', partner(1));
    await stage.send('client/acme', 'SUBMIT', { documents: ['register'], bank_account: 'DE89370400440532013000' });
    expect(erp.records.size).toBe(0);
    await stage.send('client/acme', 'VERIFY', {}, { caller: APPROVER });
    await stage.ports.until(() => stage.state('binding/erp-client-acme') === 'agreed', 3 * HOUR, 5_000);
    expect(lost).toBeGreaterThan(5);
    expect([...erp.records.values()]).toMatchObject([{ ref: 'client/acme', fields: { name: 'Partner 1' } }]);
    // The feed finds it there and knows whose it is.
    await feed(stage);
    await stage.ports.advance(120_000);
    expect([stage.state('binding/erp-client-acme'), stage.envelope('client/erp-1')]).toEqual(['agreed', undefined]);
  });

  test('[SYNCERP-4] while the ERP is away for an hour nothing is lost, it is not asked without end, and then it catches up', async () => {
    const { stage, erp } = await staged();
    erp.write(undefined, partner(1));
    await feed(stage);
    await rest(stage, erp);
    erp.isDown = true;
    const before = { ...erp.calls };
    await stage.send('client/erp-1', 'AMEND', { city: 'Bonn' });
    erp.write('1', { phone: '+49 228 1' });
    await stage.ports.advance(HOUR);
    expect(stage.state(bindingOf('erp', 'client/erp-1'))).toBe('waiting');
    expect(stage.state('feed/erp-partner')).toContain('lag.stalled');
    expect((erp.calls['pull'] ?? 0) - (before['pull'] ?? 0)).toBeLessThan(200);
    erp.isDown = false;
    await rest(stage, erp);
    expect([stage.context('client/erp-1')['phone'], erp.records.get('1')?.fields['city']]).toEqual(['+49 228 1', 'Bonn']);
    await stage.ports.until(() => stage.state('feed/erp-partner').includes('lag.current'), HOUR, 5_000);
  });

  /** What is deleted there by chance is gone here; how often each binding came to be is in its journal. */
  test.each([1, 2, 3])(
    '[SYNCERP-5] with kills and lost answers (%i) what was deleted there ends as gone, once, and nothing else',
    async (seed) => {
      const { stage, erp } = await staged({ feed: { sweep_ms: 60_000 } });
      const chance = new Chance(seed, 'gone');
      for (let n = 0; n < 130; n++) erp.write(undefined, partner(n));
      await feed(stage);
      await rest(stage, erp);
      const deleted = new Set<string>();
      erp.loses = (operation) => (chance.is(0.3) ? (operation === 'push' ? 'after' : 'before') : undefined);
      for (let round = 0; round < 10; round++) {
        const id = `${1 + chance.below(130)}`;
        erp.records.delete(id);
        deleted.add(id);
        const other = `${1 + chance.below(130)}`;
        if (!deleted.has(other)) erp.write(other, { archived: true });
        await stage.ports.advance(chance.below(90_000));
        if (chance.is(0.4)) await stage.restart();
        erp.isDown = chance.is(0.3);
      }
      erp.isDown = false;
      erp.loses = () => undefined;
      await stage.send('integration/erp', 'RESET', {}, { caller: OPERATOR });
      const bindingFor = (id: string | number): string => bindingOf('erp', `client/erp-${id}`);
      await stage.ports.until(() => [...deleted].every((id) => stage.state(bindingFor(id)) === 'gone'), 3 * HOUR, 5_000);
      await stage.ports.advance(HOUR);
      const gone = Array.from({ length: 130 }, (_, n) => `${n + 1}`).filter((id) => stage.state(bindingFor(id)) === 'gone');
      expect(new Set(gone)).toEqual(deleted);
      const told = gone.map((id) => stage.database.journalOf(bindingFor(id)).filter(({ event }) => event.includes('"gone":true')).length);
      expect(told).toEqual(gone.map(() => 1));
    },
    120_000,
  );

  test('[SYNCERP-6] where the ERP hides everything nothing is told to be gone until a person says so, and it may all come back', async () => {
    const { stage, erp } = await staged({ feed: { sweep_ms: 60_000 } });
    for (let n = 0; n < 30; n++) erp.write(undefined, partner(n));
    await feed(stage);
    await rest(stage, erp);
    erp.isHidden = true;
    await stage.ports.until(() => stage.state('feed/erp-partner').includes('trust.doubtful'), HOUR, 5_000);
    await stage.ports.advance(HOUR);
    await rest(stage, erp);
    // Its rights are back before anybody answers.
    erp.isHidden = false;
    await stage.send('feed/erp-partner', 'CONFIRM_GONE', {}, { caller: OPERATOR });
    await stage.ports.advance(HOUR);
    await rest(stage, erp);
    expect([stage.state('feed/erp-partner').includes('trust.sure'), stage.context('feed/erp-partner')['swept']]).toEqual([
      true,
      { asked: 30, gone: 0 },
    ]);
  });

  test('[SYNCERP-7] what a person was wrong to confirm comes back when everything is read once more', async () => {
    const { stage, erp } = await staged({ feed: { sweep_ms: 60_000 } });
    for (let n = 0; n < 30; n++) erp.write(undefined, partner(n));
    await feed(stage);
    await rest(stage, erp);
    erp.isHidden = true;
    await stage.ports.until(() => stage.state('feed/erp-partner').includes('trust.doubtful'), HOUR, 5_000);
    await stage.send('feed/erp-partner', 'CONFIRM_GONE', {}, { caller: OPERATOR });
    const states = (): readonly string[] => [...erp.records.keys()].map((id) => stage.state(bindingOf('erp', `client/erp-${id}`)));
    await stage.ports.until(() => states().every((state) => state === 'gone'), HOUR, 5_000);
    erp.isHidden = false;
    await stage.send('feed/erp-partner', 'BACKFILL', {}, { caller: OPERATOR });
    await rest(stage, erp);
    expect(states()).toEqual(states().map(() => 'agreed'));
  });
});
