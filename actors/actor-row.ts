import { idOf } from '../machines/ids.ts';
import type { Live } from './batch.ts';
import { earliestDue, toStates } from './envelope.ts';
import type { ActorRow } from './store/store.ts';

/** The lean row of an actor as it stands. */
export function toActorRow(address: string, partition: number, live: Live): ActorRow {
  const { definition, envelope, created_at } = live;
  const { snapshot, timers, effects } = envelope;
  const context = snapshot.context as Record<string, unknown>;
  const id = idOf(address);
  const belongs = definition.belongs(context, id);
  const due = earliestDue(timers);
  return {
    address,
    partition,
    type: definition.type,
    version: envelope.version,
    state: toStates(snapshot.value).join(','),
    tags: [...snapshot.tags].join(','),
    due_at: due === undefined ? '' : String(due),
    pending: Object.keys(effects).length,
    parked: envelope.parked !== undefined,
    title: definition.title(context, id).slice(0, 200),
    summary: definition.summary(context).slice(0, 300),
    client: belongs.client ?? '',
    agent: belongs.agent ?? '',
    created_at,
    updated_at: envelope.at,
  };
}
