import { idOf } from '../../machines/ids.ts';
import type { Definition } from '../../machines/machine.ts';
import { toStates } from '../envelope.ts';
import type { Envelope } from '../envelope.ts';
import { step, toLive } from '../step.ts';
import type { Happening, Result } from '../step.ts';
import type { HistoryRow } from '../store/store.ts';

/** Where a history would have gone another way. */
export type Divergence = {
  readonly version: number;
  readonly event: string;
  readonly what: 'state' | 'context' | 'refused' | 'threw';
  /** What is stored, and what the candidate makes of it. */
  readonly stored: string;
  readonly replayed: string;
};

type Recorded = { readonly type: string; readonly [field: string]: unknown };

/**
 * Plays an actor's journal from its creation with another machine, one row at a time, and compares state and context with what each
 * row stored. Undefined where it comes to the same. Rows whose contents are gone are played and not compared.
 */
export function replay(definition: Definition, rows: readonly HistoryRow[], settings: unknown): Divergence | undefined {
  let envelope: Envelope | undefined;
  for (const row of rows) {
    const recorded = JSON.parse(row.event) as Recorded;
    const differs = (what: Divergence['what'], stored: string, replayed: string): Divergence => ({
      version: row.version,
      event: recorded.type,
      what,
      stored,
      replayed,
    });
    const happening = toHappening(row, recorded, envelope, settings);
    if (happening === undefined) return differs('refused', 'applied', 'not waited for');
    try {
      const stepped = step(definition, envelope, happening, { by: row.caller, now: row.at, scale: 1 });
      if (stepped.outcome !== 'applied') return differs('refused', 'applied', stepped.outcome === 'rejected' ? stepped.reason : 'late');
      // A single event that a parked actor took left it parked; only what state and context come to is compared.
      envelope = stepped.next;
    } catch (error) {
      return differs('threw', 'applied', error instanceof Error ? error.message : String(error));
    }
    if (row.envelope === '') continue;
    const stored = toLive(definition, row.envelope);
    const [was, is] = [stateOf(stored), stateOf(envelope)];
    if (was !== is) return differs('state', was, is);
    const field = changedField(stored.snapshot.context as Fields, envelope.snapshot.context as Fields);
    if (field !== undefined) return differs('context', `${field}: ${shown(stored, field)}`, `${field}: ${shown(envelope, field)}`);
  }
  return undefined;
}

type Fields = Readonly<Record<string, unknown>>;

function stateOf({ snapshot }: Envelope): string {
  return toStates(snapshot.value).join(',');
}

function changedField(before: Fields, after: Fields): string | undefined {
  const fields = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...fields].find((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
}

function shown({ snapshot }: Envelope, field: string): string {
  return String(JSON.stringify((snapshot.context as Fields)[field])).slice(0, 80);
}

/** What happened, as its row tells it; undefined where it answers something that was not asked for. */
function toHappening(row: HistoryRow, recorded: Recorded, envelope: Envelope | undefined, settings: unknown): Happening | undefined {
  const { type, ...payload } = recorded;
  const origin = { v: Number(payload['v']), i: Number(payload['i']) };
  switch (type) {
    case '@create':
      return { kind: 'create', id: idOf(row.actor), input: payload, settings };
    case '@park':
      return { kind: 'park', code: String(payload['code']), detail: '' };
    case '@pause':
      return { kind: 'pause', reason: String(payload['reason']) };
    case '@resume':
      return { kind: 'resume' };
    case '@migrate':
      return { kind: 'migrate' };
    case '@started':
      return { kind: 'started', id: String(payload['effect']), ...origin };
    case '@force-proposed':
      return { kind: 'propose', state: String(payload['state']), effects: payload['effects'] === 'start' ? 'start' : 'refuse', reason: '' };
    case '@force':
      return { kind: 'force', state: String(payload['state']), confirm: Number(payload['confirm']) };
    default:
      break;
  }
  const ended = /^xstate\.(?:done|error)\.actor\.(.+)$/.exec(type)?.[1];
  if (ended !== undefined) return { kind: 'result', id: ended, ...origin, result: toResult(type, payload) };
  if (row.event_id !== `own:${row.actor}@${origin.v}#${origin.i}`) return { kind: 'event', event: recorded };
  const timer = Object.entries(envelope?.timers ?? {}).find(([, { v, i }]) => v === origin.v && i === origin.i);
  return timer === undefined ? undefined : { kind: 'timer', id: timer[0], ...origin };
}

function toResult(type: string, payload: Fields): Result {
  return type.startsWith('xstate.done.') ? { kind: 'done', output: payload['output'] } : (payload['error'] as Result);
}
