import type { StatelyInspectionEvent } from '@statelyai/inspect';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Envelope } from '../../actors/envelope.ts';
import { step as takeStep, toStored } from '../../actors/step.ts';
import type { Happening, Result } from '../../actors/step.ts';
import { toAddress } from '../../machines/ids.ts';
import type { Definition } from '../../machines/machine.ts';
import { machines } from '../../machines/machines.ts';
import { must } from '../../machines/must.ts';
import { Chance } from '../../tests/simulate/chance.ts';
import { shelf } from '../../tests/support/shelf.ts';
import { rightsOf } from '../socket/rights.ts';
import { readStep, toActorFrame, toStepFrames } from './frames.ts';
import type { Inspected, Step } from './frames.ts';

const DEVELOPER = { kind: 'person', id: 'dora', roles: ['developer'] } as const;
const SEEDS = Array.from({ length: 25 }, (_, seed) => seed + 1);

type Schema = {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly format?: string;
  readonly maximum?: number;
  readonly anyOf?: readonly Schema[];
};

/** A payload in which every text is another one, so that it can be found again wherever it went. */
function make(schema: Schema, chance: Chance, mark: () => string): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return chance.pick(schema.enum);
  if (schema.anyOf !== undefined) return make(schema.anyOf[0] ?? {}, chance, mark);
  switch (schema.type) {
    case 'object': {
      const { properties = {}, required = [] } = schema;
      const given = Object.entries(properties).filter(([name]) => required.includes(name) || chance.is(0.7));
      return Object.fromEntries(given.map(([name, inner]) => [name, make(inner, chance, mark)]));
    }
    case 'array':
      return [0, 1].map(() => make(schema.items ?? {}, chance, mark));
    case 'integer':
      return 1 + chance.below(Math.min(schema.maximum ?? 100_000, 500_000));
    case 'boolean':
      return chance.is(0.5);
    case 'string': {
      if (schema.format === 'date') return '2023-11-15';
      const fits = (text: string): boolean => new RegExp(schema.pattern ?? '', 'u').test(text);
      return [mark(), `${mark()}@example.org`, 'DE', '2023-10', 'client/a1', '2.5'].find(fits) ?? mark();
    }
    default:
      return mark();
  }
}

/** What usually stands in such an event; nothing where the actor was told what no integration would answer. */
function sampleOf({ samples }: Definition, type: string, chance: Chance, step: Step | undefined): object {
  try {
    return (chance.is(0.5) ? samples[type]?.(step?.envelope.snapshot.context as never) : undefined) ?? {};
  } catch {
    return {};
  }
}

/** Some life of an actor of this kind: what is sent, what comes back, what is due, and now and then what nobody expects. */
function live(definition: Definition, chance: Chance): Step[] {
  let marks = 0;
  const mark = (): string => `mark${++marks}z`;
  const payloadOf = (schema: z.ZodObject): Record<string, unknown> =>
    make(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema, chance, mark) as Record<string, unknown>;
  const steps: Step[] = [];
  const take = (happening: Happening, event: { readonly type: string }, caller: string): void => {
    const envelope = steps.at(-1)?.envelope;
    const now = 1_700_000_000_000 + steps.length * 1000;
    try {
      const stepped = takeStep(definition, envelope, happening, { by: caller, now, scale: 1 });
      if (stepped.outcome !== 'applied') return;
      const { version } = stepped.next;
      steps.push({ version, event: JSON.stringify(event), caller, at: now, envelope: stepped.next });
    } catch {
      // An answer that no integration would give: the hub would park the actor.
    }
  };
  const input = definition.input.parse(payloadOf(definition.input)) as Record<string, unknown>;
  // A period has the id of its month.
  const { month: id = 'a1' } = input as { month?: string };
  const born = { kind: 'create', id, input, settings: definition.settings.parse({}) } as const;
  // Some are made by other actors alone.
  for (const maker of ['clerk', 'bill/maker']) if (steps.length === 0) take(born, { ...input, type: '@create' }, maker);
  for (let turn = 0; turn < 20 && steps.length > 0; turn++) {
    const { timers, effects } = (steps.at(-1) as { envelope: Envelope }).envelope;
    const kind = chance.pick(['event', 'event', 'event', 'result', 'timer'] as const);
    const [id, waiting] = Object.entries(kind === 'timer' ? timers : effects)[0] ?? [];
    if (kind === 'event' || id === undefined || waiting === undefined) {
      const type = chance.pick(Object.keys({ ...definition.events, ...definition.internal }));
      const payload = payloadOf(must({ ...definition.events, ...definition.internal }[type], type));
      const event = { ...payload, ...sampleOf(definition, type, chance, steps.at(-1)), type };
      take({ kind: 'event', event }, event, chance.pick(['clerk', 'boss', 'dora', 'client/maker', 'system:erp']));
    } else if (kind === 'timer') take({ kind, id, v: waiting.v, i: waiting.i }, { type: id }, 'hub');
    else {
      const outcome = chance.pick(['done', 'declined', 'not_found', 'canceled']);
      const output = {
        // The first of all periods has none before it.
        found: definition.type !== 'period',
        version: 1,
        answer: { active: true, state: 'active' },
        outcome,
        gateway_reference: mark(),
        note: mark(),
        figures: { root: mark(), gains: [], difference_minor: 0 },
        troubles: [],
      };
      const result: Result = chance.is(0.8) ? { kind: 'done', output } : { kind: chance.pick(['failed', 'unknown']), code: mark() };
      take({ kind, id, v: waiting.v, i: waiting.i, result }, { type: `xstate.done.actor.${id}`, ...result } as { type: string }, 'hub');
    }
  }
  return steps;
}

/** The machine with a view for developers that shows some fields alone. */
function showing(definition: Definition, fields: readonly string[]): Definition {
  return { ...definition, views: { ...definition.views, hq: { rows: 'all', fields } } };
}

function inspect(definition: Definition): Inspected {
  const address = toAddress(definition.type, 'a1');
  return { address, definition, rights: must(rightsOf(definition, DEVELOPER), 'rights'), kin: { rootId: address, parentId: undefined } };
}

const kinds = [...machines, shelf].map((definition) => [definition.type, definition] as const);
const marksIn = (value: unknown): Set<string> => new Set(JSON.stringify(value).match(/mark\d+z/g));

test.for(kinds)('[INSP-14] no field of a %s that the developer’s view lacks crosses the wire, in whatever frame', ([, whole]) => {
  let hidden = 0;
  for (const seed of SEEDS) {
    const chance = new Chance(seed, whole.type);
    const steps = live(whole, chance);
    const names = new Set(
      steps.flatMap(({ envelope, event }) => Object.keys({ ...(envelope.snapshot.context as object), ...JSON.parse(event) })),
    );
    const fields = [...names].filter(() => chance.is(0.4));
    const definition = showing(whole, fields);
    const inspected = inspect(definition);
    for (const step of steps) {
      const context = step.envelope.snapshot.context as Record<string, unknown>;
      const { type, ...payload } = JSON.parse(step.event) as { type: string };
      const seen = marksIn(
        [context, payload].map((of) => Object.fromEntries(Object.entries(of).filter(([name]) => fields.includes(name)))),
      );
      const secret = [...marksIn([context, payload, step.envelope.effects])].filter((mark) => !seen.has(mark));
      hidden += secret.length;
      const frames = [toActorFrame(inspected, step), ...toStepFrames(inspected, step)];
      const text = JSON.stringify(frames);
      const about = `seed ${seed}, version ${step.version}, fields ${fields.join()}`;
      expect(
        secret.filter((mark) => text.includes(mark)),
        about,
      ).toEqual([]);
      for (const frame of frames) {
        if ('snapshot' in frame) {
          expect(
            Object.keys(frame.snapshot.context).filter((name) => !fields.includes(name)),
            about,
          ).toEqual([]);
          expect([frame.snapshot.children, frame.snapshot.output], about).toEqual([{}, undefined]);
        }
        if ('event' in frame) {
          const { type: shown, by, at: _, ...rest } = frame.event;
          expect(
            Object.keys(rest).filter((name) => !fields.includes(name)),
            about,
          ).toEqual([]);
          // Who of the house did what is told in views that show everything, and to himself.
          expect([by, shown], about).toEqual(step.caller === 'dora' ? ['dora', type] : ['hub', 'changed']);
        }
      }
    }
  }
  expect(hidden).toBeGreaterThan(50);
});

test.for(kinds)(
  '[INSP-15] a view that shows all of a %s shows it: every field, event and call, in frames of the package’s own types',
  ([, definition]) => {
    for (const seed of SEEDS) {
      const inspected = inspect(definition);
      for (const step of live(definition, new Chance(seed, definition.type))) {
        const [event, snapshot] = toStepFrames(inspected, step);
        // What the compiler takes here a receiver of the package takes too.
        const frames: StatelyInspectionEvent[] = [toActorFrame(inspected, step), event, snapshot];
        expect(frames.map(({ id, _version }) => [id, _version])).toEqual(
          frames.map(() => [`${definition.type}/a1@${step.version}`, '0.7.2']),
        );
        const { secret, ...context } = snapshot.snapshot.context;
        const { secret: kept, ...was } = step.envelope.snapshot.context as Record<string, unknown>;
        expect([context, secret], `seed ${seed}`).toEqual([was, kept === undefined ? undefined : '[secret]']);
        expect(event.event).toMatchObject({ type: (JSON.parse(step.event) as { type: string }).type, by: step.caller, at: step.at });
        expect(event.sourceId).toBe(step.caller.includes('/') ? step.caller : undefined);
        expect(Object.keys(snapshot.snapshot.children)).toEqual(Object.keys(step.envelope.effects));
        expect(snapshot.snapshot.value).toEqual(step.envelope.snapshot.value);
      }
    }
  },
);

test('[INSP-16] a row from the journal makes the same frames as its commit, and one whose contents were erased none', () => {
  const inspected = inspect(shelf);
  for (const step of live(shelf, new Chance(7, 'journal'))) {
    const row = {
      ...{ partition: 1, seq: 1, event_id: 'e', body_hash: '', causation: '', correlation: '', traceparent: '', machine_version: 1 },
      ...{ asked: '', hash: '', actor: inspected.address, version: step.version, at: step.at, caller: step.caller, event: step.event },
      envelope: toStored(shelf, step.envelope),
    };
    expect(toStepFrames(inspected, must(readStep(shelf, row), 'a step'))).toEqual(toStepFrames(inspected, step));
    expect(readStep(shelf, { ...row, envelope: '' })).toBeUndefined();
    expect(readStep(shelf, { ...row, envelope: row.envelope.replace('"machine_version":1', '"machine_version":99') })).toBeUndefined();
  }
});
