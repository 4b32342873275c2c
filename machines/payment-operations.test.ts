import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { after, KINDS, mayFollow, OPERATION_STATES, RESULTS } from './payment-operations.ts';
import type { Kind, OperationState } from './payment-operations.ts';

type Table = {
  readonly machines: readonly {
    readonly name: string;
    readonly transitions: readonly { readonly from: string; readonly result: string; readonly to: string }[];
  }[];
  readonly links: readonly {
    readonly fromMachine: string;
    readonly fromState: string;
    readonly toMachine: string;
    readonly toState: string;
  }[];
};

const PUBLISHED = JSON.parse(readFileSync(new URL('../tests/vectors/killbill/payment-states.json', import.meta.url), 'utf8')) as Table;

/** The published names have the operation in front, shortened for one of them: `AUTH_SUCCESS`. */
const stateOf = (name: string): string => name.slice(name.lastIndexOf('_') + 1);

test('[PAY-34] An operation takes exactly the 45 published transitions', () => {
  const published = PUBLISHED.machines
    .filter(({ name }) => name !== 'BIG_BANG')
    .flatMap(({ name, transitions }) => transitions.map(({ from, result, to }) => `${name} ${stateOf(from)} ${result} ${stateOf(to)}`));
  const ours = KINDS.flatMap((kind) =>
    OPERATION_STATES.flatMap((state) =>
      RESULTS.flatMap((result) => {
        const to = after(kind, state, result);
        return to === undefined ? [] : [`${kind} ${state} ${result} ${to}`];
      }),
    ),
  );
  expect(ours).toHaveLength(45);
  expect(ours.sort()).toEqual(published.sort());
});

test('[PAY-35] An operation is begun behind another by exactly the 14 published links', () => {
  const published = PUBLISHED.links.map(({ fromMachine, fromState, toMachine }) => {
    const from = fromMachine === 'BIG_BANG' ? 'BEGIN' : `${fromMachine} ${stateOf(fromState)}`;
    return `${from} ${toMachine}`;
  });
  const beginnings: readonly (readonly [string, { kind: Kind; state: OperationState } | undefined])[] = [
    ['BEGIN', undefined],
    ...KINDS.flatMap((kind) => OPERATION_STATES.map((state) => [`${kind} ${state}`, { kind, state }] as const)),
  ];
  const ours = beginnings.flatMap(([name, before]) => KINDS.filter((kind) => mayFollow(before, kind)).map((kind) => `${name} ${kind}`));
  expect(ours).toHaveLength(14);
  expect(ours.sort()).toEqual(published.sort());
});
