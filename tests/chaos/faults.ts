import { unreachable } from '../../machines/must.ts';
import { LINKS } from './node.ts';
import type { LinkName } from './node.ts';
import type { World } from './world.ts';

/** One thing that goes wrong, from `at_ms` after the beginning for so long. */
export type Fault = { readonly at_ms: number; readonly lasts_ms: number } & (
  | { readonly kind: 'kill' | 'stop' | 'freeze'; readonly node: number }
  | { readonly kind: 'cut' | 'silent' | 'deaf'; readonly node: number; readonly link: LinkName }
  | { readonly kind: 'clock'; readonly node: number; readonly by_ms: number }
  | { readonly kind: 'postgres_restart' | 'nats_kill' | 'nats_wipe' | 'nats_freeze' | 'drop_sockets' }
  | { readonly kind: 'backend'; readonly node: number; readonly hard: boolean; readonly chance: number }
);

const HOUR = 3_600_000;
const JUMPS = [1500, -1500, 60_000, -60_000, HOUR, -HOUR, 24 * HOUR, -24 * HOUR];
/** How often each comes, against each other. */
const WEIGHTS: readonly (readonly [Fault['kind'], number])[] = [
  ['kill', 5],
  ['stop', 2],
  ['freeze', 4],
  ['cut', 3],
  ['silent', 4],
  ['deaf', 3],
  ['clock', 3],
  ['postgres_restart', 3],
  ['backend', 3],
  ['nats_kill', 2],
  ['nats_wipe', 2],
  ['nats_freeze', 1],
  ['drop_sockets', 2],
];

/** One to four faults within so much time, overlapping as they come; the same chances give the same ones. */
export function drawFaults(random: () => number, nodes: number, within_ms: number): readonly Fault[] {
  const count = 1 + Math.floor(random() * 4);
  const faults = Array.from({ length: count }, () => drawFault(random, nodes, within_ms));
  return faults.toSorted((a, b) => a.at_ms - b.at_ms);
}

function drawFault(random: () => number, nodes: number, within_ms: number): Fault {
  const kind = drawKind(random());
  const at_ms = Math.round(random() * within_ms * 0.8);
  const lasts_ms = Math.round(150 + random() ** 2 * 2600);
  const node = Math.floor(random() * nodes);
  const chance = random();
  switch (kind) {
    case 'kill':
    case 'stop':
    case 'freeze':
      return { kind, at_ms, lasts_ms, node };
    case 'cut':
    case 'silent':
    case 'deaf':
      return { kind, at_ms, lasts_ms, node, link: LINKS[Math.floor(chance * LINKS.length)] ?? 'postgres' };
    case 'clock':
      return { kind, at_ms, lasts_ms, node, by_ms: JUMPS[Math.floor(chance * JUMPS.length)] ?? HOUR };
    case 'backend':
      return { kind, at_ms, lasts_ms: 0, node, hard: chance < 0.3, chance: random() };
    case 'nats_freeze':
      return { kind, at_ms, lasts_ms };
    case 'postgres_restart':
    case 'nats_kill':
    case 'nats_wipe':
    case 'drop_sockets':
      return { kind, at_ms, lasts_ms: 0 };
    default:
      return unreachable(kind);
  }
}

function drawKind(chance: number): Fault['kind'] {
  const total = WEIGHTS.reduce((sum, [, weight]) => sum + weight, 0);
  let left = chance * total;
  for (const [kind, weight] of WEIGHTS) {
    left -= weight;
    if (left < 0) return kind;
  }
  return 'kill';
}

/** Makes it so; resolves when it has begun. */
export async function begin(fault: Fault, world: World, dropSockets: () => void): Promise<void> {
  const node = 'node' in fault ? world.nodes[fault.node] : undefined;
  switch (fault.kind) {
    case 'kill':
      return node?.kill();
    case 'stop':
      return node?.stop();
    case 'freeze':
      return node?.freeze();
    case 'cut':
    case 'silent':
    case 'deaf':
      return node?.links[fault.link].become(fault.kind);
    case 'clock':
      return node?.setClock(fault.by_ms);
    case 'postgres_restart':
      return world.restartPostgres();
    case 'backend':
      return node === undefined ? undefined : world.killBackend(node, fault.hard, fault.chance);
    case 'nats_kill':
      return world.killNats();
    case 'nats_wipe':
      return world.wipeNats();
    case 'nats_freeze':
      return world.freezeNats(true);
    case 'drop_sockets':
      return dropSockets();
    default:
      return unreachable(fault);
  }
}

/** Ends it. What it left behind (an epoch that is over, an answer that never came) is the hub's to deal with. */
export function end(fault: Fault, world: World): void {
  const node = 'node' in fault ? world.nodes[fault.node] : undefined;
  switch (fault.kind) {
    case 'kill':
    case 'stop':
      // Also one that could not start because its services were away: the heal at the end starts it again.
      void node?.start();
      return;
    case 'freeze':
      return node?.thaw();
    case 'cut':
    case 'silent':
    case 'deaf':
      return node?.links[fault.link].become('up');
    case 'clock':
      return node?.setClock(0);
    case 'nats_freeze':
      return world.freezeNats(false);
    default:
      return;
  }
}

export function tellFault(fault: Fault): string {
  const { kind, at_ms, lasts_ms } = fault;
  const where = 'node' in fault ? ` node_${String.fromCharCode(97 + fault.node)}` : '';
  const link = 'link' in fault ? ` ${fault.link}` : '';
  const by = 'by_ms' in fault ? ` by ${fault.by_ms} ms` : '';
  const hard = 'hard' in fault && fault.hard ? ' hard' : '';
  return `${kind}${hard}${where}${link}${by} at ${at_ms}${lasts_ms > 0 ? ` for ${lasts_ms}` : ''} ms`;
}
