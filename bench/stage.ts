import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Caller } from '../actors/caller.ts';
import type { Outcome } from '../actors/delivery.ts';
import { startApp } from '../hub/app.ts';
import type { App } from '../hub/app.ts';
import { readConfig } from '../hub/config.ts';
import type { Hub } from '../hub/hub.ts';
import type { Definition } from '../machines/machine.ts';

/** A hub as `npm start` brings it up, with its own data directory, for a bench. */
export type Stage = { readonly app: App; readonly hub: Hub; readonly databaseUrl: string; readonly close: () => Promise<void> };

const OPERATOR: Caller = { kind: 'person', id: 'operator', roles: ['operator'] };
const CLERK: Caller = { kind: 'person', id: 'clerk', roles: ['clerk'] };
const APPROVER: Caller = { kind: 'person', id: 'approver', roles: ['approver'] };

export async function openStage(env: Readonly<Record<string, string>> = {}, machines: readonly Definition[] = []): Promise<Stage> {
  const dataDir = await mkdtemp(join(tmpdir(), 'green-lines-bench-'));
  await chmod(dataDir, 0o711); // as root, the account of PostgreSQL has to pass through it
  const config = readConfig({
    HUB_DATA_DIR: dataDir,
    HUB_PORT: '0',
    HUB_DEMO: '0',
    HUB_CONSOLE: '0',
    HUB_ADMIN_PASSWORD: 'bench-only-password',
    HUB_LOG_LEVEL: 'warn',
    HUB_EMBEDDED_NATS_PORT: '14222',
    ...env,
  });
  const app = await startApp({ config, terminal: false, progress: () => undefined, machines });
  const { hub } = app;
  for (const name of hub.integrations.keys()) await act(hub, OPERATOR, `integration/${name}`, 'ENABLE', {});
  await act(hub, CLERK, 'client/acme', '@create', {
    name: 'Acme Facility Services GmbH',
    country: 'DE',
    email: 'accounts@acme.example',
    kind: 'company',
  });
  await act(hub, CLERK, 'client/acme', 'INVITE', {});
  await act(hub, CLERK, 'client/acme', 'SUBMIT', { documents: ['trade register extract'], bank_account: 'DE89370400440532013000' });
  await act(hub, APPROVER, 'client/acme', 'VERIFY', {});
  for (let attempt = 0; attempt < 200; attempt++) {
    const live = await hub.runtime.lanes.read('client/acme');
    if (live?.envelope.snapshot.value === 'active') break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const databaseUrl = hub.embedded?.databaseUrl ?? config.databaseUrl ?? '';
  return {
    app,
    hub,
    databaseUrl,
    close: async () => {
      await app.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Accounts of the client with as much money as one may hold, for payments that are paid from one. */
export async function openAccounts(hub: Hub, count: number): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, (_, index) => `bench_${index}`);
  for (const id of ids) {
    const address = `account/${id}`;
    await act(hub, CLERK, address, '@create', { client: 'acme', name: 'Bench', currency: 'EUR' }, `open-${id}`);
    await act(hub, APPROVER, address, 'ACTIVATE', {});
    for (let attempt = 0; attempt < 200; attempt++) {
      const live = await hub.runtime.lanes.read(address);
      if (live?.envelope.snapshot.tags.has('takes_credits') === true) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await act(hub, CLERK, address, 'DEPOSIT', { deposit: 'd1', amount_minor: 1_000_000_000_000, reference: 'Opening balance' });
    await act(hub, APPROVER, address, 'CONFIRM', { deposit: 'd1' });
  }
  return ids;
}

let made = 0;

/** Sends an event and sends it again by the same id until there is an outcome. */
export async function act(hub: Hub, caller: Caller, address: string, type: string, payload: object, key?: string): Promise<Outcome> {
  const id = key ?? `bench-${made++}`;
  const creation = key === undefined ? {} : { creation: { key, body_hash: key } };
  for (let attempt = 0; ; attempt++) {
    const outcome = await hub.runtime.command({ address, type, payload, caller, id, repeat: attempt > 0, ...creation });
    if (outcome.outcome !== 'retry') return outcome;
    await new Promise((resolve) => setTimeout(resolve, outcome.after_ms));
  }
}

export { CLERK, APPROVER, OPERATOR };
