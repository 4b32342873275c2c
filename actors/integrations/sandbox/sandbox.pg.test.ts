import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { must } from '../../../machines/must.ts';
import { testDatabase } from '../../../tests/support/postgres.ts';
import type { TestDatabase } from '../../../tests/support/postgres.ts';
import type { Log, Ports } from '../../ports/ports.ts';
import { systemPorts } from '../../ports/system.ts';
import type { CallResult, Surroundings, WebhookEvent } from '../integration.ts';
import { sandboxFaultSchema } from './faults.ts';
import { isSandbox, openSandbox } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';
import { sandboxSchema } from './schema.ts';
import { signedHeaders } from './signature.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const log: Log = { debug() {}, info() {}, warn() {}, error() {} };

let database: TestDatabase;
let pool: pg.Pool;
const open: Sandbox[] = [];

beforeAll(async () => {
  database = await testDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 4 });
  for (const statement of sandboxSchema) await pool.query(statement);
});

afterAll(async () => {
  await pool.end();
  await database.close();
});

beforeEach(async () => {
  await pool.query('TRUNCATE sandbox.journal, sandbox.authorization, sandbox.fault');
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((sandbox) => sandbox.close()));
});

/** Waiting goes twenty times as fast. */
function hurriedPorts(): Ports {
  const ports = systemPorts(log);
  return { ...ports, timers: { ...ports.timers, after: (delay_ms, run) => ports.timers.after(delay_ms / 20, run) } };
}

async function start(config: unknown = {}, hubUrl?: string, connections = pool): Promise<Sandbox> {
  const surroundings: Surroundings = {
    ports: hurriedPorts(),
    config,
    secrets: { webhook_secret: SECRET },
    hubUrl: () => hubUrl,
    database: { query: async (name, text, values) => (await connections.query({ name, text, values: [...values] })).rows },
  };
  const sandbox = await openSandbox(surroundings);
  open.push(sandbox);
  return sandbox;
}

type Asked = {
  key?: string;
  id?: string;
  payment?: string;
  amount?: number;
  currency?: string;
  reference?: string;
  of?: string;
  signal?: AbortSignal;
};

let made = 0;

/** One call; what is not given is made up, a new key and a new operation each time. */
function call(sandbox: Sandbox, operation: string, asked: Asked = {}): Promise<CallResult> {
  made += 1;
  const payment = asked.payment ?? 'pay_1';
  const operation_id = asked.id ?? `${payment}-${operation}-${made}`;
  const about = { payment, amount_minor: asked.amount ?? 1000, currency: asked.currency ?? 'EUR', reference: asked.reference ?? 'invoice 12' };
  const of = asked.of === undefined ? {} : { authorization: asked.of };
  const asks = operation === 'lookup' || operation === 'close';
  return sandbox.perform({
    key: asked.key ?? `hub/payment/${payment}@${made}#0/hash`,
    operation,
    input: { integration: 'sandbox', operation_id, ...(asks ? {} : { ...about, ...of }) },
    actor: `payment/${payment}`,
    attempt: 1,
    signal: asked.signal ?? new AbortController().signal,
  });
}

async function authorize(sandbox: Sandbox, asked: Asked = {}): Promise<string> {
  const result = await call(sandbox, 'authorize', asked);
  const output = result.kind === 'done' ? (result.output as { gateway_reference?: string }) : {};
  return must(output.gateway_reference, `an authorization, not ${JSON.stringify(result)}`);
}

function declined(code: string): CallResult {
  return { kind: 'done', output: { outcome: 'declined', code } };
}

const done = { kind: 'done', output: { outcome: 'done', gateway_reference: expect.any(String) } };

function isDone(result: CallResult): boolean {
  return result.kind === 'done' && (result.output as { outcome: string }).outcome === 'done';
}

const soon = (): AbortSignal => AbortSignal.timeout(100);

async function operations(sandbox: Sandbox): Promise<string[]> {
  return (await sandbox.charges()).items.map(({ operation }) => operation);
}

describe('keys', () => {
  test('[SBX-1] a call that is repeated with its key gets the first answer again and charges nothing', async () => {
    const sandbox = await start();
    const first = await call(sandbox, 'authorize', { key: 'k', id: 'a' });
    const again = await Promise.all([1, 2, 3].map(() => call(sandbox, 'authorize', { key: 'k', id: 'a' })));
    expect(first).toEqual(done);
    expect(again).toEqual([first, first, first]);
    expect(await operations(sandbox)).toEqual(['authorize']);
  });

  test('[SBX-1] repeats that arrive together charge once', async () => {
    const [one, two] = [await start(), await start()];
    const all = await Promise.all(Array.from({ length: 50 }, (_, i) => call(i % 2 ? one : two, 'authorize', { key: 'k', id: 'a' })));
    expect(new Set(all.map((result) => JSON.stringify(result))).size).toBe(1);
    expect(await operations(one)).toEqual(['authorize']);
  });

  test('[SBX-2] an operation that is asked for again under another key is the same operation', async () => {
    const sandbox = await start();
    const first = await call(sandbox, 'authorize', { key: 'k1', id: 'a' });
    expect(await call(sandbox, 'authorize', { key: 'k2', id: 'a' })).toEqual(first);
    expect(await operations(sandbox)).toEqual(['authorize']);
  });

  test('[SBX-3] a key or an operation id that comes with another request is refused', async () => {
    const sandbox = await start();
    await call(sandbox, 'authorize', { key: 'k', id: 'a', amount: 1000 });
    const reused = { kind: 'failed', code: 'key_reused' };
    expect(await call(sandbox, 'authorize', { key: 'k', id: 'a', amount: 1001 })).toEqual(reused);
    expect(await call(sandbox, 'authorize', { key: 'k', id: 'b', amount: 1000 })).toEqual(reused);
    expect(await call(sandbox, 'authorize', { key: 'other', id: 'a', amount: 1001 })).toEqual(reused);
    expect(await operations(sandbox)).toEqual(['authorize']);
  });
});

describe('money', () => {
  test('[SBX-4] captures never come to more than was authorized, however many arrive at once', async () => {
    const [one, two] = [await start(), await start()];
    const of = await authorize(one, { amount: 1000 });
    const all = await Promise.all(Array.from({ length: 20 }, (_, i) => call(i % 2 ? one : two, 'capture', { of, amount: 300 })));
    expect(all.filter(isDone)).toHaveLength(3);
    expect(all).toContainEqual(declined('amount_exceeds_authorized'));
    expect(await call(one, 'capture', { of, amount: 100 })).toEqual(done);
    expect(await call(one, 'capture', { of, amount: 1 })).toEqual(declined('amount_exceeds_authorized'));
  });

  test('[SBX-5] refunds never come to more than was captured', async () => {
    const sandbox = await start();
    const of = await authorize(sandbox, { amount: 1000 });
    expect(await call(sandbox, 'refund', { of, amount: 1 })).toEqual(declined('amount_exceeds_captured'));
    await call(sandbox, 'capture', { of, amount: 500 });
    const all = await Promise.all(Array.from({ length: 5 }, () => call(sandbox, 'refund', { of, amount: 200 })));
    expect(all.filter(isDone)).toHaveLength(2);
    expect(await call(sandbox, 'refund', { of, amount: 100 })).toEqual(done);
  });

  test('[SBX-6] only an authorization that was not captured can be voided, and a voided one cannot be captured', async () => {
    const sandbox = await start();
    const captured = await authorize(sandbox);
    await call(sandbox, 'capture', { of: captured, amount: 1 });
    expect(await call(sandbox, 'void', { of: captured })).toEqual(declined('already_captured'));
    const voided = await authorize(sandbox);
    expect(await call(sandbox, 'void', { of: voided })).toEqual(done);
    expect(await call(sandbox, 'capture', { of: voided, amount: 1 })).toEqual(declined('authorization_voided'));
    expect(await call(sandbox, 'void', { of: voided })).toEqual(declined('authorization_voided'));
  });

  test('[SBX-7] what is captured must be an authorization of the same payment and currency', async () => {
    const sandbox = await start();
    const of = await authorize(sandbox, { payment: 'pay_1' });
    const missing = declined('authorization_not_found');
    expect(await call(sandbox, 'capture', { of: 'authorize_999999999' })).toEqual(missing);
    expect(await call(sandbox, 'capture', { of: 'no such reference' })).toEqual(missing);
    expect(await call(sandbox, 'capture', { of, payment: 'pay_2' })).toEqual(missing);
    expect(await call(sandbox, 'capture', { of, currency: 'USD' })).toEqual(declined('currency_mismatch'));
  });

  test('[SBX-8] whatever is asked for at once, the journal tells a history in which no rule was ever broken', async () => {
    const step = fc.record({ operation: fc.constantFrom('capture', 'refund', 'void'), amount: fc.integer({ min: 1, max: 600 }), node: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const [one, two] = [await start(), await start()];
        made += 1;
        const payment = `pay_${made}`;
        const of = await authorize(one, { payment, amount: 1000 });
        const answers = await Promise.all(steps.map(({ node, operation, amount }) => call(node ? one : two, operation, { payment, of, amount })));
        const { items } = await one.charges({ payment });
        const total = (operation: string, upTo: number): number =>
          items.slice(0, upTo).filter((item) => item.operation === operation).reduce((sum, item) => sum + item.amount_minor, 0);
        for (let i = 1; i <= items.length; i++) {
          expect(total('capture', i)).toBeLessThanOrEqual(1000);
          expect(total('refund', i)).toBeLessThanOrEqual(total('capture', i));
        }
        const voids = items.filter(({ operation }) => operation === 'void').length;
        expect(voids === 0 || items.length === 2).toBe(true);
        expect(items).toHaveLength(answers.filter(isDone).length + 1);
      }),
      { numRuns: 40 },
    );
  });
});

describe('answers', () => {
  test('[SBX-9] a decline is written down, and its repeat is the same decline', async () => {
    const sandbox = await start();
    await sandbox.faults.add(sandboxFaultSchema.parse({ fault: 'decline', code: 'card_expired', times: 1 }));
    expect(await call(sandbox, 'authorize', { key: 'k', id: 'a' })).toEqual(declined('card_expired'));
    expect(await call(sandbox, 'authorize', { key: 'k', id: 'a' })).toEqual(declined('card_expired'));
    expect(await call(sandbox, 'lookup', { id: 'a' })).toEqual(declined('card_expired'));
    expect(await operations(sandbox)).toEqual([]);
  });

  test('[SBX-9] an authorization whose reference says so is declined', async () => {
    const sandbox = await start();
    expect(await call(sandbox, 'authorize', { reference: 'sandbox:decline' })).toEqual(declined('insufficient_funds'));
    expect(await call(sandbox, 'authorize', { reference: 'demo sandbox:decline:card_lost' })).toEqual(declined('card_lost'));
  });

  test('[SBX-10] a lookup finds what became of an operation, and not_found where nothing did', async () => {
    const sandbox = await start();
    const first = await call(sandbox, 'authorize', { id: 'a' });
    expect(await call(sandbox, 'lookup', { id: 'a' })).toEqual(first);
    expect(await call(sandbox, 'lookup', { id: 'b' })).toEqual({ kind: 'done', output: { outcome: 'not_found' } });
  });

  test('[SBX-11] an operation that is closed before it was seen is refused for ever', async () => {
    const sandbox = await start();
    const canceled = { kind: 'done', output: { outcome: 'canceled' } };
    expect(await call(sandbox, 'close', { id: 'a', key: 'c' })).toEqual(canceled);
    expect(await call(sandbox, 'authorize', { id: 'a' })).toEqual({ kind: 'failed', code: 'closed' });
    expect(await call(sandbox, 'close', { id: 'a', key: 'c' })).toEqual(canceled);
    expect(await call(sandbox, 'close', { id: 'a' })).toEqual(canceled);
    expect(await call(sandbox, 'lookup', { id: 'a' })).toEqual({ kind: 'done', output: { outcome: 'not_found' } });
    expect(await operations(sandbox)).toEqual([]);
  });

  test('[SBX-11] closing an operation that was done answers what it came to', async () => {
    const sandbox = await start();
    const first = await call(sandbox, 'authorize', { id: 'a' });
    expect(await call(sandbox, 'close', { id: 'a' })).toEqual(first);
    expect(await call(sandbox, 'authorize', { id: 'a' })).toEqual(first);
  });

  test('[SBX-11] a call and the closing of it that arrive together agree on what happened', async () => {
    const [one, two] = [await start(), await start()];
    for (let i = 0; i < 30; i++) {
      const id = `a${i}`;
      const [charged, closed] = await Promise.all([call(one, 'authorize', { id }), call(two, 'close', { id })]);
      if (charged?.kind === 'done') expect(closed).toEqual(charged);
      else expect([charged, closed]).toEqual([{ kind: 'failed', code: 'closed' }, { kind: 'done', output: { outcome: 'canceled' } }]);
    }
  });

  test('[SBX-12] a call with malformed input fails alone and changes nothing', async () => {
    const sandbox = await start();
    const bad = [{ amount: -1 }, { amount: 0.5 }, { amount: 2 ** 53 }, { reference: 'a\0b' }, { reference: '\ud800' }, { currency: 'euro' }, { payment: '../x' }, { id: '' }];
    const all = await Promise.all([...bad.map((asked) => call(sandbox, 'authorize', asked)), call(sandbox, 'authorize'), call(sandbox, 'capture'), call(sandbox, 'explode')]);
    expect(all.filter((result) => result.kind === 'failed' && result.code === 'invalid')).toHaveLength(bad.length + 2);
    expect(all[bad.length]).toEqual(done);
    expect(await operations(sandbox)).toEqual(['authorize']);
  });

  test('[SBX-12] a value that only PostgreSQL refuses fails alone', async () => {
    const sandbox = await start();
    const [bad, good] = await Promise.all([call(sandbox, 'authorize', { key: 'a\0b' }), call(sandbox, 'authorize')]);
    expect(bad?.kind).toBe('unknown');
    expect(good).toEqual(done);
  });

  test('[SBX-13] a call that is given up before it is begun is not done', async () => {
    const sandbox = await start();
    expect(await call(sandbox, 'authorize', { id: 'a', signal: AbortSignal.abort() })).toEqual({ kind: 'unknown', code: 'timeout' });
    expect(await call(sandbox, 'lookup', { id: 'a' })).toEqual({ kind: 'done', output: { outcome: 'not_found' } });
  });

  test('[SBX-14] a thousand calls at once are each answered with their own answer', async () => {
    const sandbox = await start();
    const payments = Array.from({ length: 1000 }, (_, i) => `many_${i}`);
    const references = await Promise.all(payments.map((payment) => authorize(sandbox, { payment })));
    const captures = await Promise.all(payments.map((payment, i) => call(sandbox, 'capture', { payment, of: must(references[i], 'reference') })));
    expect(new Set(references).size).toBe(1000);
    expect(captures.every((result) => JSON.stringify(result).includes('capture_'))).toBe(true);
  });

  test('[SBX-14] a plan that was made while the journal was empty still uses its indexes when it has grown', async () => {
    const fresh = await testDatabase();
    const first = new pg.Pool({ connectionString: fresh.url, max: 1 });
    for (const statement of sandboxSchema) await first.query(statement);
    await first.query('VACUUM ANALYZE');
    const sandbox = await start({}, undefined, first);
    const of = await authorize(sandbox);
    for (let i = 0; i < 20; i++) await call(sandbox, 'capture', { of, amount: 1 });
    // Its figures are complete once the connection has ended.
    await first.end();
    const second = new pg.Pool({ connectionString: fresh.url, max: 1 });
    const figures = `SELECT sum(idx_scan)::int AS by_index, sum(seq_tup_read)::int AS by_scan FROM pg_stat_user_tables WHERE relname IN ('journal', 'authorization')`;
    await expect.poll(async () => (await second.query(figures)).rows[0].by_index, { timeout: 3000 }).toBeGreaterThan(60);
    expect((await second.query(figures)).rows[0].by_scan).toBe(0);
    await second.end();
    await fresh.close();
  });
});

describe('scripted faults', () => {
  test('[SBX-15] timeout_before does nothing and never answers', async () => {
    const sandbox = await start();
    await sandbox.faults.add(sandboxFaultSchema.parse({ fault: 'timeout_before', times: 1 }));
    expect(await call(sandbox, 'authorize', { id: 'a', key: 'k', signal: soon() })).toEqual({ kind: 'unknown', code: 'timeout' });
    expect(await call(sandbox, 'lookup', { id: 'a' })).toEqual({ kind: 'done', output: { outcome: 'not_found' } });
    expect(await call(sandbox, 'authorize', { id: 'a', key: 'k' })).toEqual(done);
  });

  test('[SBX-15] timeout_after does the work and never answers', async () => {
    const sandbox = await start();
    await sandbox.faults.add(sandboxFaultSchema.parse({ fault: 'timeout_after', times: 1 }));
    expect(await call(sandbox, 'authorize', { id: 'a', signal: soon() })).toEqual({ kind: 'unknown', code: 'timeout' });
    expect(await call(sandbox, 'lookup', { id: 'a' })).toEqual(done);
  });

  test('[SBX-15] http_502 does the work and answers what nobody can read', async () => {
    const sandbox = await start();
    await sandbox.faults.add(sandboxFaultSchema.parse({ fault: 'http_502', times: 1 }));
    expect(await call(sandbox, 'authorize', { id: 'a' })).toMatchObject({ kind: 'unknown', code: 'bad_gateway' });
    expect(await call(sandbox, 'lookup', { id: 'a' })).toEqual(done);
  });

  test('[SBX-16] a fault is used up by as many calls as it says, oldest first, and only by those that match', async () => {
    const sandbox = await start();
    await sandbox.faults.add(sandboxFaultSchema.parse({ match: { payment: 'pay_2', operation: 'authorize' }, fault: 'decline', code: 'one', times: 2 }));
    await sandbox.faults.add(sandboxFaultSchema.parse({ fault: 'decline', times: 1 }));
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
    const [one, two] = [await start(), await start()];
    await one.faults.add(sandboxFaultSchema.parse({ fault: 'decline', times: 7 }));
    const all = await Promise.all(Array.from({ length: 40 }, (_, i) => call(i % 2 ? one : two, 'authorize')));
    expect(all.filter((result) => JSON.stringify(result).includes('insufficient_funds'))).toHaveLength(7);
  });

  test('[SBX-16] a lookup or a close fails only when the script names it', async () => {
    const sandbox = await start();
    await sandbox.faults.add(sandboxFaultSchema.parse({ fault: 'timeout_before', times: 1 }));
    expect(await call(sandbox, 'lookup', { id: 'a' })).toMatchObject({ kind: 'done' });
    await sandbox.faults.clear();
    await sandbox.faults.add(sandboxFaultSchema.parse({ match: { operation: 'lookup', payment: 'pay_1' }, fault: 'timeout_before', times: 1 }));
    expect(await call(sandbox, 'lookup', { id: 'a', payment: 'pay_2' })).toMatchObject({ kind: 'done' });
    expect(await call(sandbox, 'lookup', { id: 'a', signal: soon() })).toMatchObject({ kind: 'unknown' });
    expect(await call(sandbox, 'lookup', { id: 'a' })).toMatchObject({ kind: 'done' });
  });

  test('[SBX-16] a script outlives the hub', async () => {
    await (await start()).faults.add(sandboxFaultSchema.parse({ fault: 'decline', times: 1 }));
    expect(await call(await start(), 'authorize')).toEqual(declined('insufficient_funds'));
  });

  test('[SBX-16] a decline is not used up by a call that was answered before', async () => {
    const sandbox = await start();
    const first = await call(sandbox, 'authorize', { key: 'k', id: 'a' });
    await sandbox.faults.add(sandboxFaultSchema.parse({ fault: 'decline', times: 1 }));
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
    const sandbox = await start();
    const of = await authorize(sandbox, { amount: 500 });
    await call(sandbox, 'capture', { of, amount: 400, key: 'k' });
    await call(sandbox, 'capture', { of, amount: 400 });
    await call(sandbox, 'capture', { of, amount: 400, key: 'k', id: 'other' });
    await call(sandbox, 'refund', { of, amount: 100 });
    await call(sandbox, 'close', { id: 'never' });
    await call(sandbox, 'void', { of: await authorize(sandbox, { payment: 'pay_2' }), payment: 'pay_2' });
    const first = await sandbox.charges({ limit: 3 });
    expect(first.items.map(({ operation, amount_minor }) => [operation, amount_minor])).toEqual([['authorize', 500], ['capture', 400], ['refund', 100]]);
    expect(first.items[1]).toEqual({ key: 'k', payment: 'pay_1', operation: 'capture', amount_minor: 400, currency: 'EUR', at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) });
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
    receiver = await start();
    hub = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const headers = request.headers as Record<string, string | undefined>;
        void receiver.webhook(headers, Buffer.concat(chunks)).then(([event]) => {
          const { id, event: { operation_id } } = must(event, 'an event');
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
    const sandbox = await start({}, url);
    const script = (fault: string): Promise<void> => sandbox.faults.add(sandboxFaultSchema.parse({ fault, times: 1 }));
    await call(sandbox, 'authorize', { id: 'plain' });
    await script('webhook_twice');
    expect(await call(sandbox, 'authorize', { id: 'twice' })).toEqual(done);
    await expect.poll(() => came.map(({ operation }) => operation)).toEqual(['twice', 'twice']);
    expect(came[0]?.id).toBe(came[1]?.id);

    came.length = 0;
    await script('webhook_late');
    const asked = performance.now();
    await call(sandbox, 'authorize', { id: 'late' });
    await expect.poll(() => came.map(({ operation }) => operation)).toEqual(['late']);
    expect(must(came[0], 'late').at - asked).toBeGreaterThan(2000 / 20 - 5);

    came.length = 0;
    await script('webhook_reordered');
    await call(sandbox, 'authorize', { id: 'first', payment: 'pay_9' });
    await call(sandbox, 'authorize', { id: 'second', payment: 'pay_9' });
    await expect.poll(() => came.map(({ operation }) => operation)).toEqual(['second', 'first']);

    came.length = 0;
    await script('webhook_reordered');
    await call(sandbox, 'authorize', { id: 'lonely', payment: 'pay_9' });
    await expect.poll(() => came.map(({ operation }) => operation)).toEqual(['lonely']);
  });

  test('[SBX-18] with webhooks set to always every outcome is told, also one whose answer was lost', async () => {
    const sandbox = await start({ webhooks: 'always' }, url);
    await call(sandbox, 'authorize', { id: 'a' });
    await sandbox.faults.add(sandboxFaultSchema.parse({ fault: 'timeout_after', times: 1 }));
    await call(sandbox, 'authorize', { id: 'b', signal: soon() });
    await sandbox.faults.add(sandboxFaultSchema.parse({ fault: 'decline', times: 1 }));
    await call(sandbox, 'authorize', { id: 'c' });
    await call(sandbox, 'lookup', { id: 'c' });
    await expect.poll(() => came.map(({ operation }) => operation).toSorted()).toEqual(['a', 'b', 'c']);
  });

  test('[SBX-19] a notification that is not taken is sent again, with the same id', async () => {
    refusals = 2;
    const sandbox = await start({ webhooks: 'always' }, url);
    await call(sandbox, 'authorize', { id: 'a' });
    await expect.poll(() => came.length, { timeout: 5000 }).toBe(3);
    expect(new Set(came.map(({ id }) => id)).size).toBe(1);
  });

  test('[SBX-19] a sandbox that is closed sends nothing more', async () => {
    const sandbox = await start({}, url);
    await sandbox.faults.add(sandboxFaultSchema.parse({ fault: 'webhook_late', times: 1 }));
    await call(sandbox, 'authorize');
    await sandbox.close();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(came).toEqual([]);
  });

  test('[SBX-20] a signed notification becomes an event for its payment, and nothing else does', async () => {
    const sandbox = await start();
    const signed = (text: string): Promise<readonly WebhookEvent[]> =>
      sandbox.webhook({ ...signedHeaders(SECRET, 'msg_1', Math.floor(Date.now() / 1000), text) }, Buffer.from(text));
    const data = { payment: 'pay_1', operation: 'authorize', operation_id: 'pay_1-authorize-1', outcome: 'done', reference: 'authorize_1' };
    const event = { type: 'GATEWAY_NOTIFIED', operation_id: 'pay_1-authorize-1', outcome: 'done' };
    expect(await signed(JSON.stringify({ type: 'operation.done', timestamp: 1, data }))).toEqual([{ id: 'msg_1', to: 'payment/pay_1', event }]);
    await expect(sandbox.webhook({}, Buffer.from('{}'))).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(signed('{"data":')).rejects.toMatchObject({ code: 'bad_json' });
    await expect(signed(JSON.stringify({ data: { ...data, payment: '../x' } }))).rejects.toMatchObject({ code: 'invalid' });
    await expect(signed(JSON.stringify({ data: { ...data, outcome: 'maybe' } }))).rejects.toMatchObject({ code: 'invalid' });
    expect(isSandbox(sandbox)).toBe(true);
  });
});
