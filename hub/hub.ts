import type { Bus } from '../actors/bus/bus.ts';
import type { Open } from '../actors/effects.ts';
import type { Ports } from '../actors/ports/ports.ts';
import type { Runtime } from '../actors/runtime.ts';
import type { PostgresStore } from '../actors/store/postgres.ts';
import type { Settings } from '../actors/store/settings.ts';
import type { Archiving } from './backup/archiving.ts';
import type { Census } from './census.ts';
import type { Config } from './config.ts';
import type { Embedded } from './embedded/services.ts';
import type { Flow } from './flow.ts';
import type { HeadsKeeper } from './heads-keeper.ts';
import type { Tickets } from './inspect/tickets.ts';
import type { Integrations } from './integrations.ts';
import type { Vault } from './keys.ts';
import type { HubLog } from './observe/log.ts';
import type { Pulses } from './pulses.ts';

/** What the doors of a hub find behind them. */
export type Hub = {
  readonly config: Config;
  readonly release: string;
  readonly node: string;
  /** Made once for a database; part of the keys that providers see. */
  readonly hub_id: string;
  readonly ports: Ports;
  readonly log: HubLog;
  readonly store: PostgresStore;
  readonly bus: Bus;
  readonly runtime: Runtime;
  readonly settings: Settings;
  readonly vault: Vault;
  readonly jwtSecret: string;
  /** Open for calls; always the ones to call now. */
  readonly integrations: ReadonlyMap<string, Open>;
  /** How they are set up. */
  readonly setups: Integrations;
  readonly embedded: Embedded;
  readonly archiving: Archiving;
  readonly heads: HeadsKeeper;
  /** How many actors stand where. */
  readonly census: Census;
  /** How they moved. */
  readonly flow: Flow;
  /** What every node commits, second by second. */
  readonly pulses: Pulses;
  /** Of the inspector, on this node. */
  readonly tickets: Tickets;
  /** Address of this node for clients and other nodes; known once it listens. */
  readonly url: () => string;
  /** Why the hub would not commit now; undefined when it would. */
  readonly trouble: () => string | undefined;
};
