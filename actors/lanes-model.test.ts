import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LanesStage } from '../tests/support/lanes-stage.ts';
import type { Outcome } from './delivery.ts';
import { chainHash } from './chain.ts';
import type { Mishap } from './store/memory.ts';

/*
 * Random events, duplicates, faults, restarts and takeovers against a model that knows nothing of batches: a number and a
 * lock for each actor, and one answer for each id for ever.
 */

type Move = { readonly actor: string; readonly type: 'ADD' | 'LOCK' | 'UNLOCK' | 'TOUCH'; readonly by_n: number; readonly id: string };
type Step = { readonly kind: 'moves'; readonly moves: readonly Move[] } | { readonly kind: 'restart' } | { readonly kind: 'evict' };

const ACTORS = ['counter/a', 'counter/b', 'counter/c'];
const move: fc.Arbitrary<Move> = fc.record({
  actor: fc.constantFrom(...ACTORS),
  type: fc.constantFrom('ADD', 'ADD', 'ADD', 'LOCK', 'UNLOCK', 'TOUCH'),
  by_n: fc.integer({ min: -3, max: 5 }),
  id: fc.integer({ min: 0, max: 25 }).map((n) => `e${n}`),
});
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('moves' as const), moves: fc.array(move, { minLength: 1, maxLength: 12 }) }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'restart' } as const) },
    { weight: 1, arbitrary: fc.constant({ kind: 'evict' } as const) },
  ),
  { minLength: 1, maxLength: 10 },
);
const mishaps = fc.array(fc.constantFrom<Mishap>('none', 'none', 'none', 'retry', 'lost_before', 'lost_after', 'late'), { maxLength: 30 });

/** The answer that an id has for ever, as a text. */
function answerOf(outcome: Outcome): string {
  switch (outcome.outcome) {
    case 'applied':
    case 'duplicate':
      return `applied as ${outcome.version}`;
    case 'rejected':
      return outcome.code;
    default:
      return outcome.outcome;
  }
}

class Model {
  readonly state = new Map<string, { n: number; locked: boolean; version: number }>();
  readonly #answers = new Map<string, { body: string; answer: string }>();

  take({ actor, type, by_n, id }: Move): string {
    const key = `${actor} ${id}`;
    const body = bodyOf({ type, by_n });
    const before = this.#answers.get(key);
    if (before !== undefined) return before.body === body ? before.answer : 'key_reused';
    const answer = this.#judge(actor, type, by_n);
    this.#answers.set(key, { body, answer });
    return answer;
  }

  #judge(actor: string, type: Move['type'], by_n: number): string {
    const now = this.state.get(actor);
    if (now === undefined) return 'not_found';
    if (now.locked ? type !== 'UNLOCK' : type === 'UNLOCK') return 'not_in_state';
    if (type === 'ADD' && now.n + by_n < 0) return 'guard_refused';
    const locked = type === 'LOCK' ? true : type === 'UNLOCK' ? false : now.locked;
    this.state.set(actor, { n: type === 'ADD' ? now.n + by_n : now.n, locked, version: now.version + 1 });
    return `applied as ${now.version + 1}`;
  }
}

function bodyOf({ type, by_n }: Pick<Move, 'type' | 'by_n'>): string {
  return JSON.stringify(type === 'ADD' ? { by_n, type } : { type });
}

test('[LANE-23] whatever is repeated, lost, restarted or evicted, every id has one answer for ever and the journal is what the model says', async () => {
  await fc.assert(
    fc.asyncProperty(steps, mishaps, fc.boolean(), fc.integer(), async (sequence, faults, cold, seed) => {
      const waiting: Mishap[] = [];
      const stage = await new LanesStage({
        faults: { onCommit: () => waiting.shift() ?? 'none', delay_ms: () => (Math.abs(seed) % 3 === 0 ? 3 : 0) },
        // A memory for a single actor: the others are loaded again and again.
        options: { memory_bytes: cold ? 4_500 : 1 << 20, crowd: 3, batch: 8 },
      }).start();
      const model = new Model();
      for (const actor of ACTORS.slice(0, 2)) {
        await stage.create(actor);
        model.state.set(actor, { n: 0, locked: false, version: 1 });
      }
      waiting.push(...faults);
      for (const step of sequence) {
        if (step.kind === 'restart') await stage.start();
        else if (step.kind === 'evict') await stage.hear(Promise.all(ACTORS.map((actor) => stage.lanes.read(actor))));
        else {
          const answers = await stage.hear(
            Promise.all(step.moves.map(({ actor, type, by_n, id }) => stage.event(actor, type, type === 'ADD' ? { by_n } : {}, { id }))),
          );
          for (const actor of ACTORS) {
            // Only the order within an actor is promised.
            const mine = step.moves.map((one, index) => [one, answers[index]] as const).filter(([one]) => one.actor === actor);
            expect(mine.map(([, answer]) => answer && answerOf(answer))).toEqual(mine.map(([one]) => model.take(one)));
          }
        }
      }
      await stage.ports.advance(1_000);
      for (const [actor, { n, version }] of model.state) {
        expect(stage.stored(actor)).toMatchObject({ version, context: { n } });
        expect(stage.database.journalOf(actor).map((row) => row.version)).toEqual(Array.from({ length: version }, (_, index) => index + 1));
      }
      for (let partition = 0; partition < 32; partition++) {
        let before = '';
        for (const row of stage.database.rowsOf(partition)) {
          expect(row.hash).toBe(chainHash(before, row));
          before = row.hash;
        }
      }
    }),
    { numRuns: 150 },
  );
});
