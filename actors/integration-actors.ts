import { toAddress } from '../machines/ids.ts';
import type { Definition } from '../machines/machine.ts';
import type { Counts } from './circuits.ts';
import type { Outcome, Own } from './delivery.ts';
import type { Open } from './effects.ts';
import type { Lanes } from './lanes.ts';
import type { Ports } from './ports/ports.ts';
import type { Happening } from './step.ts';

export type IntegrationActors = {
  readonly integrations: ReadonlyMap<string, Open>;
  readonly node: string;
  readonly ports: Ports;
  readonly definitions: ReadonlyMap<string, Definition>;
  /** What the machine of integrations is given with its input. */
  readonly settings: unknown;
  readonly lanes: Pick<Lanes, 'read'>;
  readonly deliver: (address: string, own: Own) => Promise<Outcome>;
};

/** Tells an integration's actor what calls came to. */
export async function reportCalls({ node, ports, deliver }: IntegrationActors, name: string, counts: Counts): Promise<void> {
  const event = { type: 'CALLS', ...counts };
  const event_id = `own:${node}#calls-${ports.random.id()}`;
  await deliver(toAddress('integration', name), { event_id, happening: { kind: 'event', event }, event, causation: '' });
}

/** Every configured integration has its actor, but what is part of the hub itself. */
export async function ensureIntegrations({ definitions, integrations, settings, lanes, deliver }: IntegrationActors): Promise<void> {
  const definition = definitions.get('integration');
  if (definition === undefined) return;
  for (const { kind } of integrations.values()) {
    if (kind.own === true) continue;
    const address = toAddress('integration', kind.name);
    if ((await lanes.read(address)) !== undefined) continue;
    const input = definition.input.parse({ title: kind.title, provides: kind.provides });
    const happening: Happening = { kind: 'create', id: kind.name, input, settings };
    await deliver(address, { event_id: `own:hub@0#${kind.name}`, happening, event: { type: '@create', ...input }, causation: '' });
  }
}
