import { assign, setup } from 'xstate';
import { z } from 'zod';
import { defineMachine } from '../machines/machine.ts';
import type { Birth, Stamp } from '../machines/machine.ts';

const USUAL = 120;

/** An actor that only shows the newest of what it was told: about as much as a screen is told of a payment that moves on. */
export const board = defineMachine({
  type: 'board',
  version: 1,
  machine: setup({
    types: {
      context: {} as { n: number; note: string },
      events: {} as Stamp & { type: 'SET'; n: number; fill?: number },
      input: {} as Birth,
    },
  }).createMachine({
    id: 'board',
    context: { n: 0, note: '' },
    on: { SET: { actions: assign({ n: ({ event }) => event.n, note: ({ event }) => `${'n'.repeat(event.fill ?? USUAL)}${event.n}` }) } },
  }),
  input: z.strictObject({}),
  events: { SET: z.strictObject({ n: z.int(), fill: z.int().min(0).max(100_000).optional() }) },
  permissions: { '@create': ['clerk'], SET: ['clerk', 'system'] },
  views: { hq: { rows: 'all', fields: 'all' } },
  belongs: () => ({}),
  title: () => 'board',
  summary: () => '',
  search: () => [],
});
