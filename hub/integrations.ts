import type { Open } from '../actors/effects.ts';
import { capabilitiesOf } from '../actors/integrations/integration.ts';
import type {
  CallResult,
  Capabilities,
  Database,
  Gate,
  Integration,
  IntegrationKind,
  SecretRule,
} from '../actors/integrations/integration.ts';
import { integrations } from '../actors/integrations/integrations.ts';
import type { Bus } from '../actors/bus/bus.ts';
import { SUBJECTS } from '../actors/bus/subjects.ts';
import type { Cancel, Ports } from '../actors/ports/ports.ts';
import type { Settings } from '../actors/store/settings.ts';
import { Fault } from '../machines/fault.ts';
import { must } from '../machines/must.ts';
import { BadConfig } from './config.ts';
import type { Vault } from './keys.ts';

export type IntegrationsOptions = {
  readonly database: Database;
  /** For what goes through whole tables. */
  readonly reports: Database;
  readonly settings: Settings;
  readonly vault: Vault;
  readonly ports: Ports;
  readonly url: () => string;
  readonly bus: Pick<Bus, 'listen' | 'publish'>;
  readonly gate: Gate;
  /** All that the hub knows, without it. */
  readonly kinds?: readonly IntegrationKind[];
};

/** Should another node's word of a change be lost, it is noticed within this time. */
const LOOK_MS = 15_000;

/** How an integration is set up and what it can be given, without its secrets but for their names. */
export type Setup = {
  readonly name: string;
  readonly title: string;
  readonly provides: string;
  readonly config: unknown;
  readonly schema: IntegrationKind['config'];
  /** Those that are set. */
  readonly secrets: readonly string[];
  /** Those that it works with. */
  readonly needs: readonly Need[];
  readonly can: Capabilities;
};

type Need = Pick<SecretRule, 'title' | 'about' | 'required'> & { readonly name: string; readonly set: boolean };

/** The integrations of this node, open for calls, and how they are set up. */
export class Integrations {
  readonly #options: IntegrationsOptions;
  readonly #opened = new Map<string, Open>();
  /** What each was opened with, as it is stored. */
  readonly #stored = new Map<string, string>();
  #looking: Cancel | undefined;

  constructor(options: IntegrationsOptions) {
    this.#options = options;
  }

  /** Always the ones to call now: one that is set up anew takes the place of the old one. */
  get opened(): ReadonlyMap<string, Open> {
    return this.#opened;
  }

  async open(): Promise<void> {
    for (const kind of this.#options.kinds ?? integrations) await this.#open(kind);
    const { bus, ports } = this.#options;
    bus.listen(SUBJECTS.setups, () => this.#follow());
    this.#looking = ports.timers.every(LOOK_MS, () => this.#follow());
  }

  async close(): Promise<void> {
    this.#looking?.();
    await Promise.allSettled([...this.#opened.values()].map(({ integration }) => integration.close()));
  }

  async setups(): Promise<readonly Setup[]> {
    return Promise.all([...this.#opened.values()].filter(({ kind }) => kind.own !== true).map(({ kind }) => this.#setup(kind)));
  }

  /**
   * Sets an integration up anew. Secrets that are not named stay. This node calls it that way from now on; calls that are
   * under way end as they began, and other nodes follow at once. Throws the faults `not_found` and `invalid`, which names each
   * setting and secret that is wrong or missing.
   */
  async configure(name: string, config: unknown, secrets: Readonly<Record<string, string>>): Promise<Setup> {
    const kind = this.#opened.get(name)?.kind;
    if (kind === undefined || kind.own === true) throw new Fault('not_found', 'There is no such integration.');
    const all = { ...(await this.#secrets(kind)), ...secrets };
    const errors = [...wrongIn(kind, config), ...missingOf(kind, all)];
    if (errors.length > 0) throw new Fault('invalid', `${errors[0]?.where}: ${errors[0]?.what}`, { errors });
    const { settings, vault } = this.#options;
    const sealed = secretsOf(name);
    await settings.set(sealed, vault.seal(sealed, JSON.stringify(all)));
    await settings.set(configOf(name), JSON.stringify(config));
    await this.#openAnew(kind);
    this.#options.bus.publish(SUBJECTS.setups, name);
    return this.#setup(kind);
  }

  /**
   * Takes new secrets into use when they have been seen to work, and has the provider forget the old ones. They are kept before they are tried, so that
   * whatever breaks off in between is carried on with them. Without secrets the provider is asked for new ones.
   */
  async exchange(name: string, { key, signal }: Exchange, given?: Readonly<Record<string, string>>): Promise<CallResult> {
    const { settings, vault, ports } = this.#options;
    const open = this.#opened.get(name);
    if (open?.integration.probe === undefined) return { kind: 'failed', code: 'not_supported' };
    const { kind, integration } = open;
    const place = nextOf(name);
    let next = given ?? (await this.#next(name));
    if (next === undefined) {
      const made = await integration.rotate?.({ key, signal });
      if (made === undefined || !('ok' in made)) return made ?? { kind: 'failed', code: 'not_supported' };
      next = made.secrets;
    }
    await settings.set(place, vault.seal(place, JSON.stringify(next)));
    const all = { ...(await this.#secrets(kind)), ...next };
    const tried = await this.#openWith(kind, await this.#config(name), all);
    const probed = await tried.probe?.(signal).finally(() => tried.close().catch(() => undefined));
    if (probed === undefined || !('ok' in probed)) {
      // Where they are refused, others have to be made; where nobody answered, these are tried again.
      if (probed?.kind === 'failed' || given !== undefined) await settings.set(place, '');
      return { kind: 'failed', code: probed === undefined ? 'not_supported' : `not_verified_${probed.code}`.slice(0, 64) };
    }
    const sealed = secretsOf(name);
    await settings.set(sealed, vault.seal(sealed, JSON.stringify(all)));
    await settings.set(place, '');
    await this.#openAnew(kind);
    this.#options.bus.publish(SUBJECTS.setups, name);
    await integration.revoke?.(signal).catch((error: unknown) => {
      ports.log.warn({ err: error, integration: name }, 'The old credentials could not be revoked');
    });
    return { kind: 'done', output: probed.expires_at === undefined ? {} : { expires_at: probed.expires_at } };
  }

  /** New secrets by a person's hand. Throws the faults `not_found` and `invalid` where they were not seen to work; the old ones then stay. */
  async replaceSecrets(name: string, secrets: Readonly<Record<string, string>>): Promise<Setup> {
    const open = this.#opened.get(name);
    if (open === undefined || open.kind.own === true) throw new Fault('not_found', 'There is no such integration.');
    const { kind } = open;
    const unknown = Object.keys(secrets).find((secret) => !Object.hasOwn(kind.secrets ?? {}, secret));
    if (unknown !== undefined) throw invalidAt(`secrets.${unknown}`, `${kind.title} has no such secret.`);
    const { ports } = this.#options;
    const { signal, cancel } = ports.timers.deadline(kind.timeout_ms);
    const result = await this.exchange(name, { key: `${name}/${ports.random.id()}`, signal }, secrets).finally(cancel);
    const first = Object.keys(secrets)[0] ?? '';
    if (result.kind !== 'done')
      throw invalidAt(`secrets.${first}`, `It was not seen to work (${result.code}), and the old one stays in use.`);
    return this.#setup(kind);
  }

  async #next(name: string): Promise<Readonly<Record<string, string>> | undefined> {
    const { settings, vault } = this.#options;
    const kept = await settings.get(nextOf(name));
    return kept === undefined || kept === '' ? undefined : (JSON.parse(vault.open(nextOf(name), kept)) as Record<string, string>);
  }

  #openWith(kind: IntegrationKind, config: unknown, secrets: Readonly<Record<string, string>>): Promise<Integration> {
    const { ports, url, reports, gate } = this.#options;
    const database = kind.own === true ? reports : this.#options.database;
    return kind.open({ ports, config: kind.config.parse(config), secrets, hubUrl: url, database, gate });
  }

  async #openAnew(kind: IntegrationKind): Promise<void> {
    const before = this.#opened.get(kind.name);
    await this.#open(kind);
    // Whoever called it in the moment before is still waiting for it.
    this.#options.ports.timers.after(kind.timeout_ms, () => void before?.integration.close().catch(() => undefined));
  }

  /** Opens those anew that another node has set up. */
  #follow(): void {
    const { log } = this.#options.ports;
    for (const { kind } of this.#opened.values()) {
      this.#read(kind.name)
        .then(async (stored) => {
          if (stored !== this.#stored.get(kind.name)) await this.#openAnew(kind);
        })
        .catch((error: unknown) => log.warn({ err: error, integration: kind.name }, 'How an integration is set up could not be read'));
    }
  }

  async #read(name: string): Promise<string> {
    const { settings } = this.#options;
    return JSON.stringify([await settings.get(configOf(name)), await settings.get(secretsOf(name))]);
  }

  async #open(kind: IntegrationKind): Promise<void> {
    // Read before: whoever writes something else meanwhile is seen to have, and it is opened once more.
    const stored = await this.#read(kind.name);
    const integration = await this.#openWith(kind, await this.#config(kind.name), await this.#secrets(kind));
    this.#stored.set(kind.name, stored);
    const rotate = (exchange: Exchange): Promise<CallResult> => this.exchange(kind.name, exchange);
    this.#opened.set(kind.name, { kind, integration, ...(integration.rotate === undefined ? {} : { rotate }) });
  }

  async #setup(kind: IntegrationKind): Promise<Setup> {
    const { name, title, provides, secrets: rules = {} } = kind;
    const secrets = Object.keys(await this.#secrets(kind)).toSorted();
    const config = kind.config.parse(await this.#config(name));
    const needs = Object.entries(rules).map(([secret, { title: called, about, required }]) => {
      return { name: secret, title: called, about, required, set: secrets.includes(secret) };
    });
    const can = capabilitiesOf(kind, must(this.#opened.get(name), `${name} opened`).integration);
    return { name, title, provides, config, schema: kind.config, secrets, needs, can };
  }

  async #config(name: string): Promise<unknown> {
    return JSON.parse((await this.#options.settings.get(configOf(name))) ?? '{}');
  }

  async #secrets({ name, secrets = {} }: IntegrationKind): Promise<Readonly<Record<string, string>>> {
    const { settings, vault, ports } = this.#options;
    const sealed = secretsOf(name);
    const ours = Object.keys(secrets).filter((secret) => secrets[secret]?.made === true);
    const made = Object.fromEntries(ours.map((secret) => [secret, ports.random.id() + ports.random.id()]));
    const kept = await settings.keep(sealed, vault.seal(sealed, JSON.stringify(made)));
    try {
      return JSON.parse(vault.open(sealed, kept)) as Record<string, string>;
    } catch {
      throw new BadConfig(
        `The secrets of the integration ${name} were sealed with another key. Set HUB_SECRET_KEY to that one, or use its data directory.`,
      );
    }
  }
}

type Exchange = { readonly key: string; readonly signal: AbortSignal };

function invalidAt(where: string, what: string): Fault {
  return new Fault('invalid', `${where}: ${what}`, { errors: [{ where, what }] });
}

type Wrong = { readonly where: string; readonly what: string };
const MOST_WRONG = 20;

function wrongIn({ config: schema }: IntegrationKind, config: unknown): readonly Wrong[] {
  const issues = schema.safeParse(config).error?.issues ?? [];
  return issues.slice(0, MOST_WRONG).map(({ path, message }) => ({ where: ['config', ...path].join('.'), what: message }));
}

function missingOf({ secrets: rules = {} }: IntegrationKind, secrets: Readonly<Record<string, string>>): readonly Wrong[] {
  return Object.entries(rules)
    .filter(([name, { required }]) => required && secrets[name] === undefined)
    .map(([name, { title }]) => ({ where: `secrets.${name}`, what: `${title} is needed.` }));
}

function configOf(name: string): string {
  return `integration.${name}.config`;
}

function secretsOf(name: string): string {
  return `integration.${name}.secrets`;
}

function nextOf(name: string): string {
  return `integration.${name}.next`;
}
