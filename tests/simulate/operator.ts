import { HUB } from '../../actors/caller.ts';
import { toOwnDelivery } from '../../actors/delivery.ts';
import type { Runtime } from '../../actors/runtime.ts';
import { Fault } from '../../machines/fault.ts';
import { partitionOf, typeOf } from '../../machines/ids.ts';
import { APPROVER, CLERK, OPERATOR } from '../support/runtime-stage.ts';
import type { World } from './world.ts';

const LOOK_MS = 2_000;
const PEOPLE = new Map([CLERK, APPROVER, OPERATOR].map((person) => [person.id, person]));

/** Whoever looks after a hub: resumes actors that were parked because the database refused a value, and sends again what was kept for them. */
export class Operator {
  readonly #world: World;
  readonly #violated: (rule: string, what: string) => void;

  constructor(world: World, violated: (rule: string, what: string) => void) {
    this.#world = world;
    this.#violated = violated;
  }

  start(): void {
    this.#world.time.after(LOOK_MS, () => this.start());
    this.#resume();
    this.#resubmit();
  }

  #resume(): void {
    const { checker, hosts, time } = this.#world;
    for (const address of checker.parked) {
      const host = hosts.find(({ runtime }) => runtime?.lanes.owns(partitionOf(address)));
      const definition = host?.runtime?.definitions.get(typeOf(address));
      if (host?.runtime === undefined || definition === undefined) continue;
      const event_id = `own:operator#${address}-${Math.round(time.now)}`;
      const own = { event_id, happening: { kind: 'resume' }, event: { type: '@resume' }, causation: '' } as const;
      host.runtime.lanes.deliver(toOwnDelivery(address, definition, own, HUB, () => undefined));
    }
  }

  /** At any node; one that is asked and dies is asked again. */
  #resubmit(): void {
    const { checker, database, hosts } = this.#world;
    if (checker.letters.size === database.operated.ends.size) return;
    const { runtime } = hosts.find(({ up }) => up) ?? {};
    if (runtime === undefined) return;
    for (const id of checker.letters) if (!database.operated.ends.has(id)) this.#ask(runtime, id);
  }

  #ask({ controls }: Runtime, id: string): void {
    const order = { operator: OPERATOR, reason: 'The actor goes on' };
    controls
      .letter(id, { action: 'resubmit' }, order, (name) => Promise.resolve(PEOPLE.get(name)))
      .catch((error: unknown) => {
        if (error instanceof Fault && error.code !== 'resolved')
          this.#violated('letter', `${id} could not be sent again: ${error.message}`);
      });
  }
}
