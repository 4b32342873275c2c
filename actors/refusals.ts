import type { Live } from './batch.ts';
import { mayReach } from './caller.ts';
import type { Delivery } from './delivery.ts';
import type { Happening } from './step.ts';

/* What becomes of an event before its machine is asked. */

/** What operators send passes where others wait. */
const OPERATORS: ReadonlySet<Happening['kind']> = new Set<Happening['kind']>(['pause', 'resume', 'propose', 'force', 'discard']);

/** What is kept as a dead letter; an actor's own timers and results stay in its envelope and come again. */
export function isKept({ kind }: Happening): boolean {
  return kind === 'event' || kind === 'create';
}

/** Why the event cannot be taken now and has to wait: its actor is parked, or all of its kind are paused. */
export function parkedFor(delivery: Delivery, live: Live | undefined, paused: (type: string) => boolean): string | undefined {
  const { happening, definition, single } = delivery;
  if (single === true || OPERATORS.has(happening.kind)) return undefined;
  // Who may not know of an actor is not told that it is parked either.
  if (live !== undefined && !reaches(delivery, live)) return undefined;
  if (live?.envelope.parked !== undefined) return live.envelope.parked.code;
  return paused(definition.type) && happening.kind !== 'migrate' && happening.kind !== 'park' ? 'paused' : undefined;
}

/** Why the event is refused whatever its machine would say. */
export function refusalOf(delivery: Delivery, live: Live | undefined): { readonly code: string; readonly detail: string } | undefined {
  const { happening, ifVersion } = delivery;
  if (happening.kind === 'discard') return { code: 'discarded', detail: '' };
  if (happening.kind === 'create') return live === undefined ? undefined : { code: 'exists', detail: '' };
  if (live === undefined || !reaches(delivery, live)) return { code: 'not_found', detail: '' };
  if (ifVersion !== undefined && ifVersion !== live.envelope.version) {
    return { code: 'version_mismatch', detail: `Version ${ifVersion} was named; the actor is at ${live.envelope.version}.` };
  }
  return undefined;
}

function reaches({ caller, definition, address }: Delivery, live: Live): boolean {
  return mayReach(caller, definition, address, live.envelope.snapshot.context as Record<string, unknown>);
}
