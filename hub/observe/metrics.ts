import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { eventTypeOf } from '../../actors/delivery.ts';
import type { Backlog } from '../../actors/effect-job.ts';
import type { Runtime } from '../../actors/runtime.ts';
import { watchRecords } from './record-metrics.ts';

/** What the hub counts of itself, for Prometheus. One for each hub, so that several in one process do not mix. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #http: Histogram<'method' | 'route' | 'status'>;
  readonly #transitions: Counter<'type' | 'event'>;

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    this.#http = new Histogram({
      name: 'hub_http_request_duration_seconds',
      help: 'How long HTTP requests took, by route.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers: [this.#registry],
    });
    this.#transitions = new Counter({
      name: 'hub_transitions_total',
      help: 'Committed rows of the journal, by kind of actor and event.',
      labelNames: ['type', 'event'],
      registers: [this.#registry],
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** A figure that is read whenever somebody looks. */
  gauge(name: string, help: string, read: () => number): void {
    this.#registry.removeSingleMetric(name);
    const gauge: Gauge = new Gauge({ name, help, registers: [this.#registry], collect: () => gauge.set(read()) });
  }

  /** A figure of each of several that have names. */
  gaugeOf(name: string, help: string, label: string, read: () => Iterable<readonly [string, number]>): void {
    this.#registry.removeSingleMetric(name);
    const collect = (): void => {
      gauge.reset();
      for (const [one, value] of read()) gauge.set({ [label]: one }, value);
    };
    const gauge: Gauge = new Gauge({ name, help, labelNames: [label], registers: [this.#registry], collect });
  }

  /** A figure that only grows, counted where it happens. */
  counter<const Label extends string>(name: string, help: string, labels: readonly Label[] = []): Counter<Label> {
    this.#registry.removeSingleMetric(name);
    return new Counter({ name, help, labelNames: [...labels], registers: [this.#registry] });
  }

  /** A moment of each of several that have names, as whoever counts it says. */
  instant<const Label extends string>(name: string, help: string, labels: readonly Label[]): Gauge<Label> {
    this.#registry.removeSingleMetric(name);
    return new Gauge({ name, help, labelNames: [...labels], registers: [this.#registry] });
  }

  request(method: string, route: string, status: number, seconds: number): void {
    this.#http.observe({ method, route, status: String(status) }, seconds);
  }

  watch(runtime: Runtime): void {
    const figures = (): ReturnType<Runtime['figures']> => runtime.figures();
    this.gauge('hub_waiting_events', 'Events that wait in the mailboxes.', () => figures().waiting);
    this.gauge('hub_effects_under_way', 'Effects that have not come back.', () => figures().effects);
    const backlog = (of: keyof Backlog): (readonly [string, number])[] => [...runtime.backlog()].map(([name, one]) => [name, one[of]]);
    this.gaugeOf('hub_integration_queued', 'Effects that wait for an integration on this node.', 'integration', () => backlog('queued'));
    this.gaugeOf('hub_integration_under_way', 'Calls of an integration under way on this node.', 'integration', () => backlog('under_way'));
    this.gaugeOf('hub_integration_lag_ms', 'How long the oldest effect has waited for an integration.', 'integration', () =>
      backlog('oldest_ms'),
    );
    this.gauge('hub_live_actors', 'Actors in memory.', () => figures().actors);
    this.gauge('hub_live_actor_bytes', 'What the actors in memory weigh, estimated.', () => figures().bytes);
    this.gauge('hub_commits', 'Batches that this node has committed since it started.', () => figures().commits);
    this.gauge('hub_ready', 'Whether an event would be committed now.', () => (runtime.trouble() === undefined ? 1 : 0));
    this.gauge('hub_nats_up', 'Whether NATS answers.', () => (runtime.busTrouble() === undefined ? 1 : 0));
    this.gauge('hub_owned_partitions', 'Partitions that this node owns.', () => runtime.lanes.partitions.length);
    watchRecords(this, runtime);
    runtime.onCommit((rows) => {
      const counts = new Map<string, number>();
      for (const { row, definition } of rows) {
        const key = `${definition.type} ${eventTypeOf(row.event)}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      for (const [key, count] of counts) {
        const cut = key.indexOf(' ');
        this.#transitions.inc({ type: key.slice(0, cut), event: key.slice(cut + 1) }, count);
      }
    });
  }

  /** Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  close(): void {
    this.#registry.clear();
  }
}
