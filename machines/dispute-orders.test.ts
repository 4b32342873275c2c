import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ACCEPT, APPROVE, chargeback, contextOf, DAY, DUE, inquiry, postsOf, said, submit, tellsOf } from './dispute-rehearsal.ts';
import { fire, send, stateOf, throughJson, unpublishedOf } from './rehearsal.ts';
import type { Cue, Stage } from './rehearsal.ts';

const ENDS = ['won', 'lost', 'prevented'];
const ROUNDS = [DUE - DAY, DUE, DUE + 7 * DAY, DUE + 30 * DAY];

/** What a provider may say of one dispute: some rounds of asking and deciding, each with its deadline, and at most one end. */
const story = fc.record({
  words: fc.array(fc.record({ status: fc.constantFrom('needs_response', 'under_review'), due_by: fc.constantFrom(...ROUNDS.slice(1)) }), {
    maxLength: 5,
  }),
  end: fc.constantFrom('won', 'lost', 'prevented', undefined),
});
const toCues = ({ words, end }: { words: readonly object[]; end: string | undefined }): Cue[] => [
  ...words.map((word) => ({ ...said('needs_response'), ...word })),
  ...(end === undefined ? [] : [said(end)]),
];

/** What of an order of events remains: where it ends, what the ledger says, and what the payment knows in the end. */
function remainsOf(first: Stage, cues: readonly Cue[]) {
  const ledger = new Map<string, number>();
  const tells: string[] = [];
  let stage = first;
  const take = (): void => {
    for (const { legs } of postsOf(stage)) {
      expect(legs.reduce((sum, { amount_minor }) => sum + amount_minor, 0)).toBe(0);
      for (const { account, amount_minor } of legs) ledger.set(account, (ledger.get(account) ?? 0) + amount_minor);
    }
    tells.push(...tellsOf(stage));
    expect(unpublishedOf({ ...stage, facts: stage.facts.filter(({ type }) => !type.startsWith('@')) })).toEqual([]);
  };
  take();
  for (const [n, cue] of cues.entries()) {
    stage = throughJson(cue.type === 'due' ? due(stage) : send(stage, { ...cue, v: n + 2 }));
    take();
  }
  const moved = [...ledger].filter(([, sum]) => sum !== 0).toSorted();
  const { due_by, ending } = contextOf(stage);
  return { state: stateOf(stage), due_by, ending, moved, tells };
}

function due(stage: Stage): Stage {
  return stage.timers['evidence_due'] === undefined ? { ...stage, facts: [] } : fire(stage, 'evidence_due', contextOf(stage).due_by);
}

test.each([
  ['a chargeback', (): Stage => chargeback()],
  ['an inquiry', (): Stage => inquiry({ due_by: ROUNDS[0] })],
])(
  '[DISP-12] in whatever order, and however often, the provider’s words about %s come, it ends in the same state with the same money',
  (_, first) => {
    fc.assert(
      fc.property(
        story.map(toCues).chain((cues) => fc.tuple(fc.constant(cues), shuffled(cues), shuffled(cues))),
        ([cues, one, other]) => {
          const [a, b] = [remainsOf(first(), one), remainsOf(first(), other)];
          // Once it is over, rounds that nobody had heard of make no difference any more.
          const isOver = cues.some(({ status }) => ENDS.includes(String(status)));
          if (isOver) expect([a.state, a.ending, a.moved]).toEqual([b.state, b.ending, b.moved]);
          else expect(a).toEqual(b);
        },
      ),
      { numRuns: 300 },
    );
  },
);

/** All of them in some order, some of them twice. */
function shuffled(cues: readonly Cue[]): fc.Arbitrary<Cue[]> {
  return fc.subarray([...cues]).chain((again) => {
    const all = [...cues, ...again];
    return fc.shuffledSubarray(all, { minLength: all.length });
  });
}

const anything = fc.oneof(
  fc.constantFrom<Cue>(submit(), submit({ by: 'approver' }), APPROVE, ACCEPT, { type: 'due' }),
  fc
    .record({
      status: fc.constantFrom('inquiry', 'needs_response', 'under_review', 'won', 'lost', 'prevented'),
      due_by: fc.constantFrom(...ROUNDS),
    })
    .map((word): Cue => ({ ...said('inquiry'), ...word })),
);

test('[DISP-13] whatever people, the provider and time do, the money is in one place, it is taken once, and an end stays', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(anything, { maxLength: 25 }), (asks, cues) => {
      const { state, ending, moved, tells } = remainsOf(asks ? inquiry() : chargeback(), cues);
      const places: Readonly<Record<string, readonly (readonly [string, number])[]>> = {
        nowhere: [],
        taken: [
          ['dispute/dp_1', 12_345],
          ['gateway/sandbox', -12_345],
        ],
        lost: [
          ['gateway/sandbox', -12_345],
          ['loss/disputes', 12_345],
        ],
      };
      const isOpen = /status\.(?:inquiry)/.test(state);
      const place = ending === 'lost' || ending === 'accepted' ? 'lost' : ending !== null || isOpen ? 'nowhere' : 'taken';
      expect([state, moved]).toEqual([state, places[place]]);
      expect([[], ['DISPUTED'], ['DISPUTED', 'DISPUTE_WON'], ['DISPUTED', 'DISPUTE_LOST']]).toContainEqual(tells);
      expect(ending !== null).toBe(/status\.(?:won|lost|prevented|accepted)/.test(state));
    }),
    { numRuns: 400 },
  );
});
