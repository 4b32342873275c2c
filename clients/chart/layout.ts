import ElkApi from 'elkjs/lib/elk-api.js';
import type { ElkNode } from 'elkjs/lib/elk-api.js';
import { toDrawing, type Drawing } from './drawing.ts';
import { layOut, toElkGraph, type Layout, type Measure } from './elk-graph.ts';
import type { Chart } from '../../hub/protocol/chart.ts';

/** A chart as it is to be drawn, with the place of everything. */
export type Laid = { readonly drawing: Drawing; readonly layout: Layout };

const KEPT = 'green-lines.layout';
const layouts = new Map<string, Promise<Layout>>();

/** Lays a chart out in a worker, once for each machine, version and folding; a tab that is loaded anew finds it again. */
export async function layChart(chart: Chart, folded: ReadonlySet<string>): Promise<Laid> {
  const drawing = toDrawing(chart, folded);
  const graph = toElkGraph(drawing, measureText);
  // The sizes are part of it: another font, or another machine under the same number, is another layout.
  const key = `${chart.type}@${chart.version} ${hash(JSON.stringify(graph))}`;
  const known = layouts.get(key) ?? Promise.resolve(load(key) ?? lay(graph, key));
  layouts.set(key, known);
  try {
    return { drawing, layout: await known };
  } catch (error) {
    layouts.delete(key);
    throw error;
  }
}

async function lay(graph: ElkNode, key: string): Promise<Layout> {
  worker ??= startWorker();
  const { elk, failed } = worker;
  // A worker that cannot be had says so to nobody but itself; the library would wait for ever.
  const layout = await Promise.race([layOut(graph, elk), failed]);
  keep(key, layout);
  return layout;
}

type Elk = { readonly elk: InstanceType<typeof ElkApi.default>; readonly failed: Promise<never> };
let worker: Elk | undefined;

function startWorker(): Elk {
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => {
    worker = undefined; // it may come up the next time
  });
  const elk = new ElkApi.default({
    workerFactory: () => {
      const started = new Worker(new URL('elkjs/lib/elk-worker.min.js', import.meta.url));
      started.addEventListener('error', () => reject(new Error('The worker that lays out charts has failed')));
      return started;
    },
  });
  return { elk, failed };
}

function load(key: string): Layout | undefined {
  try {
    const text = sessionStorage.getItem(`${KEPT} ${key}`);
    return text === null ? undefined : (JSON.parse(text) as Layout);
  } catch {
    return undefined;
  }
}

function keep(key: string, layout: Layout): void {
  try {
    sessionStorage.setItem(`${KEPT} ${key}`, JSON.stringify(layout));
  } catch {
    // A full or closed storage only costs the next tab some time.
  }
}

const FONTS = { title: '600 13px', label: '12px' } as const;
let canvas: CanvasRenderingContext2D | null | undefined;

const measureText: Measure = (text, font) => {
  canvas ??= document.createElement('canvas').getContext('2d');
  if (canvas === null) return text.length * (font === 'title' ? 7.6 : 6.7);
  canvas.font = `${FONTS[font]} ${getComputedStyle(document.body).fontFamily}`;
  return canvas.measureText(text).width;
};

/** FNV-1a, 32 bits. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value >>> 0).toString(36);
}
