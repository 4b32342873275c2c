import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BindingWorld } from './binding-world.ts';
import { must } from './must.ts';
import { stateOf } from './rehearsal.ts';
import { isSame } from './sync-merge.ts';

const ACME = { name: 'Acme GmbH', country: 'DE', email: 'office@acme.example', kind: 'company' };
const RUNS = 300;

type Change = { readonly side: 'hub' | 'erp'; readonly field: 'name' | 'email' | 'phone' | 'city'; readonly n: number };

const changes = fc.array(
  fc.record({
    side: fc.constantFrom('hub' as const, 'erp' as const),
    field: fc.constantFrom('name' as const, 'email' as const, 'phone' as const, 'city' as const),
    n: fc.nat(5),
  }),
  { maxLength: 12 },
);

const valueOf = ({ field, n }: Change): string => (field === 'email' ? `p${n}@acme.example` : `${field} ${n}`);

/** Plays a course to its end: everything has arrived, the feed has seen all, somebody has decided what was asked. */
function play(seed: readonly number[], isHere: boolean, course: readonly Change[]): BindingWorld {
  let i = 0;
  const world = new BindingWorld({ below: (count) => (count < 1 ? 0 : (seed[i++ % seed.length] ?? 0) % count) });
  if (isHere) world.bornHere(ACME);
  else world.bornThere(ACME);
  for (const change of course) {
    for (let steps = (seed[i++ % seed.length] ?? 0) % 6; steps > 0; steps--) world.goOn(true);
    if (change.side === 'hub') world.changeHere(change.field, valueOf(change));
    else world.changeThere(change.field, valueOf(change));
    if ((seed[i++ % seed.length] ?? 0) % 3 === 0) world.pull();
  }
  for (let round = 0; round < 12; round++) {
    world.pull();
    for (let steps = 0; steps < 400 && world.goOn(round < 3); steps++);
    world.decide();
  }
  return world;
}

const anyCourse = fc.tuple(fc.array(fc.nat(1_000), { minLength: 40, maxLength: 60 }), fc.boolean(), changes);

describe('a record that both keep, whatever is lost and however long it takes', () => {
  test('[BIND-1] both end alike and in step, and it is there once', () => {
    fc.assert(
      fc.property(anyCourse, ([seed, isHere, course]) => {
        const world = play(seed, isHere, course);
        const address = must(world.binding, 'a binding');
        expect(stateOf(must(world.stages.get(address), 'its stage'))).toBe('agreed');
        expect(world.erp.size).toBe(1);
        expect(world.there).toEqual(world.here);
      }),
      { numRuns: RUNS },
    );
  });

  test('[BIND-2] no change disappears without a trace: both have had it, its own side has replaced it, or it is noted as overruled', () => {
    fc.assert(
      fc.property(anyCourse, ([seed, isHere, course]) => {
        const world = play(seed, isHere, course);
        const { overruled } = world.contextOf(must(world.binding, 'a binding'));
        world.written.forEach(({ side, field, value }, i) => {
          const isReplaced = world.written.slice(i + 1).some((later) => later.side === side && later.field === field);
          const isNoted = overruled.some((one) => one.side === side && one.field === field && isSame(one.value, value));
          const wasAgreed = world.agreed.has(JSON.stringify([field, value]));
          expect([field, side, value, wasAgreed || isReplaced || isNoted]).toEqual([field, side, value, true]);
        });
      }),
      { numRuns: RUNS },
    );
  });
});
