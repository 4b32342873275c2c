import { z } from 'zod';
import type { Definition, StoredActor } from '../machines/machine.ts';
import type { Envelope, PendingEffect, PendingTimer, StoredEnvelope } from './envelope.ts';
import { restore, waitsOf } from './xstate-inner.ts';

/** An envelope that a newer release wrote: a node of that release takes the event, and this one changes nothing. */
export class NewerEnvelope extends Error {
  readonly code = 'newer_release';

  constructor({ machine, machine_version }: StoredEnvelope, known: number) {
    super(`An envelope of ${machine} version ${machine_version} needs a newer hub; this one knows ${known}`);
  }
}

/** Where an envelope and its machine do not fit: the migration itself, the state, its timers, or its calls. */
export type MisfitKind = 'migration' | 'state' | 'timers' | 'effects';

class Misfit extends Error {
  readonly kind: MisfitKind;

  constructor(kind: MisfitKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** An envelope that cannot be brought to the present version of its machine. It stays as it is, and its events are kept. */
export class MigrationFailed extends Error {
  readonly code = 'migration_failed';
  readonly kind: MisfitKind;
  readonly why: string;

  constructor({ machine, machine_version }: StoredEnvelope, to: number, error: unknown) {
    const why = error instanceof Error ? error.message : String(error);
    super(`An envelope of ${machine} version ${machine_version} could not be migrated to ${to}: ${why}`);
    this.kind = error instanceof Misfit ? error.kind : 'migration';
    this.why = why;
  }
}

/** Why an envelope cannot be had in this release; undefined for any other error. What the error says is for the log alone. */
export function whyNotRead(error: unknown): 'newer_release' | 'migration_failed' | undefined {
  return error instanceof NewerEnvelope || error instanceof MigrationFailed ? error.code : undefined;
}

const origin = { v: z.int().optional(), i: z.int().optional() };

/** What every step of a migration has to give back. What it leaves out of a new timer or effect is where it was asked for. */
const migratedSchema = z.object({
  snapshot: z.object({
    status: z.enum(['active', 'done']),
    value: z.union([z.string(), z.record(z.string(), z.unknown())]),
    context: z.record(z.string(), z.unknown()),
    historyValue: z.record(z.string(), z.unknown()).optional(),
    output: z.unknown().optional(),
  }),
  timers: z.record(z.string(), z.strictObject({ ...origin, due: z.int(), event: z.string() })),
  effects: z.record(z.string(), z.strictObject({ ...origin, src: z.string(), input: z.unknown(), started: z.literal(true).optional() })),
});
type Migrated = z.infer<typeof migratedSchema>;
/** What of an actor a migration may change. */
type Changed = 'snapshot' | 'timers' | 'effects';

/**
 * The envelope as the present version of its machine has it, step by step from the version that wrote it. Its own version stays,
 * so that reading it changes nothing; the row of `@migrate` raises it. Throws MigrationFailed.
 *
 * XState starts nothing for a state that was migrated into, so timers and effects are part of what is migrated. What is under way
 * keeps its origin, and an effect its input too: both are in the key that the provider knows. What a migration adds has no origin
 * yet and gets the one of the row that will record it.
 */
export function lift(definition: Definition, stored: StoredEnvelope): Envelope {
  const { version: to, migrate, machine } = definition;
  let present: StoredActor = structuredClone(stored);
  let at = stored.machine_version;
  try {
    for (; at < to; at++) {
      const up = migrate[at];
      if (up === undefined) throw new Error(`it has to be migrated from ${at}, and there is no step for that`);
      // What JSON does not keep would be lost with the first row that holds it.
      present = { ...stored, ...(read(JSON.parse(JSON.stringify(up(present)))) as Pick<StoredActor, Changed>), machine_version: at + 1 };
    }
    const { snapshot, timers, effects } = read(present);
    const kept = { timers: withOrigins(stored, timers, stored.timers, 0), effects: {} as Record<string, PendingEffect> };
    const fresh = Object.values(timers).filter(({ v }) => v === undefined).length;
    kept.effects = withOrigins(stored, effects, stored.effects, fresh) as Record<string, PendingEffect>;
    const { version, parked } = stored;
    const restored = standing(machine, snapshot as StoredEnvelope['snapshot'], kept.effects);
    const envelope: Envelope = { version, at: stored.at, snapshot: restored, ...kept, ...(parked === undefined ? {} : { parked }) };
    check(definition, stored, envelope);
    return envelope;
  } catch (error) {
    throw new MigrationFailed(stored, to, error);
  }
}

function read(value: unknown): Migrated {
  const parsed = migratedSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Error(`what it gave back is no envelope: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
}

type Asked = { readonly v?: number | undefined; readonly i?: number | undefined };

/** What was under way must be what it was; what is new is asked for by the row that records the migration. */
function withOrigins<Pending extends Asked>(
  stored: StoredEnvelope,
  pending: Readonly<Record<string, Pending>>,
  before: Readonly<Record<string, PendingTimer | PendingEffect>>,
  first: number,
): Record<string, Pending & { v: number; i: number }> {
  const known = new Map(Object.values(before).map((one) => [`${one.v}#${one.i}`, one]));
  let next = first;
  const dated = Object.entries(pending).map(([id, one]) => {
    if (one.v === undefined && one.i === undefined) return [id, { ...one, v: stored.version + 1, i: next++ }] as const;
    const place = `${one.v}#${one.i}`;
    const was = known.get(place);
    if (was === undefined) throw new Error(`${id} says that ${place} asked for it, where nothing of the kind is under way`);
    known.delete(place);
    if ('input' in was && JSON.stringify(was.input) !== JSON.stringify((one as unknown as PendingEffect).input)) {
      throw new Error(`the input of ${id} is part of the key that it was called with and cannot change`);
    }
    if ('input' in was && was.started !== (one as unknown as PendingEffect).started) throw new Error(`${id} was started, or was not`);
    return [id, { ...one, v: was.v, i: was.i }] as const;
  });
  return Object.fromEntries(dated);
}

function standing(...[machine, snapshot, effects]: Parameters<typeof restore>): Envelope['snapshot'] {
  try {
    return restore(machine, snapshot, effects);
  } catch (error) {
    throw new Misfit('state', error instanceof Error ? error.message : String(error));
  }
}

/** Why an envelope that this very version of the machine wrote does not fit it; undefined where it does. */
export function misfitOf(definition: Definition, stored: StoredEnvelope): { readonly kind: MisfitKind; readonly why: string } | undefined {
  try {
    const { version, at, timers, effects } = stored;
    check(definition, stored, { version, at, timers, effects, snapshot: standing(definition.machine, stored.snapshot, effects) });
    return undefined;
  } catch (error) {
    return { kind: error instanceof Misfit ? error.kind : 'migration', why: error instanceof Error ? error.message : String(error) };
  }
}

/** Throws where the actor would wait for something that never comes, or something would come that nobody waits for. */
function check(definition: Definition, stored: StoredEnvelope, { snapshot, timers, effects }: Envelope): void {
  const waits = snapshot.status === 'active' ? waitsOf(snapshot) : { timers: [], effects: [] };
  for (const { id, state, binding } of waits.timers) {
    const lost = stored.timers[id] !== undefined;
    if ((binding || lost) && timers[id] === undefined)
      throw new Misfit('timers', `the state ${state} waits for the timer ${id}, which is missing`);
  }
  for (const { id, state, binding, src } of waits.effects) {
    const effect = effects[id];
    const lost = stored.effects[id] !== undefined;
    if (effect === undefined && (binding || lost))
      throw new Misfit('effects', `the state ${state} waits for the effect ${id}, which is missing`);
    if (effect !== undefined && effect.src !== src)
      throw new Misfit('effects', `the effect ${id} is ${src} in the state ${state}, not ${effect.src}`);
  }
  const declared = new Set(waits.timers.map(({ id }) => id));
  for (const id of Object.keys(timers)) {
    const ofState = id.startsWith('xstate.after.');
    if (snapshot.status !== 'active' || (ofState && !declared.has(id)))
      throw new Misfit('timers', `the timer ${id} is of no state that is active`);
  }
  const invoked = new Set(waits.effects.map(({ id }) => id));
  for (const id of Object.keys(effects))
    if (!invoked.has(id)) throw new Misfit('effects', `the effect ${id} is of no state that is active`);
  for (const [id, { event }] of Object.entries(timers)) {
    if (id.startsWith('xstate.after.') && event !== id) throw new Misfit('timers', `the timer ${id} would send ${event}`);
  }
  // Everything that is shown of it must be ready for the new context too; what throws here would throw after the commit.
  const context = snapshot.context as Record<string, unknown>;
  definition.title(context, '');
  definition.summary(context);
  definition.search(context);
  definition.belongs(context, '');
}
