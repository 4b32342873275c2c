import type { Site } from './faults.ts';
import type { Host } from './host.ts';
import type { World } from './world.ts';

const PERIOD_MS = 100;

/** What befalls whole machines and services: looked at ten times a second of the world's time. */
export class Nemesis {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  start(): void {
    this.#world.time.after(PERIOD_MS, () => this.#turn());
  }

  #turn(): void {
    const { faults, hosts } = this.#world;
    if (faults.calm) return this.#heal();
    for (const host of hosts) this.#torment(host);
    this.#services();
    this.start();
  }

  #torment(host: Host): void {
    const { faults, shape } = this.#world;
    const site = (kind: Parameters<typeof faults.site>[0]): Site => faults.site(kind, host.machine);
    const stands = site('node.stands');
    // Half of them are longer than the lease: somebody else has taken over when it goes on.
    if (stands.strikes()) host.life?.standStill(stands.force() * 2 * shape.lease_ms + 200);
    if (site('node.stops').strikes()) host.stop();
    if (host.release === 1 && site('node.upgrades').strikes()) upgrade(host);
    const jumps = site('clock.jumps');
    if (jumps.strikes()) {
      host.offset_ms = jumpOf(jumps);
      // A time server puts it right after a while, by another jump.
      this.#world.time.after(500 + jumps.force(3) ** 3 * 20_000, () => (host.offset_ms = this.#world.database_offset_ms));
    }
    this.#break(host, site('link.breaks'));
  }

  /** A connection that breaks is noticed after a while or not at all before it is made again. */
  #break(host: Host, site: Site): void {
    const { time } = this.#world;
    const { bus } = host;
    if (bus === undefined || !site.strikes()) return;
    bus.breaks();
    time.after(site.force() ** 3 * 3_000, () => bus.notices());
    time.after(site.force(2) ** 3 * 8_000, () => bus.mends());
  }

  #services(): void {
    const { faults, server, time } = this.#world;
    const world = this.#world;
    const down = faults.site('database.down', 'database');
    if (down.strikes()) world.database_down_until = time.now + down.force() ** 2 * 10_000;
    const jumps = faults.site('clock.database', 'database');
    if (jumps.strikes()) {
      world.database_offset_ms += Math.abs(jumpOf(jumps)) / 10;
      time.after(jumps.force(3) * 5_000, () => world.hosts.forEach((host) => (host.offset_ms = world.database_offset_ms)));
    }
    const nats = faults.site('nats.down', 'nats');
    const wiped = faults.site('nats.wiped', 'nats');
    const cut = faults.site('nats.cut', 'nats');
    if (server.down) return;
    const [isDown, isWiped, isCut] = [nats.strikes(), wiped.strikes(), cut.strikes()];
    if (!isDown && !isWiped && !isCut) return;
    server.stop();
    if (isWiped) server.wipe();
    if (isCut) server.cutTail(1 + Math.floor(cut.force() * 20));
    time.after((isDown ? nats : isWiped ? wiped : cut).force(3) ** 2 * 6_000, () => server.start());
  }

  #heal(): void {
    const world = this.#world;
    world.database_down_until = 0;
    const release = Math.max(...world.hosts.map((host) => host.release));
    for (const host of world.hosts) {
      // A deploy that has begun is brought to its end.
      if (host.release < release) upgrade(host);
      host.offset_ms = world.database_offset_ms;
      host.bus?.mends();
    }
  }
}

function upgrade(host: Host): void {
  host.release++;
  host.stop();
}

/** Mostly small, sometimes minutes, either way. */
function jumpOf(site: Site): number {
  const size_ms = 10 ** (1 + site.force() * 4);
  return site.force(2) < 0.5 ? size_ms : -size_ms;
}
