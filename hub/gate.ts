import type { Gate } from '../actors/integrations/integration.ts';
import type { Runtime } from '../actors/runtime.ts';
import { PeopleTable } from '../actors/store/people.ts';
import type { PostgresStore } from '../actors/store/postgres.ts';
import { must } from '../machines/must.ts';
import type { Config } from './config.ts';
import { machineSettings } from './machine-settings.ts';

/** Integrations are open before there is a runtime behind the gate. */
type Behind = { runtime?: Runtime };

/** The gate for what the hub sends in somebody's name: his rights are looked up each time, so that none outlives its being taken away. */
export function openGate(config: Config, store: Pick<PostgresStore, 'database'>, hub_id: string): { gate: Gate; behind: Behind } {
  const people = new PeopleTable(store.database());
  const settings = machineSettings(config);
  const behind: Behind = {};
  const runtime = (): Runtime => must(behind.runtime, 'the runtime');
  const gate: Gate = {
    hub_id,
    definition: (type) => runtime().definitions.get(type),
    settings: (type) =>
      runtime()
        .definitions.get(type)
        ?.settings.parse(settings[type] ?? {}),
    caller: async (username) => {
      const [person] = await people.find([username]);
      if (person === undefined || person.disabled || (person.demo && !config.demo)) return undefined;
      const { roles, client } = person;
      return { kind: 'person', id: username, roles, ...(client === undefined ? {} : { client }) };
    },
    submit: (submission) => runtime().submit(submission),
  };
  return { gate, behind };
}
