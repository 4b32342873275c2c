import { describe, expect, test } from 'vitest';
import { LossyGateway, MISHAPS } from '../machines/lossy-gateway.ts';
import type { Mishap } from '../machines/lossy-gateway.ts';
import { partitionOf } from '../machines/ids.ts';
import type { GatewayLookup, GatewayRequest } from '../machines/gateway.ts';
import { APPROVER, CLERK, OPERATOR, RuntimeStage } from '../tests/support/runtime-stage.ts';
import { chainHash } from './chain.ts';
import type { Open } from './effects.ts';
import type { Call, CallResult } from './integrations/integration.ts';
import { sandbox } from './integrations/sandbox/sandbox.ts';
import { sandboxChecks } from './integrations/sandbox-checks/sandbox-checks.ts';
import { VirtualPorts } from './ports/virtual.ts';
import { idFromKey } from './id-from-key.ts';
import type { Mishap as StoreMishap } from './store/memory.ts';

/** The gateway of the machines' own rehearsals behind the door of the real one. */
class Gateway {
  readonly inner = new LossyGateway();
  readonly calls: Call[] = [];
  mishap: () => Mishap = () => 'none';

  get open(): Open {
    return { kind: sandbox, integration: { perform: (call) => Promise.resolve(this.#perform(call)), close: () => Promise.resolve() } };
  }

  #perform(call: Call): CallResult {
    this.calls.push(call);
    if (call.operation === 'lookup' || call.operation === 'close')
      return toResult(this.inner[call.operation](call.input as GatewayLookup, true));
    return toResult(this.inner.call(call.operation, call.input as GatewayRequest, this.mishap()));
  }
}

function toResult(reply: { output: unknown } | { error: { kind: 'failed' | 'unknown'; code: string } }): CallResult {
  return 'output' in reply ? { kind: 'done', output: reply.output } : reply.error;
}

const P = 'payment/p1';
const C = 'client/acme';
const INPUT = { client: 'acme', payee: 'Supplier Ltd', amount_minor: 12_50, currency: 'EUR', reference: 'Invoice 7' };

async function staged(storeFaults = {}): Promise<{ stage: RuntimeStage; gateway: Gateway }> {
  const gateway = new Gateway();
  const checks: Open = { kind: sandboxChecks, integration: await sandboxChecks.open(undefined as never) };
  const stage = await new RuntimeStage({ integrations: [gateway.open, checks], storeFaults }).start();
  await stage.send(C, '@create', { name: 'Acme', country: 'DE', email: 'a@acme.example', kind: 'company' });
  await stage.send(C, 'SUBMIT', { documents: ['passport'], bank_account: 'DE89370400440532013000' });
  await stage.send(C, 'VERIFY', {}, { caller: APPROVER });
  await stage.ports.until(() => stage.state(C) === 'active');
  return { stage, gateway };
}

function verify(stage: RuntimeStage): void {
  for (let partition = 0; partition < 32; partition++) {
    let before = '';
    for (const row of stage.database.rowsOf(partition)) {
      expect(row.hash).toBe(chainHash(before, row));
      before = row.hash;
    }
  }
}

const stateOf = (stage: RuntimeStage): string => stage.state(P).split('.')[0] ?? '';

describe('a payment on the runtime', () => {
  test('[OWN-1] a payment goes from a command to settled: the client is asked, the money authorized and captured once, and others are told', async () => {
    const { stage, gateway } = await staged();
    await stage.send(P, '@create', INPUT);
    await stage.send(P, 'SUBMIT');
    await stage.ports.until(() => stateOf(stage) === 'settled');
    expect(gateway.calls.map(({ operation }) => operation)).toEqual(['authorize', 'capture']);
    expect(gateway.inner.books()).toMatchObject({ authorize: { times: 1, amount_minor: 1250 }, capture: { times: 1, amount_minor: 1250 } });
    await stage.ports.advance(1_000);
    const facts = stage.server.messagesTo('greenlines.event.payment.').map(({ data }) => JSON.parse(data) as { id: string; type: string });
    expect([...new Map(facts.map(({ id, type }) => [id, type])).values()]).toEqual([
      'payment.submitted',
      'payment.authorized',
      'payment.settled',
    ]);
    verify(stage);
  });

  test('[OWN-2] a payment settles with the money moved once wherever the hub is killed on the way', async () => {
    for (let crash_at = 0; crash_at < 60; crash_at += 5) {
      const { stage, gateway } = await staged({ delay_ms: () => 3 });
      await stage.send(P, '@create', INPUT);
      void stage.runtime.command({ address: P, type: 'SUBMIT', payload: {}, caller: CLERK, id: 's' }).catch(() => undefined);
      await stage.ports.advance(crash_at);
      await stage.restart();
      await stage.send(P, 'SUBMIT', {}, { id: 's', repeat: true });
      await stage.ports.until(() => stateOf(stage) === 'settled');
      expect(gateway.inner.books()).toMatchObject({ authorize: { times: 1 }, capture: { times: 1, amount_minor: 1250 } });
      expect(new Set(gateway.calls.map(({ key }) => key)).size).toBe(2);
      verify(stage);
    }
  });

  test('[OWN-3] a payment ends with books that agree with the gateway’s, whatever the gateway and the database do', async () => {
    for (let round = 0; round < 12; round++) {
      const { random } = new VirtualPorts({ seed: round + 1 });
      const pick = <One>(ones: readonly One[], otherwise: One): One => ones[Math.floor(random.next() * ones.length)] ?? otherwise;
      let faulty = false;
      const onCommit = (): StoreMishap =>
        faulty && random.next() < 0.3 ? pick(['retry', 'lost_before', 'lost_after', 'late'], 'none') : 'none';
      const { stage, gateway } = await staged({ onCommit });
      faulty = true;
      gateway.mishap = () => (random.next() < 0.5 ? pick(MISHAPS, 'none') : 'none');
      await stage.send(P, '@create', INPUT);
      await stage.send(P, 'SUBMIT');
      const isOver = (): boolean => ['settled', 'declined', 'failed', 'canceled'].includes(stateOf(stage));
      await stage.ports.until(() => isOver() || stateOf(stage) === 'unknown');
      gateway.mishap = () => 'none';
      await stage.ports.until(isOver, 4_000_000, 5_000);
      const books = gateway.inner.books();
      const captured = Number(stage.context(P)['captured_minor']);
      expect([round, captured]).toEqual([round, books['capture']?.amount_minor ?? 0]);
      expect(stateOf(stage) === 'settled').toBe(captured > 0);
      expect(books['capture']?.times ?? 0).toBeLessThanOrEqual(1);
      verify(stage);
    }
  });

  test('[OWN-4] a payment is not paid while its client is not active', async () => {
    const { stage, gateway } = await staged();
    await stage.send(C, 'SUSPEND', { reason: 'probe' }, { caller: APPROVER });
    await stage.send(P, '@create', INPUT);
    await stage.send(P, 'SUBMIT');
    await stage.ports.until(() => stateOf(stage) === 'declined');
    expect(gateway.calls).toEqual([]);
  });

  test('[OWN-5] a payment waits while the gateway’s integration is disabled, and goes on when a person enables it', async () => {
    const { stage, gateway } = await staged();
    await stage.send('integration/sandbox', 'DISABLE', {}, { caller: OPERATOR });
    await stage.send(P, '@create', INPUT);
    await stage.send(P, 'SUBMIT');
    await stage.ports.advance(3_000);
    expect(gateway.calls).toEqual([]);
    await stage.send('integration/sandbox', 'ENABLE', {}, { caller: OPERATOR });
    await stage.ports.until(() => stateOf(stage) === 'settled');
  });
});

describe('owning partitions', () => {
  test('[OWN-6] a node that starts owns every free partition at once, and one that stops lets go of all', async () => {
    const stage = await new RuntimeStage().start();
    expect(stage.runtime.lanes.partitions).toHaveLength(32);
    expect(stage.runtime.trouble()).toBeUndefined();
    await stage.hear(stage.runtime.stop());
    expect(stage.database.claim('two', [0, 31])).toHaveLength(2);
  });

  test('[OWN-7] a database that does not answer is trouble before the lease is over, and none when it answers again', async () => {
    let gone = false;
    const stage = await new RuntimeStage({
      storeFaults: { onRead: () => (gone ? new Error('Connection terminated') : undefined) },
    }).start();
    gone = true;
    await stage.ports.advance(8_000);
    expect(stage.runtime.trouble()).toMatch(/lease/);
    gone = false;
    await stage.ports.advance(3_000);
    expect(stage.runtime.trouble()).toBeUndefined();
  });

  test('[OWN-8] partitions whose progress could not be read are claimed again, not left to nobody', async () => {
    let fail = false;
    const stage = await new RuntimeStage({
      storeFaults: { onRead: (call) => (fail && call === 'progress' ? new Error('Connection terminated') : undefined) },
    }).start();
    stage.database.release('one');
    stage.database.renew('two', '', 3_000);
    stage.database.claim('two', [partitionOf('counter/a')]);
    expect((await stage.send('counter/a', '@create')).outcome).toBe('retry');
    fail = true;
    await stage.ports.advance(6_000);
    fail = false;
    await stage.ports.advance(4_000);
    expect((await stage.send('counter/a', '@create')).outcome).toBe('applied');
  });

  test('[OWN-10] an actor is found by the title that it has now', async () => {
    const stage = await new RuntimeStage().start();
    await stage.send('counter/a', '@create');
    await stage.send('counter/a', 'ADD', { by_n: 41 });
    await stage.ports.advance(1_000);
    expect(stage.database.textOf('counter/a')).toContain('count 41');
  });

  test('[OWN-9] an id made from a key is the same for the same caller and key, and no other', () => {
    const made = [
      ['hub', 'ann', 'k'],
      ['hub', 'ann', 'k2'],
      ['hub', 'bob', 'k'],
      ['other', 'ann', 'k'],
    ].map(([hub = '', caller = '', key = '']) => idFromKey('pay', hub, caller, key));
    expect(new Set(made).size).toBe(4);
    expect(idFromKey('pay', 'hub', 'ann', 'k')).toBe(made[0]);
    expect(made[0]).toMatch(/^pay_[A-Za-z0-9]{20}$/);
  });
});
