import type { Chart, Figures } from '../../../hub/protocol/chart.ts';
import { isRecord, Problem } from '../../core/problem.ts';
import { readItems, type Office } from '../office.ts';
import { useList, useServices } from '../services.ts';
import { useLoaded, useRefresh, type Loaded } from './use-loaded.ts';

export type MachineEntry = { readonly type: string; readonly version: number };

/** The machines that the hub hosts. */
export function useMachines(): Loaded<readonly MachineEntry[]> {
  const { office } = useServices();
  return useLoaded('machines', async (signal) => readItems<MachineEntry>(await office.get('/v1/machines', signal)));
}

/** Charts do not change while a hub runs; who comes back to one has it at once. */
const charts = new Map<string, Chart>();

export function useChart(type: string): Loaded<Chart> {
  const { office } = useServices();
  return useLoaded(type, async (signal) => charts.get(type) ?? fetchChart(office, type, signal));
}

async function fetchChart(office: Office, type: string, signal: AbortSignal): Promise<Chart> {
  const answer = await office.get(`/v1/machines/${type}`, signal);
  if (!isRecord(answer) || !isRecord(answer['root']) || !Array.isArray(answer['transitions'])) throw unreadable();
  const chart = answer as unknown as Chart;
  charts.set(type, chart);
  return chart;
}

/** Where actors of a type stand and how they move, asked for again soon after any of them has changed. */
export function useFigures(type: string, stuck_ms: number): Loaded<Figures> {
  const { office } = useServices();
  const newest = useList({ type, sort: '-updatedAt', limit: 1 });
  const figures = useLoaded(`${type} ${stuck_ms}`, async (signal) => {
    const answer = await office.get(`/v1/machines/${type}/figures?stuckAfter=${stuck_ms}`, signal);
    if (!isRecord(answer) || !isRecord(answer['counts'])) throw unreadable();
    return answer as unknown as Figures;
  });
  useRefresh(figures.retry, newest.kind === 'here' ? newest.copy.version : 0);
  return figures;
}

function unreadable(): Problem {
  return new Problem(200, 'unreadable', 'The hub answered in a shape that this console does not know. Reload the page.');
}
