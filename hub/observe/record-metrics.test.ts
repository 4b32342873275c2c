import { expect, test } from 'vitest';
import type { CommitListener, Committed } from '../../actors/delivery.ts';
import { Metrics } from './metrics.ts';
import { watchRecords } from './record-metrics.ts';

const ABOUT = { integration: 'odoo', model: 'partner' };
const at = (type: string, before: object | undefined, after: object): Committed => {
  const envelope = (snapshot: object): object => ({ snapshot });
  const [earlier, now] = [before === undefined ? undefined : envelope(before), envelope(after)];
  return { definition: { type }, before: earlier, after: now } as unknown as Committed;
};

test('[OPS-20] what feeds tell of, how far they are, and what becomes of records is counted by integration and model', async () => {
  const metrics = new Metrics();
  let hear: CommitListener = () => undefined;
  watchRecords(metrics, { onCommit: (listener: CommitListener) => void (hear = listener) } as Parameters<typeof watchRecords>[1]);
  const binding = (value: string): object => ({ value, context: ABOUT });
  const feed = (told: number, current_at: number | null, swept_at: number): object => ({
    value: { reading: 'idle' },
    context: { ...ABOUT, told, current_at, swept_at },
  });
  hear([
    at('binding', undefined, binding('linking')),
    at('binding', binding('linking'), binding('agreed')),
    at('binding', binding('agreed'), binding('agreed')),
    at('binding', binding('agreed'), binding('conflict')),
    at('payment', undefined, { value: 'draft', context: {} }),
    at('feed', undefined, feed(0, null, 1)),
    at('feed', feed(0, null, 1), feed(50, null, 1)),
    at('feed', feed(50, null, 1), feed(53, 77, 1)),
    at('feed', feed(53, 77, 1), feed(53, 77, 9)),
  ]);
  const lines = (await metrics.text()).split('\n').filter((line) => /^hub_(records|feed)/.test(line));
  const labels = 'integration="odoo",model="partner"';
  expect(lines.toSorted()).toEqual([
    `hub_feed_current_at_ms{${labels}} 77`,
    `hub_feed_sweeps_total{${labels}} 1`,
    `hub_feed_told_total{${labels}} 53`,
    `hub_records_reached_total{${labels},state="agreed"} 1`,
    `hub_records_reached_total{${labels},state="conflict"} 1`,
    `hub_records_reached_total{${labels},state="linking"} 1`,
  ]);
  metrics.close();
});
