import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { must } from '../../../machines/must.ts';
import { authorize, call, declined, HURRY, sandboxWorld, script, SECRET } from '../../../tests/support/sandbox.ts';
import type { SandboxWorld } from '../../../tests/support/sandbox.ts';
import type { WebhookEvent } from '../integration.ts';
import { sandboxFaultSchema } from './faults.ts';
import { isSandbox } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';
import { signedHeaders } from './signature.ts';

const done = { kind: 'done', output: { outcome: 'done', gateway_reference: expect.any(String) } };

let world: SandboxWorld;
beforeAll(async () => {
  world = await sandboxWorld();
});
afterAll(() => world.close());
beforeEach(() => world.reset());

describe('scripted faults', () => {
  test('[SBX-15] timeout_before does nothing and never answers', async () => {
    const sandbox = await world.start();
    await script(sandbox, { fault: 'timeout_before' });
    expect(await call(sandbox, 'authorize', { id: 'a', key: 'k', signal: AbortSignal.timeout(100) })).toEqual({
      kind: 'unknown',
      code: 'timeout',
    });
    expect(await call(sandbox, 'lookup', { id: 'a' })).toEqual({ kind: 'done', output: { outcome: 'not_found' } });
    expect(await call(sandbox, 'authorize', { id: 'a', key: 'k' })).toEqual(done);
  });

  test('[SBX-15] timeout_after does the work and never answers', async () => {
    const sandbox = await world.start();
    await script(sandbox, { fault: 'timeout_after' });
    expect(await call(sandbox, 'authorize', { id: 'a', signal: AbortSignal.timeout(100) })).toEqual({ kind: 'unknown', code: 'timeout' });
    expect(await call(sandbox, 'lookup', { id: 'a' })).toEqual(done);
  });

  test('[SBX-15] http_502 does the work and answers what nobody can read', async () => {
    const sandbox = await world.start();
    await script(sandbox, { fault: 'http_502' });
    expect(await call(sandbox, 'authorize', { id: 'a' })).toMatchObject({ kind: 'unknown', code: 'bad_gateway' });
    expect(await call(sandbox, 'lookup', { id: 'a' })).toEqual(done);
  });

  test('[SBX-16] a fault is used up by as many calls as it says, oldest first, and only by those that match', async () => {
    const sandbox = await world.start();
    await script(sandbox, { match: { payment: 'pay_2', operation: 'authorize' }, fault: 'decline', code: 'one', times: 2 });
    await script(sandbox, { fault: 'decline' });
    expect(await call(sandbox, 'authorize', { payment: 'pay_2' })).toEqual(declined('one'));
    expect(await sandbox.faults.list()).toEqual([
      { match: { payment: 'pay_2', operation: 'authorize' }, fault: 'decline', code: 'one', times: 1 },
      { match: {}, fault: 'decline', code: 'insufficient_funds', times: 1 },
    ]);
    expect(await call(sandbox, 'authorize', { payment: 'pay_1' })).toEqual(declined('insufficient_funds'));
    expect(await call(sandbox, 'authorize', { payment: 'pay_1' })).toEqual(done);
    expect(await call(sandbox, 'authorize', { payment: 'pay_2' })).toEqual(declined('one'));
    expect(await call(sandbox, 'authorize', { payment: 'pay_2' })).toEqual(done);
    expect(await sandbox.faults.list()).toEqual([]);
  });

  test('[SBX-16] of calls that arrive together on two nodes exactly as many fail as were scripted', async () => {
    const [one, two] = [await world.start(), await world.start()];
    await script(one, { fault: 'decline', times: 7 });
    const all = await Promise.all(Array.from({ length: 40 }, (_, i) => call(i % 2 ? one : two, 'authorize')));
    expect(all.filter((result) => JSON.stringify(result).includes('insufficient_funds'))).toHaveLength(7);
  });

  test('[SBX-16] a lookup or a close fails only when the script names it', async () => {
    const sandbox = await world.start();
    await script(sandbox, { fault: 'timeout_before' });
    expect(await call(sandbox, 'lookup', { id: 'a' })).toMatchObject({ kind: 'done' });
    await sandbox.faults.clear();
    await script(sandbox, { match: { operation: 'lookup', payment: 'pay_1' }, fault: 'timeout_before' });
    expect(await call(sandbox, 'lookup', { id: 'a', payment: 'pay_2' })).toMatchObject({ kind: 'done' });
    expect(await call(sandbox, 'lookup', { id: 'a', signal: AbortSignal.timeout(100) })).toMatchObject({ kind: 'unknown' });
    expect(await call(sandbox, 'lookup', { id: 'a' })).toMatchObject({ kind: 'done' });
  });

  test('[SBX-16] a script outlives the hub', async () => {
    await script(await world.start(), { fault: 'decline' });
    expect(await call(await world.start(), 'authorize')).toEqual(declined('insufficient_funds'));
  });

  test('[SBX-16] a decline is not used up by a call that was answered before', async () => {
    const sandbox = await world.start();
    const first = await call(sandbox, 'authorize', { key: 'k', id: 'a' });
    await script(sandbox, { fault: 'decline' });
    expect(await call(sandbox, 'authorize', { key: 'k', id: 'a' })).toEqual(first);
    expect(await sandbox.faults.list()).toHaveLength(1);
  });

  test('[SBX-16] a script that could never come true is refused', () => {
    expect(sandboxFaultSchema.safeParse({ match: { operation: 'lookup' }, fault: 'decline', times: 1 }).success).toBe(false);
    expect(sandboxFaultSchema.safeParse({ match: { operation: 'explode' }, fault: 'decline', times: 1 }).success).toBe(false);
    expect(sandboxFaultSchema.safeParse({ fault: 'decline', times: 0 }).success).toBe(false);
  });
});

describe('charges', () => {
  test('[SBX-17] the list has what was really done, in the order it was done, page by page', async () => {
    const sandbox = await world.start();
    const of = await authorize(sandbox, { amount: 500 });
    await call(sandbox, 'capture', { of, amount: 400, key: 'k' });
    await call(sandbox, 'capture', { of, amount: 400 });
    await call(sandbox, 'capture', { of, amount: 400, key: 'k', id: 'other' });
    await call(sandbox, 'refund', { of, amount: 100 });
    await call(sandbox, 'close', { id: 'never' });
    await call(sandbox, 'void', { of: await authorize(sandbox, { payment: 'pay_2' }), payment: 'pay_2' });
    const first = await sandbox.charges({ limit: 3 });
    expect(first.items.map(({ operation, amount_minor }) => [operation, amount_minor])).toEqual([
      ['authorize', 500],
      ['capture', 400],
      ['refund', 100],
    ]);
    expect(first.items[1]).toEqual({
      key: 'k',
      payment: 'pay_1',
      operation: 'capture',
      amount_minor: 400,
      currency: 'EUR',
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    const second = await sandbox.charges({ limit: 3, cursor: must(first.next, 'next') });
    expect(second).toMatchObject({ items: [{ operation: 'authorize' }, { operation: 'void', payment: 'pay_2' }], next: null });
    expect((await sandbox.charges({ payment: 'pay_2' })).items).toEqual(second.items);
    expect(Math.abs(Date.parse(must(first.items[0], 'item').at) - Date.now())).toBeLessThan(60_000);
  });
});

describe('notifications', () => {
  type Came = { id: string; operation: string; at: number };
  let hub: Server;
  let url: string;
  let came: Came[];
  let refusals: number;
  let receiver: Sandbox;

  beforeEach(async () => {
    came = [];
    refusals = 0;
    receiver = await world.start();
    hub = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const headers = request.headers as Record<string, string | undefined>;
        void receiver.webhook(headers, Buffer.concat(chunks)).then(([event]) => {
          const {
            id,
            event: { operation_id },
          } = must(event, 'an event');
          came.push({ id, operation: String(operation_id), at: performance.now() });
          response.writeHead(refusals-- > 0 ? 503 : 204).end();
        });
      });
    });
    await new Promise<void>((resolve) => hub.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(hub.address() as AddressInfo).port}`;
  });

  afterEach(async () => {
    hub.closeAllConnections();
    await new Promise((resolve) => hub.close(resolve));
  });

  test('[SBX-18] a notification comes late, twice or in the wrong order when the script says so, and else not at all', async () => {
    const sandbox = await world.start({}, url);
    await call(sandbox, 'authorize', { id: 'plain' });
    await script(sandbox, { fault: 'webhook_twice' });
    expect(await call(sandbox, 'authorize', { id: 'twice' })).toEqual(done);
    await expect.poll(() => came.map(({ operation }) => operation)).toEqual(['twice', 'twice']);
    expect(came[0]?.id).toBe(came[1]?.id);

    came.length = 0;
    await script(sandbox, { fault: 'webhook_late' });
    const asked = performance.now();
    await call(sandbox, 'authorize', { id: 'late' });
    await expect.poll(() => came.map(({ operation }) => operation)).toEqual(['late']);
    expect(must(came[0], 'late').at - asked).toBeGreaterThan(2000 / HURRY - 5);

    came.length = 0;
    await script(sandbox, { fault: 'webhook_reordered' });
    await call(sandbox, 'authorize', { id: 'first', payment: 'pay_9' });
    await call(sandbox, 'authorize', { id: 'second', payment: 'pay_9' });
    await expect.poll(() => came.map(({ operation }) => operation)).toEqual(['second', 'first']);

    came.length = 0;
    await script(sandbox, { fault: 'webhook_reordered' });
    await call(sandbox, 'authorize', { id: 'lonely', payment: 'pay_9' });
    await expect.poll(() => came.map(({ operation }) => operation)).toEqual(['lonely']);
  });

  test('[SBX-18] with webhooks set to always every outcome is told, also one whose answer was lost', async () => {
    const sandbox = await world.start({ webhooks: 'always' }, url);
    await call(sandbox, 'authorize', { id: 'a' });
    await script(sandbox, { fault: 'timeout_after' });
    await call(sandbox, 'authorize', { id: 'b', signal: AbortSignal.timeout(100) });
    await script(sandbox, { fault: 'decline' });
    await call(sandbox, 'authorize', { id: 'c' });
    await call(sandbox, 'lookup', { id: 'c' });
    await expect.poll(() => came.map(({ operation }) => operation).toSorted()).toEqual(['a', 'b', 'c']);
  });

  test('[SBX-19] a notification that is not taken is sent again, with the same id', async () => {
    refusals = 2;
    const sandbox = await world.start({ webhooks: 'always' }, url);
    await call(sandbox, 'authorize', { id: 'a' });
    await expect.poll(() => came.length, { timeout: 5000 }).toBe(3);
    expect(new Set(came.map(({ id }) => id)).size).toBe(1);
  });

  test('[SBX-19] a sandbox that is closed sends nothing more', async () => {
    const sandbox = await world.start({}, url);
    await script(sandbox, { fault: 'webhook_late' });
    await call(sandbox, 'authorize');
    await sandbox.close();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(came).toEqual([]);
  });

  test('[SBX-20] a signed notification becomes an event for its payment, and nothing else does', async () => {
    const sandbox = await world.start();
    const signed = (text: string): Promise<readonly WebhookEvent[]> =>
      sandbox.webhook({ ...signedHeaders(SECRET, 'msg_1', Math.floor(Date.now() / 1000), text) }, Buffer.from(text));
    const data = { payment: 'pay_1', operation: 'authorize', operation_id: 'pay_1-authorize-1', outcome: 'done', reference: 'authorize_1' };
    const event = { type: 'GATEWAY_NOTIFIED', operation_id: 'pay_1-authorize-1', outcome: 'done' };
    expect(await signed(JSON.stringify({ type: 'operation.done', timestamp: 1, data }))).toEqual([
      { id: 'msg_1', to: 'payment/pay_1', event },
    ]);
    await expect(sandbox.webhook({}, Buffer.from('{}'))).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(signed('{"data":')).rejects.toMatchObject({ code: 'bad_json' });
    await expect(signed(JSON.stringify({ data: { ...data, payment: '../x' } }))).rejects.toMatchObject({ code: 'invalid' });
    await expect(signed(JSON.stringify({ data: { ...data, outcome: 'maybe' } }))).rejects.toMatchObject({ code: 'invalid' });
    expect(isSandbox(sandbox)).toBe(true);
  });
});
