import { connect } from '@nats-io/transport-node';
import { appendFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HeadsKey, readHeads } from '../actors/signed-heads.ts';
import { startEmbedded } from '../hub/embedded/services.ts';
import { readSignedHeads } from '../hub/signed-heads.ts';
import { withDatabase } from './support/drill.ts';
import { eventually, openDirectory, processHub } from './support/process-hub.ts';
import type { ProcessHub } from './support/process-hub.ts';
import { Person, STORM_ENV, setStage } from './support/storm.ts';

const INPUT = { client: 'acme', payee: 'Bar Supplies Ltd', amount_minor: 2_500, currency: 'EUR', reference: 'INV-1' };
const SECRET = 'a secret key for tests, of 32 characters or more';

describe('a hub and the heads that it signed', () => {
  let dataDir: string;
  let hub: ProcessHub;
  const key = new HeadsKey(SECRET).publicKey;

  const create = async (id: string): Promise<void> => {
    const { status } = await new Person(hub, 'clerk').call('POST', '/v1/actors/payment', { id, input: INPUT }, `create-${id}`);
    expect(status).toBe(201);
  };
  const missing = async (): Promise<string | undefined> =>
    /^hub_heads_missing (\d+)$/m.exec(await (await fetch(`${hub.url}/metrics`)).text())?.[1];
  /** What somebody does to the database while no hub runs. */
  const meanwhile = async (sql: string): Promise<void> => {
    const services = await startEmbedded({
      ...{ dataDir, postgres: true, nats: false, natsPort: 0, progress: () => undefined },
      log: { info: () => undefined, warn: console.warn, error: console.error },
    });
    await withDatabase(dataDir, (client) => client.query(sql)).finally(() => services.stop());
  };
  const history = (): Promise<string> =>
    withDatabase(dataDir, async (client) =>
      String((await client.query(`select value from setting where name = 'history'`)).rows[0]?.value),
    );
  /** How often the hub has raised the alarm since its process was first started. */
  const alarms = (): number => hub.output().split('The journal lacks what was signed').length - 1;

  beforeAll(async () => {
    dataDir = await openDirectory('heads');
    hub = await processHub(dataDir, { ...STORM_ENV, HUB_CONSOLE: '0', HUB_SECRET_KEY: SECRET });
    await hub.start();
    await setStage(hub);
  }, 90_000);

  afterAll(async () => {
    await hub.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  test(
    '[HEAD-7] a hub that stops leaves the end of every partition signed, and says it over NATS as well',
    { timeout: 60_000 },
    async () => {
      const password = readFileSync(join(dataDir, 'secrets', 'nats-hub'), 'utf8').trim();
      const natsPort = Number(/"port":(\d+)/.exec(readFileSync(join(dataDir, 'nats', 'state.json'), 'utf8'))?.[1]);
      const nats = await connect({ servers: `127.0.0.1:${natsPort}`, user: 'hub', pass: password, reconnect: false });
      const heard: string[] = [];
      nats.subscribe('greenlines.heads.>', { callback: (_, message) => void heard.push(message.string()) });
      await nats.flush();
      await create('one');
      await eventually('the heads are signed while the hub runs', 20_000, () => heard.length > 0);
      expect(readHeads(`${heard[0]}\n`, key)).toMatchObject({ troubles: [], records: [{ reason: 'running' }] });
      await nats.close();
      const ends = await withDatabase(dataDir, async (client) => {
        const { rows } = await client.query<{ partition: number; seq: string }>(
          `select partition, max(seq) as seq from journal group by partition`,
        );
        return new Map(rows.map(({ partition, seq }) => [partition, Number(seq)]));
      });
      expect(await hub.stop()).toBe(0);
      const read = readSignedHeads(dataDir, key);
      expect(read.troubles).toEqual([]);
      for (const [partition, seq] of ends)
        expect(read.expected.get(partition)?.at(-1)?.seq, `partition ${partition}`).toBeGreaterThanOrEqual(seq);
      await hub.start();
      expect(await missing()).toBe('0');
      expect(alarms()).toBe(0);
    },
  );

  test(
    '[HEAD-8] a journal whose end was cut off is found at the next start: alarm, another history for clients, and work goes on',
    { timeout: 90_000 },
    async () => {
      await create('cut');
      const before = await history();
      await hub.stop();
      await meanwhile(`with gone as (delete from journal where actor = 'payment/cut' returning actor) delete from actor where address in (select actor from gone);
      delete from creation where actor = 'payment/cut'`);
      await hub.start();
      expect(alarms()).toBe(1);
      expect(await missing()).toBe('1');
      expect(await history()).not.toBe(before);
      await create('cut'); // nobody knows it any more
      await hub.stop();
      await hub.start();
      expect(alarms(), 'it is told once').toBe(1);
      expect(await missing()).toBe('0');
      expect(readSignedHeads(dataDir, key).resets.map(({ reason }) => reason)).toEqual(['lost']);
    },
  );

  test('[HEAD-9] a row whose end of the journal was replaced by another is found as well', { timeout: 90_000 }, async () => {
    await create('replaced');
    await hub.stop();
    await meanwhile(`update journal set hash = repeat('0', 64) where actor = 'payment/replaced'
      and version = (select max(version) from journal where actor = 'payment/replaced')`);
    await hub.start();
    expect(alarms()).toBe(2);
    expect(readSignedHeads(dataDir, key).resets).toHaveLength(2);
  });

  test(
    '[HEAD-10] neither a crash nor a line that it cut short is an alarm, and a line that somebody changed is one',
    { timeout: 90_000 },
    async () => {
      const newest = (): string => join(dataDir, 'heads', readdirSync(join(dataDir, 'heads')).toSorted().at(-1) ?? '');
      await create('crash');
      await hub.kill();
      appendFileSync(newest(), '{"signed":{"format":1,"hub_id"');
      await hub.start();
      expect(alarms()).toBe(2);
      expect(hub.output()).not.toContain('The file of signed heads was changed');
      await create('after-the-crash');
      await hub.stop();
      const text = readFileSync(newest(), 'utf8');
      writeFileSync(
        newest(),
        text.replace(/"seq"|\[(\d+),(\d+),/, (_, partition: string, seq: string) => `[${partition},${Number(seq) + 1},`),
      );
      await hub.start();
      expect(hub.output()).toContain('The file of signed heads was changed');
    },
  );
});
