import { useCallback, useEffect, useMemo, useRef, type CSSProperties, type RefObject } from 'react';
import { ReactFlow, ReactFlowProvider, useReactFlow, type Edge, type Node } from '@xyflow/react';
import { keyWords, pathWords, transitionLine } from './chart-words.ts';
import type { DrawnEdge } from './drawing.ts';
import type { Laid } from './layout.ts';
import { useChartView } from './view.ts';
import { Line, Lines, type LineData } from './line.tsx';
import { Mark, StateBox, StateNode, type NodeData } from './state-node.tsx';
import { chartTexts as texts } from './texts.ts';

export type CanvasProps = {
  readonly laid: Laid;
  readonly label: string;
  readonly onFold: (path: string) => void;
};

const NODE_TYPES = { box: StateBox, state: StateNode, final: StateNode, passing: Mark, history: Mark, initial: Mark };
const EDGE_TYPES = { line: Line };
/** What is smaller than `readable` cannot be read: then the view begins where the chart does, or where the actor stands. */
const ZOOM = { least: 0.12, readable: 0.5, near: 0.8, natural: 1.1, most: 2.5, step: 1.3 };
/** Pixels that an arrow key moves the view by. */
const PAN_PX = 60;

/** The drawn chart: moved by dragging or arrows, zoomed by buttons, plus and minus, or the wheel with Control. */
export function Canvas(props: CanvasProps) {
  return (
    <ReactFlowProvider>
      <Flow {...props} />
    </ReactFlowProvider>
  );
}

function Flow({ laid, label, onFold }: CanvasProps) {
  const nodes = useMemo(() => toNodes(laid, onFold), [laid, onFold]);
  const edges = useMemo(() => toEdges(laid), [laid]);
  const { current } = useChartView();
  const { fit, zoom, frame, onDragged } = useView(laid, current);
  return (
    <div className="chart-frame" ref={frame} style={natural(laid)} role="group" aria-label={label}>
      <Lines />
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        onMoveStart={onDragged}
        minZoom={ZOOM.least}
        maxZoom={ZOOM.most}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        zoomOnScroll={false}
        zoomOnDoubleClick={false}
        preventScrolling={false}
        panActivationKeyCode={null}
        selectionKeyCode={null}
        multiSelectionKeyCode={null}
        deleteKeyCode={null}
        disableKeyboardA11y
        zIndexMode="manual"
        proOptions={{ hideAttribution: true }}
        aria-label={label}
      />
      <div className="chart-zoom" role="group" aria-label={texts.zoom}>
        <ZoomButton name={texts.closer} path="M8 3.5v9M3.5 8h9" onPress={() => zoom(ZOOM.step)} />
        <ZoomButton name={texts.farther} path="M3.5 8h9" onPress={() => zoom(1 / ZOOM.step)} />
        <ZoomButton name={texts.fit} path="M3 6.5V3h3.5M9.5 3H13v3.5M13 9.5V13H9.5M6.5 13H3V9.5" onPress={fit} />
      </div>
    </div>
  );
}

type Moves = { readonly fit: () => void; readonly zoom: (by: number) => void; readonly pan: (x: number, y: number) => void };

type View = Moves & { readonly frame: RefObject<HTMLDivElement | null>; readonly onDragged: (event: unknown) => void };

/** Each returns true: the key has been used. */
const KEYS: Readonly<Record<string, (moves: Moves) => true>> = {
  '+': ({ zoom }) => (zoom(ZOOM.step), true),
  '=': ({ zoom }) => (zoom(ZOOM.step), true),
  '-': ({ zoom }) => (zoom(1 / ZOOM.step), true),
  '0': ({ fit }) => (fit(), true),
  ArrowLeft: ({ pan }) => (pan(PAN_PX, 0), true),
  ArrowRight: ({ pan }) => (pan(-PAN_PX, 0), true),
  ArrowUp: ({ pan }) => (pan(0, PAN_PX), true),
  ArrowDown: ({ pan }) => (pan(0, -PAN_PX), true),
};

/** As high as it is when it fills the width; the styles hold it within the window. */
function natural({ layout: { width, height } }: Laid): CSSProperties {
  return { '--ratio': `${width} / ${height}`, '--most': `${Math.ceil(height * ZOOM.natural)}px` } as CSSProperties;
}

/** Where the view is: all of it at first and whenever its place changes, unless somebody has moved it himself. */
function useView(laid: Laid, current: readonly string[]): View {
  const flow = useReactFlow();
  const frame = useRef<HTMLDivElement>(null);
  const moved = useRef(false);
  const { layout } = laid;
  const near = current.length > 0 ? ZOOM.near : ZOOM.readable;
  const place = useCallback(
    (least: number, slowly: boolean) => {
      const { clientWidth: width = 0, clientHeight: height = 0 } = frame.current ?? {};
      const whole = Math.min(width / layout.width, height / layout.height, ZOOM.natural);
      const zoom = Math.max(least, whole);
      // What does not fit is shown where somebody stands, or from its beginning.
      const centre = zoom > whole ? centreOf(laid, current.length > 0 ? current : ['@']) : undefined;
      const x = width / 2 - (centre?.x ?? layout.width / 2) * zoom;
      const y = centre !== undefined && current.length === 0 ? 0 : height / 2 - (centre?.y ?? layout.height / 2) * zoom;
      void flow.setViewport({ x, y, zoom }, { duration: slowly ? duration() : 0 });
    },
    [flow, laid, layout, current],
  );
  const fit = useCallback((): void => {
    moved.current = false;
    place(ZOOM.least, true);
  }, [place]);
  const zoom = useCallback(
    (by: number): void => {
      moved.current = true;
      void flow.zoomTo(flow.getZoom() * by, { duration: duration() });
    },
    [flow],
  );
  const pan = useCallback(
    (x: number, y: number): void => {
      moved.current = true;
      const { x: left, y: top, zoom: scale } = flow.getViewport();
      void flow.setViewport({ x: left + x, y: top + y, zoom: scale }, { duration: 0 });
    },
    [flow],
  );
  useEffect(() => {
    moved.current = false;
  }, [laid]);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      if (!moved.current) place(near, false);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [place, near]);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const onFocus = (event: FocusEvent): void => reveal(event.target, element, pan);
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (KEYS[event.key]?.({ fit, zoom, pan }) === true) event.preventDefault();
    };
    element.addEventListener('focusin', onFocus);
    element.addEventListener('keydown', onKey);
    return () => {
      element.removeEventListener('focusin', onFocus);
      element.removeEventListener('keydown', onKey);
    };
  }, [fit, zoom, pan]);
  const onDragged = useCallback((event: unknown): void => {
    if (event !== null) moved.current = true;
  }, []);
  return { fit, zoom, pan, frame, onDragged };
}

/** The middle of what is lit: the innermost boxes that are drawn. */
function centreOf({ layout }: Laid, current: readonly string[]): { x: number; y: number } | undefined {
  const boxes = current.flatMap((state) => {
    const keys = state.split('.');
    const drawn = keys.map((_, depth) => layout.nodes[keys.slice(0, keys.length - depth).join('.')]).find((box) => box !== undefined);
    return drawn === undefined ? [] : [drawn];
  });
  if (boxes.length === 0) return undefined;
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return { x: mean(boxes.map(({ x, width }) => x + width / 2)), y: mean(boxes.map(({ y, height }) => y + height / 2)) };
}

function duration(): number {
  return matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 160;
}

/** What the keyboard has come to must be in sight. */
function reveal(target: EventTarget | null, frame: HTMLElement, pan: Moves['pan']): void {
  if (!(target instanceof HTMLElement) || target.closest('.react-flow__node') === null || !target.matches(':focus-visible')) return;
  const [is, around] = [target.getBoundingClientRect(), frame.getBoundingClientRect()];
  const over = (low: number, high: number, least: number, most: number): number =>
    low < least ? least - low : high > most ? most - high : 0;
  const [x, y] = [
    over(is.left, is.right, around.left + 12, around.right - 12),
    over(is.top, is.bottom, around.top + 12, around.bottom - 12),
  ];
  if (x !== 0 || y !== 0) pan(x, y);
}

function ZoomButton({ name, path, onPress }: { name: string; path: string; onPress: () => void }) {
  return (
    <button type="button" className="chart-button" aria-label={name} title={name} onClick={onPress}>
      <svg viewBox="0 0 16 16" aria-hidden="true" focusable="false">
        <path d={path} />
      </svg>
    </button>
  );
}

function toNodes({ drawing, layout }: Laid, onFold: (path: string) => void): Node<NodeData>[] {
  return drawing.nodes.flatMap((node) => {
    const box = layout.nodes[node.id];
    if (box === undefined) return [];
    const { x, y, width, height } = box;
    const depth = node.id.split('.').length;
    return [
      {
        id: node.id,
        type: node.kind,
        position: { x, y },
        width,
        height,
        data: { node, onFold },
        ariaRole: 'group' as const,
        // Boxes lie below the lines, what stands in them above.
        zIndex: node.kind === 'box' ? depth - 100 : 10,
      },
    ];
  });
}

function toEdges({ drawing, layout }: Laid): Edge<LineData>[] {
  return drawing.edges.flatMap((edge) => {
    const laid = layout.edges[edge.id];
    if (laid === undefined) return [];
    const { id, source, target } = edge;
    return [{ id, source, target, type: 'line', data: { edge, ...laid }, zIndex: 0, ariaLabel: nameOf(edge) }];
  });
}

/** `Draft to Needs approval: Submit, if needs approval` */
function nameOf({ source, target, transitions }: DrawnEdge): string {
  if (transitions.length === 0) return texts.begins(keyWords(target));
  return texts.leads(pathWords(source), pathWords(target), transitions.map(transitionLine));
}
