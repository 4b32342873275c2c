import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js';
import { isWithin } from '../../hub/protocol/chart.ts';
import type { Drawing, DrawnEdge, DrawnNode } from './drawing.ts';
import { chartTexts as texts } from './texts.ts';

/** How wide a text is, in pixels. */
export type Measure = (text: string, font: 'title' | 'label') => number;

export type Point = { readonly x: number; readonly y: number };
export type Box = Point & { readonly width: number; readonly height: number };

/** Where everything stands, measured from the upper left of the whole. */
export type Layout = {
  readonly width: number;
  readonly height: number;
  readonly nodes: Readonly<Record<string, Box>>;
  readonly edges: Readonly<Record<string, { readonly ways: readonly (readonly Point[])[]; readonly label: Box | undefined }>>;
};

/** Line height of the labels of an edge, as chart.css has it. */
export const LABEL_LINE = 15;
const STATE = { least: 116, beside: 74, height: 42, stays: 15 };
const COUNT_PX = 26;
const PASSING = { beside: 22, height: 24 };

const SPACING: Readonly<Record<string, string>> = {
  'elk.layered.spacing.nodeNodeBetweenLayers': '24',
  'elk.layered.spacing.edgeNodeBetweenLayers': '11',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '9',
  'elk.spacing.nodeNode': '20',
  'elk.spacing.edgeNode': '11',
  'elk.spacing.edgeEdge': '9',
  'elk.spacing.edgeLabel': '4',
};

/** From above to below, states in the order in which the machine has them: that in which they are meant to be gone through. */
const LAYERED: Readonly<Record<string, string>> = {
  ...SPACING,
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
  'elk.layered.cycleBreaking.strategy': 'MODEL_ORDER',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
};
/** Shorter lines; of some charts ELK cannot work them out. */
const COMPACTION = 'elk.layered.compaction.postCompaction.strategy';

/** Regions that have nothing to do with each other, as they fit best. */
const PACKED: Readonly<Record<string, string>> = { 'elk.algorithm': 'rectpacking', 'elk.aspectRatio': '1.6', 'elk.spacing.nodeNode': '20' };

/** ELK lays a box that lines lead into out together with what is around it; there it knows no order but that of the lines. */
const CROSSED: Readonly<Record<string, string>> = { ...SPACING, 'elk.layered.cycleBreaking.strategy': 'DEPTH_FIRST' };

const ROOT = '@root';

/** What ELK is asked: the drawing as nested boxes of known sizes. */
export function toElkGraph(drawing: Drawing, measure: Measure): ElkNode {
  return compacted(new Graph(drawing, measure).root(), 'EDGE_LENGTH');
}

/** Asks ELK, and where it fails at making lines short once more without. */
export async function layOut(graph: ElkNode, elk: { layout(graph: ElkNode): Promise<ElkNode> }): Promise<Layout> {
  try {
    return toLayout(await elk.layout(graph));
  } catch {
    return toLayout(await elk.layout(compacted(graph, 'NONE')));
  }
}

function compacted(node: ElkNode, how: string): ElkNode {
  const { layoutOptions = {}, children = [] } = node;
  const options = layoutOptions['elk.algorithm'] === 'layered' ? { ...layoutOptions, [COMPACTION]: how } : layoutOptions;
  return { ...node, layoutOptions: options, children: children.map((child) => compacted(child, how)) };
}

class Graph {
  readonly #measure: Measure;
  readonly #below = new Map<string, DrawnNode[]>();
  /** Lines by the box that they are laid out with. */
  readonly #lines = new Map<string, DrawnEdge[]>();
  readonly #sealed: ReadonlySet<string>;
  readonly #parallel: boolean;

  constructor(drawing: Drawing, measure: Measure) {
    this.#measure = measure;
    this.#parallel = drawing.parallel;
    for (const node of drawing.nodes) this.#below.set(node.parent, [...(this.#below.get(node.parent) ?? []), node]);
    const boxes = drawing.nodes.filter(({ kind }) => kind === 'box').map(({ id }) => id);
    const closed = boxes.filter(
      (box) =>
        !drawing.edges.some(({ source, target }) => isWithin(source, box) !== isWithin(target, box) && source !== box && target !== box),
    );
    // A box in which another is not closed is laid out with all that is around, too.
    this.#sealed = new Set(closed.filter((box) => boxes.every((inner) => !isWithin(inner, box) || closed.includes(inner))));
    for (const edge of drawing.edges) {
      const home = [...this.#sealed].filter(
        (box) => box !== edge.source && box !== edge.target && isWithin(edge.source, box) && isWithin(edge.target, box),
      );
      const innermost = home.toSorted((a, b) => b.length - a.length)[0] ?? ROOT;
      this.#lines.set(innermost, [...(this.#lines.get(innermost) ?? []), edge]);
    }
  }

  root(): ElkNode {
    const children = this.#childrenOf('');
    const apart = this.#parallel && !this.#lines.has(ROOT);
    const hierarchy = { 'elk.hierarchyHandling': apart ? 'SEPARATE_CHILDREN' : 'INCLUDE_CHILDREN', 'elk.json.edgeCoords': 'ROOT' };
    const options = { ...(apart ? PACKED : LAYERED), ...hierarchy, 'elk.padding': padding(16) };
    return { id: ROOT, layoutOptions: options, children, edges: this.#edgesOf(ROOT) };
  }

  #childrenOf(path: string): ElkNode[] {
    return (this.#below.get(path) ?? []).map((node) => this.#toElkNode(node));
  }

  #edgesOf(path: string): ElkExtendedEdge[] {
    return (this.#lines.get(path) ?? []).map((edge) => toElkEdge(edge, this.#measure));
  }

  #toElkNode(node: DrawnNode): ElkNode {
    const { id, kind, title, stays } = node;
    const text = this.#measure(title, 'title');
    switch (kind) {
      case 'box':
        return this.#toElkBox(node, text);
      case 'initial':
        return { id, width: 10, height: 10 };
      case 'passing':
      case 'history':
        return { id, width: Math.ceil(this.#measure(title, 'label')) + PASSING.beside, height: PASSING.height };
      case 'state':
      case 'final': {
        const width = Math.max(STATE.least, Math.ceil(text) + STATE.beside + (node.folded ? 24 : 0));
        return { id, width, height: STATE.height + (stays.length > 0 || node.folded ? STATE.stays : 0) };
      }
    }
  }

  #toElkBox({ id, stays, state }: DrawnNode, text: number): ElkNode {
    const sealed = this.#sealed.has(id);
    const edges = this.#edgesOf(id);
    const packed = sealed && state?.type === 'parallel' && edges.length === 0;
    return {
      id,
      layoutOptions: {
        ...(packed ? PACKED : sealed ? LAYERED : CROSSED),
        ...(sealed ? { 'elk.hierarchyHandling': 'SEPARATE_CHILDREN' } : {}),
        'elk.padding': padding(16, stays.length > 0 ? 56 : 44),
        'elk.nodeSize.constraints': 'MINIMUM_SIZE',
        'elk.nodeSize.minimum': `(${Math.ceil(text + STATE.beside + 24)}, 60)`,
      },
      children: this.#childrenOf(id),
      edges,
    };
  }
}

function padding(around: number, above = around): string {
  return `[top=${above},left=${around},bottom=${around},right=${around}]`;
}

function toElkEdge(edge: DrawnEdge, measure: Measure): ElkExtendedEdge {
  const lines = linesOf(edge);
  // How often it was taken is written behind the last line.
  const widths = lines.map(({ text }, index) => measure(text, 'label') + (index === lines.length - 1 ? COUNT_PX : 0));
  const width = Math.ceil(Math.max(0, ...widths));
  const label = {
    id: `${edge.id} label`,
    text: lines.map(({ text }) => text).join('\n'),
    width: width + 4,
    height: lines.length * LABEL_LINE,
  };
  return { id: edge.id, sources: [edge.source], targets: [edge.target], labels: lines.length === 0 ? [] : [label] };
}

export type LabelLine = { readonly text: string; readonly isCondition: boolean };

/** The lines of an edge's label, one below the other. */
export function linesOf({ labels, more }: DrawnEdge): readonly LabelLine[] {
  const lines = labels.flatMap(({ what, condition }) => [
    ...wrapped(what).map((text) => ({ text, isCondition: false })),
    ...wrapped(condition ?? '').map((text) => ({ text, isCondition: true })),
  ]);
  return more > 0 ? [...lines, { text: texts.more(more), isCondition: true }] : lines;
}

const LONGEST_LINE = 26;

/** Broken between words where it is longer than a line. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ').filter((part) => part !== '')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= LONGEST_LINE) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Reads what ELK answered. Its boxes are measured from the box around them, its lines from the upper left of the whole. */
function toLayout(answer: ElkNode): Layout {
  const nodes: Record<string, Box> = {};
  const edges: Record<string, Layout['edges'][string]> = {};
  const place = ({ id, x = 0, y = 0, width = 0, height = 0, children = [], edges: lines = [] }: ElkNode, around: Point): void => {
    const box = { x: around.x + x, y: around.y + y, width, height };
    if (id !== ROOT) nodes[id] = box;
    for (const line of lines) edges[line.id] = toPlaced(line);
    for (const child of children) place(child, box);
  };
  place(answer, { x: 0, y: 0 });
  return { width: answer.width ?? 0, height: answer.height ?? 0, nodes, edges };
}

function toPlaced({ sections = [], labels = [] }: ElkExtendedEdge): Layout['edges'][string] {
  const ways = sections.map(({ startPoint, bendPoints = [], endPoint }) =>
    [startPoint, ...bendPoints, endPoint].map(({ x, y }) => ({ x, y })),
  );
  const [label] = labels;
  return { ways, label: label && { x: label.x ?? 0, y: label.y ?? 0, width: label.width ?? 0, height: label.height ?? 0 } };
}
