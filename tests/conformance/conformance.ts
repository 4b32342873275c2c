import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { THROTTLED } from '../../actors/integrations/integration.ts';
import type { CallResult, Integration, IntegrationKind } from '../../actors/integrations/integration.ts';
import type { Log } from '../../actors/ports/ports.ts';
import { systemPorts } from '../../actors/ports/system.ts';
import { Fault } from '../../machines/fault.ts';
import { FaultyServer, RETRY_AFTER_S, WIRE_FAULTS } from '../support/faulty-server.ts';
import type { WireFault } from '../support/faulty-server.ts';

/** A kind of integration, and what the suite has to know to try it. */
export type Subject = {
  readonly kind: IntegrationKind;
  /** Its settings, where it has to call this address; without it, it calls nobody. */
  readonly settings?: (url: string) => object;
  /** Each is looked for in whatever comes out. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** By operation: an input that it takes. */
  readonly inputs: Readonly<Record<string, object>>;
  /** Settings that it may not take, with the place that is wrong. */
  readonly wrong?: readonly (readonly [config: object, where: string])[];
  /** Has the same done twice under one key, and says how often it was really done; for one that changes something. */
  readonly twice?: () => Promise<number>;
  readonly open?: (config: object, log: Log) => Promise<Integration>;
};

const PATIENCE_MS = 700;
const KINDS = ['done', 'failed', 'retry', 'unknown'];

type Try = { readonly result: CallResult; readonly said: string };

/** What every integration keeps to, whatever is on the other side. */
export function conform(subject: Subject): void {
  const { kind } = subject;
  describe(`the integration ${kind.name}`, () => {
    declares(subject);
    refuses(subject);
    if (subject.settings !== undefined) outlasts(subject);
    const reads = Object.values(kind.operations).every((operation) => operation.reads === true);
    test.skipIf(reads)('[CONF-8] the same key twice is one effect', async () => {
      expect(await subject.twice?.()).toBe(1);
    });
  });
}

function declares({ kind, inputs }: Subject): void {
  test('[CONF-1] it has a name, says what it provides, and explains every setting and every secret', () => {
    expect([kind.name, kind.provides].filter((name) => !/^[a-z][a-z0-9_]{0,31}$/.test(name))).toEqual([]);
    expect([kind.title.trim() === '', kind.concurrency >= 1, kind.timeout_ms >= 1]).toEqual([false, true, true]);
    const { properties = {} } = z.toJSONSchema(kind.config, { io: 'input' }) as {
      properties?: Record<string, { title?: string; description?: string }>;
    };
    const silent = Object.entries(properties).filter(([, { title = '', description = '' }]) => title === '' || description === '');
    expect(silent).toEqual([]);
    for (const [name, { title, about }] of Object.entries(kind.secrets ?? {})) expect([name, title, about]).not.toContain('');
    expect(kind.config.safeParse({}).success).toBe(true);
  });

  test('[CONF-1] the suite knows an input of each of its operations, and each is one', () => {
    expect(Object.keys(inputs).toSorted()).toEqual(Object.keys(kind.operations).toSorted());
    for (const [name, input] of Object.entries(inputs))
      expect([name, kind.operations[name]?.input.safeParse(input).success]).toEqual([name, true]);
  });
}

function refuses(subject: Subject): void {
  const { kind, inputs, wrong = [], settings } = subject;
  test('[CONF-2] what is wrong with its settings is said at the place, also what it does not know', () => {
    for (const [config, where] of [...wrong, [{ no_such_setting: 1 }, ''] as const]) {
      const issues = kind.config.safeParse(config).error?.issues ?? [];
      expect([where, issues.map(({ path }) => path.join('.'))]).toEqual([where, [where]]);
    }
  });

  test.each(Object.keys(inputs))('[CONF-3] %s: an input that is none fails, throws nothing and does nothing', async (operation) => {
    const server = await FaultyServer.start();
    const integration = await opened(subject, settings?.(server.url) ?? {}, []);
    for (const input of [undefined, null, 7, 'x', [], {}, { ...inputs[operation], no_such_field: 1 }]) {
      expect(await tried(integration, operation, input)).toMatchObject({ kind: 'failed', code: expect.any(String) as string });
    }
    expect((await tried(integration, 'no_such_operation', inputs[operation])).kind).toBe('failed');
    expect(server.taken).toEqual([]);
    await integration.close();
    await server.stop();
  });

  test('[CONF-4] a notification that is not the provider’s is refused', async () => {
    const integration = await opened(subject, settings?.('http://127.0.0.1:9/') ?? {}, []);
    for (const body of ['', '{}', 'no json', '[]', '{"id":"evt_1","type":"x"}']) {
      const taken =
        integration.webhook?.({ 'content-type': 'application/json' }, Buffer.from(body)) ?? Promise.reject(new Fault('not_found'));
      await expect(taken).rejects.toBeInstanceOf(Fault);
    }
    await integration.close();
  });
}

function outlasts(subject: Subject): void {
  const { kind, settings = () => ({}), secrets = {}, inputs } = subject;
  let server: FaultyServer;
  let nowhere: string;
  beforeAll(async () => {
    nowhere = await FaultyServer.nowhere();
    server = await FaultyServer.start();
  });
  afterAll(() => server.stop());

  async function meet(fault: WireFault, operation: string): Promise<Try> {
    server.fault = fault;
    const lines: string[] = [];
    const integration = await opened(subject, settings(fault === 'refused' ? nowhere : server.url), lines);
    const result = await tried(integration, operation, inputs[operation]);
    await integration.close();
    return { result, said: lines.join('\n') + JSON.stringify(result) };
  }

  const cases = WIRE_FAULTS.flatMap((fault) => Object.keys(inputs).map((operation) => [fault, operation] as const));
  test.each(cases)('[CONF-5] %s: %s has one of the four results, and the right one', async (fault, operation) => {
    const { result, said } = await meet(fault, operation);
    expect(KINDS).toContain(result.kind);
    expect(result.kind).not.toBe('done');
    const reads = kind.operations[operation]?.reads === true;
    const isOpen = ['cut_after', '500', 'html', 'endless', 'slow'].includes(fault);
    if (fault === 'refused') expect(result.kind).toBe('retry');
    // It has been sent, so it may have been done.
    if (isOpen && !reads) expect(result.kind).toBe('unknown');
    if ((fault === '401' || fault === '403') && Object.keys(secrets).length > 0) {
      expect(result).toMatchObject({ kind: 'failed', code: 'unauthorized' });
    }
    if (fault === '429') {
      expect(result).toMatchObject({ kind: 'retry', after_ms: RETRY_AFTER_S * 1000 });
      expect(THROTTLED).toContain(result.kind === 'retry' ? result.code : '');
    }
    for (const [name, secret] of Object.entries(secrets)) expect([name, said.includes(secret)]).toEqual([name, false]);
  });

  test.each(Object.keys(inputs))('[CONF-6] %s is given up with its signal, at once', async (operation) => {
    server.fault = 'slow';
    const integration = await opened(subject, settings(server.url), []);
    const began = performance.now();
    await tried(integration, operation, inputs[operation], 100);
    expect(performance.now() - began).toBeLessThan(2_000);
    await integration.close();
  });

  test('[CONF-7] it is looked at without a throw, whatever is there, and a look that came to nothing says why', async () => {
    for (const fault of WIRE_FAULTS) {
      server.fault = fault;
      const integration = await opened(subject, settings(fault === 'refused' ? nowhere : server.url), []);
      const { signal, cancel } = systemPorts(quiet([])).timers.deadline(PATIENCE_MS);
      const probed = await integration.probe?.(signal).finally(cancel);
      if (probed !== undefined) expect([fault, probed]).toEqual([fault, expect.objectContaining({ code: expect.any(String) as string })]);
      await integration.close();
    }
  });
}

function quiet(lines: string[]): Log {
  const take = (...said: unknown[]): void =>
    void lines.push(JSON.stringify(said, Object.getOwnPropertyNames(new Error()).concat(keysOf(said))));
  return { debug: take, info: take, warn: take, error: take };
}

function keysOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...keysOf(inner)]);
}

function opened({ kind, secrets = {}, open }: Subject, config: object, lines: string[]): Promise<Integration> {
  const log = quiet(lines);
  if (open !== undefined) return open(config, log);
  const database = { query: () => Promise.reject(new Error('It keeps nothing in the database')) };
  return kind.open({
    ports: systemPorts(log),
    config: kind.config.parse(config),
    secrets,
    hubUrl: () => undefined,
    database,
    gate: undefined as never,
  });
}

async function tried(integration: Integration, operation: string, input: unknown, patience_ms = PATIENCE_MS): Promise<CallResult> {
  const { signal, cancel } = systemPorts(quiet([])).timers.deadline(patience_ms);
  const call = { key: 'hub_1/payment/pay_1@3#0/hash', operation, input, actor: 'payment/pay_1', attempt: 1, signal };
  return integration.perform(call).finally(cancel);
}
