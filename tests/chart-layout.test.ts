import ElkBundled from 'elkjs/lib/elk.bundled.js';
import { describe, expect, test } from 'vitest';
import { toDrawing, foldable, foldedAtFirst, isPassing } from '../clients/chart/drawing.ts';
import { layOut, linesOf, toElkGraph } from '../clients/chart/elk-graph.ts';
import type { Box, Layout } from '../clients/chart/elk-graph.ts';
import { pathWords, transitionLine } from '../clients/chart/chart-words.ts';
import { chartOf } from '../hub/machine-chart.ts';
import { isWithin, statesOf } from '../hub/protocol/chart.ts';
import type { Chart } from '../hub/protocol/chart.ts';
import { machines } from '../machines/machines.ts';
import { must } from '../machines/must.ts';

const chartNamed = (type: string): Chart =>
  chartOf(
    must(
      machines.find((one) => one.type === type),
      `the machine ${type}`,
    ),
  );
const each = machines.map(({ type }) => [type, chartNamed(type)] as const);
const measure = (text: string): number => text.length * 7;

const elk = new ElkBundled.default();
async function lay(chart: Chart, folded: ReadonlySet<string>): Promise<{ layout: Layout; drawing: ReturnType<typeof toDrawing> }> {
  const drawing = toDrawing(chart, folded);
  return { drawing, layout: await layOut(toElkGraph(drawing, measure), elk) };
}

const inside = (inner: Box, outer: Box): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;
const apart = (a: Box, b: Box): boolean => a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;

describe.each(each)('the drawing of a %s', (_, chart) => {
  const foldings: readonly [string, ReadonlySet<string>][] = [
    ['all within shown', new Set()],
    ['as it is at first', new Set(foldedAtFirst(chart))],
    ['all folded', new Set(foldable(chart))],
  ];

  test('[CHART-11] every state and every transition is drawn, or told of by the state that hides it or is not left', () => {
    const drawing = toDrawing(chart, new Set());
    const states = drawing.nodes.filter(({ kind }) => kind !== 'initial').map(({ id }) => id);
    expect(states.toSorted()).toEqual(
      statesOf(chart)
        .map(({ path }) => path)
        .toSorted(),
    );
    const lines = drawing.edges.flatMap(({ transitions }) => transitions.map(({ id }) => id));
    const stays = drawing.nodes.flatMap((node) => node.stays.map(({ id }) => id));
    const anywhere = drawing.anywhere.map(({ id }) => id);
    expect([...new Set([...lines, ...stays, ...anywhere])].toSorted()).toEqual(chart.transitions.map(({ id }) => id).toSorted());
  });

  test.each(foldings)(
    '[CHART-11] with %s, each line ends at states that are drawn, and none runs between a state and what is around it',
    (_what, folded) => {
      const { nodes, edges } = toDrawing(chart, folded);
      const drawn = new Set(nodes.map(({ id }) => id));
      expect(new Set(edges.map(({ id }) => id)).size).toBe(edges.length);
      for (const { source, target } of edges) {
        expect([drawn.has(source), drawn.has(target)]).toEqual([true, true]);
        expect(isWithin(source, target) || isWithin(target, source)).toBe(false);
      }
      for (const path of folded) expect(nodes.filter(({ id }) => id !== path && isWithin(id, path))).toEqual([]);
    },
  );

  test.each(foldings)(
    '[CHART-12] with %s, it is laid out: states within their boxes and beside each other, and every line has its way',
    async (_what, folded) => {
      const { drawing, layout } = await lay(chart, folded);
      const whole = { x: 0, y: 0, width: layout.width, height: layout.height };
      for (const node of drawing.nodes) {
        const box = must(layout.nodes[node.id], `the place of ${node.id}`);
        expect(inside(box, layout.nodes[node.parent] ?? whole), `${node.id} stands within what is around it`).toBe(true);
        const beside = drawing.nodes.filter((other) => other.parent === node.parent && other.id !== node.id);
        for (const other of beside) expect(apart(box, must(layout.nodes[other.id], other.id)), `${node.id} and ${other.id}`).toBe(true);
      }
      for (const edge of drawing.edges) {
        const { ways, label } = must(layout.edges[edge.id], `the way of ${edge.id}`);
        expect(ways.length, edge.id).toBeGreaterThan(0);
        const [from, to] = [must(layout.nodes[edge.source], edge.source), must(layout.nodes[edge.target], edge.target)];
        const [first, last] = [must(ways[0]?.[0], 'a first point'), must(ways.at(-1)?.at(-1), 'a last point')];
        // A line begins at the edge of its one end and stops at that of the other.
        expect(distance(first, from), `${edge.id} begins`).toBeLessThan(1.5);
        expect(distance(last, to), `${edge.id} ends`).toBeLessThan(1.5);
        expect(label === undefined).toBe(linesOf(edge).length === 0);
      }
    },
  );
});

function distance({ x, y }: { x: number; y: number }, box: Box): number {
  const dx = Math.max(box.x - x, 0, x - (box.x + box.width));
  const dy = Math.max(box.y - y, 0, y - (box.y + box.height));
  return Math.hypot(dx, dy);
}

test('[CHART-12] what a state begins with stands above what follows it', async () => {
  for (const [type, first, second] of [
    ['payment', 'draft', 'authorizing'],
    ['payment', 'authorizing', 'settled'],
    ['client', 'invited', 'active'],
    ['integration', 'circuit.closed', 'circuit.open'],
    ['integration', 'lifecycle.disabled', 'lifecycle.enabled'],
  ] as const) {
    const chart = chartNamed(type);
    const { layout } = await lay(chart, new Set(foldedAtFirst(chart)));
    expect([first, second, must(layout.nodes[first], first).y < must(layout.nodes[second], second).y]).toEqual([first, second, true]);
  }
});

test('[CHART-11] a large chart begins folded; a chart of regions side by side never does', () => {
  expect(foldedAtFirst(chartNamed('payment'))).toContain('authorizing');
  expect(foldedAtFirst(chartNamed('integration'))).toEqual([]);
});

test('[CHART-13] transitions are said as a person would say them', () => {
  const said = (type: string, source: string): string[] =>
    chartNamed(type)
      .transitions.filter((one) => one.source === source)
      .map(transitionLine);
  expect(said('payment', 'needs_approval')).toEqual([
    'Approve, if completes approval',
    'Approve, if may approve',
    'Deny',
    'Amend, if may amend from account',
    'Amend, if may amend screened',
    'Amend, if may amend',
    'Hold',
    'Cancel',
    'After 1 d',
    'After 2 d',
    'After 3 d',
  ]);
  expect(said('payment', 'authorizing.answered')).toEqual(['If goes on', 'If declined', 'If done and manual', 'If done', 'Otherwise']);
  expect(said('payment', 'authorizing.calling')).toEqual([
    'Authorize answered',
    'Authorize: no result, if held',
    'Authorize: no result, if unknown',
    'Authorize: no result',
  ]);
  expect(said('payment', 'unknown.waiting')).toContain('After lookup wait');
  expect(said('client', 'verifying')).toEqual(['Close', 'All ended, if all passed', 'All ended']);
  expect(said('integration', 'admission.probes')).toContain('If not (enabled and trusted and half open)');
  expect(pathWords('authorizing.calling')).toBe('Authorizing › calling');
});

test('[CHART-13] a state in which nobody can stand is told apart from one that waits', () => {
  const payment = chartNamed('payment');
  expect(['authorizing.answered', 'unknown.found', 'settled.idle', 'draft'].map((path) => isPassing(payment, path))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
