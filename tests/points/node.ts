/** A hub in a process of its own that dies, as by `kill -9`, when it comes to the point that it was told. It talks to its parent. */
import type { About, Point } from '../../actors/ports/points.ts';
import { systemPorts } from '../../actors/ports/system.ts';
import { startApp } from '../../hub/app.ts';
import { readConfig } from '../../hub/config.ts';
import { Watch } from './failpoint.ts';
import type { Failpoint } from './failpoint.ts';
import { messenger } from './messenger.ts';

export type Order =
  | { readonly kind: 'die'; readonly at: Failpoint }
  | { readonly kind: 'watch'; readonly address: string; readonly event: string }
  | { readonly kind: 'points' };
export type Report =
  | { readonly kind: 'ready'; readonly url: string }
  | { readonly kind: 'ordered' }
  | { readonly kind: 'points'; readonly points: readonly Point[] };

/** A call that is not answered is given up sooner than in the product, so that a table takes minutes and not hours. */
const HURRIED: Readonly<Record<number, number>> = { 10_000: 2_500, 20_000: 500 };

let fatal: Failpoint | undefined = readFatal(process.env['POINTS_DIE_AT']);
let watch = new Watch({});
const reached = new Set<Point>();

function reach(point: Point, about?: About): void {
  if (!watch.sees(point, about)) return;
  reached.add(point);
  if (fatal?.point === point) process.kill(process.pid, 'SIGKILL');
}

function readFatal(text: string | undefined): Failpoint | undefined {
  return text === undefined || text === '' ? undefined : (JSON.parse(text) as Failpoint);
}

function tell(report: Report): void {
  process.send?.(report);
}

process.on('message', (order: Order) => {
  if (order.kind === 'points') return tell({ kind: 'points', points: [...reached] });
  fatal = order.kind === 'die' ? order.at : undefined;
  watch = new Watch(order.kind === 'die' ? order.at : order);
  reached.clear();
  tell({ kind: 'ordered' });
});
process.on('disconnect', () => process.exit(0));
process.on('unhandledRejection', (error) => process.stderr.write(`A promise was rejected and nobody listened: ${String(error)}\n`));

const app = await startApp({
  config: { ...readConfig(), timeScale: Number(process.env['POINTS_SCALE'] ?? 1) },
  terminal: false,
  progress: () => undefined,
  traffic: false,
  machines: [messenger],
  ports: (log) => {
    const ports = systemPorts(log);
    const { after, every } = ports.timers;
    return {
      ...ports,
      timers: {
        ...ports.timers,
        after: (delay_ms, run) => after(HURRIED[delay_ms] ?? delay_ms, run),
        every: (period_ms, run) => every(HURRIED[period_ms] ?? period_ms, run),
      },
      reach,
    };
  },
});
tell({ kind: 'ready', url: app.doors.url() });
