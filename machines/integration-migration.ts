import { UNTOUCHED } from './integration-rules.ts';
import { integrationSettings } from './integration-terms.ts';
import type { StoredActor } from './machine.ts';

/** An integration that knew its circuit and whether it was trusted. It is looked at when the hub has said that it can be. */
export function liftIntegration(actor: StoredActor): StoredActor {
  const { snapshot, at } = actor;
  const value = snapshot.value as Readonly<Record<string, string>>;
  const rules = integrationSettings.parse(snapshot.context['rules'] ?? {});
  const open_since = value['circuit'] === 'closed' ? null : at;
  return {
    ...actor,
    machine_version: 2,
    snapshot: {
      ...snapshot,
      value: { ...value, throttle: 'normal', contract: 'compatible', probe: 'none' },
      context: { ...snapshot.context, ...UNTOUCHED, rules, open_since },
    },
  };
}
