import { openNats } from '../actors/bus/nats.ts';
import type { Log, Ports } from '../actors/ports/ports.ts';
import { systemPorts } from '../actors/ports/system.ts';
import { Runtime } from '../actors/runtime.ts';
import { openPostgres } from '../actors/store/postgres.ts';
import { Settings } from '../actors/store/settings.ts';
import type { Definition } from '../machines/machine.ts';
import { machines } from '../machines/machines.ts';
import { startArchiving } from './backup/archiving.ts';
import type { Archiving } from './backup/archiving.ts';
import { Census } from './census.ts';
import type { Config } from './config.ts';
import { startDemo } from './demo/demo.ts';
import { openDoors } from './doors.ts';
import type { Doors } from './doors.ts';
import { keptSecret } from './embedded/data-directory.ts';
import { startEmbedded } from './embedded/services.ts';
import type { Embedded } from './embedded/services.ts';
import { Flow } from './flow.ts';
import { HeadsKeeper } from './heads-keeper.ts';
import type { Hub } from './hub.ts';
import { Tickets } from './inspect/tickets.ts';
import { openGate } from './gate.ts';
import { Integrations } from './integrations.ts';
import { Vault } from './keys.ts';
import { machineSettings } from './machine-settings.ts';
import { openLog } from './observe/log.ts';
import type { HubLog } from './observe/log.ts';
import { Pulse } from './pulse.ts';
import { Pulses } from './pulses.ts';
import { startNightly } from './nightly.ts';
import { RELEASE } from './release.ts';
import { headsKeyOf } from './signed-heads.ts';

export type AppOptions = {
  readonly config: Config;
  readonly terminal: boolean;
  readonly progress: (line: string) => void;
  /** Whether the demo's payments flow; its people are there anyway. */
  readonly traffic?: boolean;
  /** Machines beside those of the list, for tests that add one. */
  readonly machines?: readonly Definition[];
  /** Instead of the version of the package, for tests of a rolling deploy. */
  readonly release?: string;
  /** Instead of the real clock, timers and chance, for tests that end the process at a point of their choice. */
  readonly ports?: (log: Log) => Ports;
};

export type App = { readonly hub: Hub; readonly doors: Doors; readonly stop: () => Promise<void> };

/** Builds the hub from its parts, in the order in which they need each other; `stop` takes them down in reverse. */
export async function startApp(options: AppOptions): Promise<App> {
  const { config, progress } = options;
  const node = config.nodeId ?? keptNode(config);
  const log = openLog({ level: config.logLevel, terminal: options.terminal, node });
  const closing: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closing.splice(0).toReversed()) {
      await close().catch((error: unknown) => log.error({ err: error }, 'A part did not close well'));
    }
  };
  try {
    // The doors open first: /healthz answers while the rest comes up, and everything else says that it is not ready.
    const doors = await openDoors({ config, log, release: options.release ?? RELEASE, node });
    closing.push(() => doors.close());
    const services = await startServices(config, log, progress);
    closing.push(() => services.stop());
    const database = required(config.databaseUrl ?? services.databaseUrl, 'a database');
    // Before anything is committed: with HUB_BACKUP_SYNC every commit waits for the archive.
    const archiving = await startArchiving({ config, url: database, log });
    closing.push(() => archiving.stop());
    const nightly = startNightly({ url: database, days: config.retainDays, ports: systemPorts(log) });
    closing.push(() => nightly.stop());
    const hub = await openHub({ ...options, node, log, services, database, archiving, url: doors.url, closing });
    closing.push(() => doors.drain());
    await doors.attach(hub);
    progress('ready');
    if (config.demo && options.traffic !== false) {
      const demo = startDemo(hub);
      demo.opened.catch((error: unknown) => log.error({ err: error }, 'The demo did not open'));
      closing.push(() => Promise.resolve(demo.stop()));
    }
    return { hub, doors, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Also where nothing is embedded the data directory belongs to one hub: it holds its name and its keys. */
function startServices(config: Config, log: HubLog, progress: (line: string) => void): Promise<Embedded> {
  return startEmbedded({
    dataDir: config.dataDir,
    postgres: config.databaseUrl === undefined,
    nats: config.natsUrl === undefined,
    natsPort: config.embeddedNatsPort,
    progress,
    log: {
      info: (fields, message) => log.info(fields, message),
      warn: (fields, message) => log.warn(fields, message),
      error: (fields, message) => log.error(fields, message),
    },
  });
}

type Building = AppOptions & {
  readonly node: string;
  readonly log: HubLog;
  readonly services: Embedded;
  readonly database: string;
  readonly archiving: Archiving;
  readonly url: () => string;
  readonly closing: (() => Promise<void>)[];
};

async function openHub(building: Building): Promise<Hub> {
  const { config, log, node, services, archiving, url, closing, progress } = building;
  const ports = (building.ports ?? systemPorts)(log);
  const store = await openPostgres({
    url: building.database,
    lease_ms: config.leaseMs,
    lanes: 2,
    release: building.release ?? RELEASE,
  });
  closing.push(() => store.close());
  progress('schema up to date');
  const bus = await openNats({ url: required(config.natsUrl ?? services.natsHubUrl ?? services.natsUrl, 'NATS'), ports });
  closing.push(() => bus.close());
  const settings = new Settings(store.database());
  const { vault, jwtSecret, hub_id, node_secret } = await openSecrets(config, settings, ports);
  const { gate, behind } = openGate(config, store, hub_id);
  const integrations = new Integrations({ database: store.database(), reports: store.reports, settings, vault, ports, url, bus, gate });
  closing.push(() => integrations.close());
  await integrations.open();
  const runtime = new Runtime({
    store,
    bus,
    ports,
    machines: [...machines, ...(building.machines ?? [])],
    integrations: integrations.opened,
    node,
    url,
    release: building.release ?? RELEASE,
    hub_id,
    node_secret,
    lease_ms: config.leaseMs,
    memory_bytes: config.actorBytes,
    scale: config.timeScale,
    settings: machineSettings(config),
  });
  behind.runtime = runtime;
  const heads = new HeadsKeeper({
    ...{ dataDir: config.dataDir, key: headsKeyOf(config), archive: config.backupDir },
    ...{ store, settings, bus, ports, node, hub_id },
  });
  const trouble = (): string | undefined => services.databaseTrouble() ?? archiving.trouble() ?? runtime.trouble();
  const hub: Hub = {
    config,
    release: RELEASE,
    node,
    hub_id,
    ports,
    log,
    store,
    bus,
    runtime,
    settings,
    vault,
    jwtSecret,
    integrations: integrations.opened,
    setups: integrations,
    embedded: services,
    archiving,
    heads,
    ...toCounters({ store, ports, runtime, node }),
    tickets: new Tickets(ports.clock),
    url,
    trouble,
  };
  await run(hub, closing);
  return hub;
}

type Secrets = Pick<Hub, 'vault' | 'jwtSecret' | 'hub_id'> & { readonly node_secret: string };

/** What the hub keeps to itself, and what it is called: made at the first start, the same ever after. */
async function openSecrets(config: Config, settings: Settings, ports: Ports): Promise<Secrets> {
  return {
    vault: new Vault(config.secretKey ?? keptSecret(config.dataDir, 'stored-secrets').value),
    jwtSecret: config.jwtSecret ?? keptSecret(config.dataDir, 'token-signing').value,
    hub_id: await settings.keep('hub_id', `hub_${ports.random.id().replaceAll(/[-_]/g, '').slice(0, 12)}`),
    node_secret: await settings.keep('node_secret', ports.random.id() + ports.random.id()),
  };
}

type Counting = Pick<Hub, 'store' | 'ports' | 'runtime' | 'node'>;

function toCounters({ store, ports, runtime, node }: Counting): Pick<Hub, 'census' | 'flow' | 'pulses'> {
  const { lanes } = runtime;
  const pulses = new Pulses({
    node,
    own: new Pulse(() => ports.clock.now()),
    figures: () => runtime.figures(),
    peers: () => runtime.peers,
    ask: (peer, since, within_ms) => runtime.forwarding.ask(peer, 'pulse', since, within_ms),
    now_ms: () => ports.clock.monotonic(),
  });
  const census = new Census({ store, ports, partitions: () => lanes.partitions, headOf: (partition) => lanes.headOf(partition) });
  return { census, flow: new Flow({ database: store.database(), ports, node }), pulses };
}

/** Nothing is served before it is known whether the journal is the one that was left. */
async function run({ heads, runtime, census, flow, pulses }: Hub, closing: (() => Promise<void>)[]): Promise<void> {
  await heads.check();
  closing.push(() => heads.stop());
  closing.push(
    () => census.stop(),
    () => flow.stop(),
  );
  closing.push(() => runtime.stop());
  runtime.onCommit((rows) => heads.committed(rows));
  runtime.onCommit((rows) => census.committed(rows));
  runtime.onCommit((rows) => flow.committed(rows));
  runtime.onCommit((rows) => pulses.committed(rows));
  runtime.forwarding.use({ answerer: (question) => pulses.answer(question) });
  await runtime.start();
  await heads.begin(runtime.lanes);
  census.start();
  await flow.start();
}

/** A hub that starts again on the same data keeps its name, and so its partitions, without waiting for its old lease. */
function keptNode(config: Config): string {
  return `node_${keptSecret(config.dataDir, 'node-id').value.replaceAll(/[-_]/g, '').slice(0, 10)}`;
}

function required(value: string | undefined, what: string): string {
  if (value === undefined) throw new Error(`There is no address of ${what}`);
  return value;
}
