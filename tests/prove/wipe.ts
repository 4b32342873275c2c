import { eventually, sleep } from '../support/process-hub.ts';
import { seeded } from '../support/storm.ts';
import { checkLiveness } from '../chaos/checker.ts';
import type { Violation } from '../chaos/checker.ts';
import { readPayments, readProgress } from '../chaos/facts.ts';
import type { Operation } from '../chaos/history.ts';
import { judge, surprises } from '../chaos/judge.ts';
import { Publisher } from '../chaos/publisher.ts';
import { setStage } from '../chaos/stage.ts';
import { World } from '../chaos/world.ts';
import type { Proof } from './prove.ts';

const PUBLISHERS = 4;
const IN_FLIGHT = 16;
const WELL_WITHIN_MS = 30_000;

/** All that JetStream keeps is deleted again and again while other systems publish: nothing is lost, and nothing happens twice. */
export async function wipe(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const wipes = Number(args[0] ?? 20);
  const seed = Number(args[1] ?? Math.floor(Math.random() * 2 ** 31));
  const random = seeded(seed);
  const world = await World.open({ nodes: 2, lease_ms: 2000, scale: 20_000 });
  let held = false;
  try {
    await setStage(world, random);
    const publishers = await Promise.all(Array.from({ length: PUBLISHERS }, (_, n) => Publisher.open(world.natsUrl, `wipe_${n}`)));
    const streams = new Set<string>();
    let stopped = false;
    const late = (): number => performance.now() + 60_000;
    const workers = publishers.flatMap((publisher, p) =>
      Array.from({ length: IN_FLIGHT }, async (_, w) => {
        for (let n = 0; !stopped; n++) await pay(publisher, `w_${p}_${w}_${n}`, late);
      }),
    );
    for (let n = 0; n < wipes; n++) {
      await sleep(500 + random() * 1500);
      world.wipeNats();
      await eventually('JetStream is back', WELL_WITHIN_MS, async () => {
        const stream = await world.stream('GREENLINES_IN');
        if (stream === undefined || streams.has(stream.created)) return false;
        streams.add(stream.created);
        return true;
      });
      tell(`wiped ${n + 1} of ${wipes}: ${publishers.reduce((sum, { operations }) => sum + operations.length, 0)} messages have receipts`);
    }
    await sleep(1000);
    stopped = true;
    await Promise.all(workers);
    const operations = publishers.flatMap((publisher) => publisher.operations);
    const violations = [...(await well(world, operations)), ...(await judge(world, 'w', operations, new Map())), ...surprises(world)];
    for (const { invariant, what } of violations.slice(0, 20)) tell(`${invariant} ${what}`);
    const again = publishers.reduce((sum, publisher) => sum + publisher.again, 0);
    await Promise.all(publishers.map((publisher) => publisher.close()));
    held = violations.length === 0 && streams.size === wipes && again > 0;
    const figures = { wipes, streams: streams.size, ...sumUp(operations), published_again: again, violations: violations.length };
    return { held, seed, figures };
  } finally {
    await world.stop();
    if (held) await world.forget();
    else tell(`The logs of the nodes are in ${world.dir}`);
  }
}

async function pay(publisher: Publisher, id: string, late: () => number): Promise<void> {
  const address = `payment/${id}`;
  const input = { client: 'acme', payee: 'Bar Supplies Ltd', amount_minor: 2_500, currency: 'EUR', reference: `INV-${id}` };
  await publisher.send(address, '@create', input, `c-${id}`, late());
  await publisher.send(address, 'SUBMIT', {}, `s-${id}`, late());
}

/** What is still under way when it has had its time. */
async function well(world: World, operations: readonly Operation[]): Promise<readonly Violation[]> {
  for (const until = performance.now() + WELL_WITHIN_MS; ; await sleep(200)) {
    const stream = await world.stream('GREENLINES_IN');
    const left = checkLiveness(operations, await readPayments(world, 'payment/w_'), await readProgress(world), stream);
    if (left.length === 0 || performance.now() > until) return left;
  }
}

function sumUp(operations: readonly Operation[]): Record<string, number> {
  const count = (isSo: (operation: Operation) => boolean): number => operations.filter(isSo).length;
  const waits = operations.map(({ invoked_at, completed_at }) => completed_at - invoked_at).toSorted((a, b) => a - b);
  const at = (share: number): number => Math.round(waits[Math.floor((waits.length - 1) * share)] ?? 0);
  return {
    messages: operations.length,
    applied: count(({ type }) => type === 'ok'),
    refused: count(({ type }) => type === 'fail'),
    unanswered: count(({ type }) => type === 'info'),
    receipt_p50_ms: at(0.5),
    receipt_p99_ms: at(0.99),
    receipt_max_ms: at(1),
  };
}
