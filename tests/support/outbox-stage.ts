import type { Clock } from '../../clients/core/clock.ts';
import { Outbox } from '../../clients/core/outbox.ts';
import type { Kept, Meanwhile } from '../../clients/core/outbox-lane.ts';
import type { OutboxStorage } from '../../clients/core/outbox-storage.ts';
import type { Tabs } from '../../clients/core/tabs.ts';
import type { Can, Command, CommandAck } from '../../hub/protocol/messages.ts';

/** What becomes of a command on its way: taken and answered, taken with its answer lost, or lost before. */
export type Fate = 'answered' | 'answer lost' | 'lost';

type Taken = { readonly id: string; readonly to: string; readonly type: string; readonly by: string };

/** The hub as devices know it: each id takes effect once, its answer never changes, and refusals are answers. */
export class TinyHub {
  /** What took effect, in order. */
  readonly taken: Taken[] = [];
  /** Everything that arrived, repeats included. */
  readonly arrived: string[] = [];
  /** Instead of taking a command. */
  readonly answers = new Map<string, CommandAck[]>();
  fate: (command: Command) => Fate = () => 'answered';
  can: readonly Can[] = [];
  /** How often a tab was asked to try its connection now. */
  woken = 0;
  readonly #known = new Map<string, CommandAck>();
  readonly #listeners = new Set<() => void>();
  #up = true;

  get isUp(): boolean {
    return this.#up;
  }

  become(up: boolean): void {
    this.#up = up;
    for (const listener of this.#listeners) listener();
  }

  /** What comes next of this id: refusals, parking, patience. */
  say(id: string, ...acks: CommandAck[]): void {
    this.answers.set(id, acks);
  }

  refuse(id: string, code = 'not_in_state'): void {
    this.say(id, { outcome: 'rejected', code, reason: 'Not now.', version: 7, can: this.can });
  }

  /** From now on it refuses an id, whatever it came to before: a newer release reads its event otherwise. */
  change(id: string, code: string): void {
    this.#known.set(id, { outcome: 'rejected', code, reason: 'Not so.', version: 7, can: this.can });
  }

  /** One person's line to it. */
  line(by: string) {
    return {
      bearer: () => by,
      isUp: () => this.#up,
      onChange: (listener: () => void) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
      command: async (command: Command): Promise<CommandAck> => {
        const fate = this.fate(command);
        await new Promise((done) => setImmediate(done));
        if (!this.#up || fate === 'lost') throw new Error('lost');
        const ack = this.#take(command, by);
        await new Promise((done) => setImmediate(done));
        if (fate === 'answer lost') throw new Error('lost');
        return ack;
      },
    };
  }

  #take(command: Command, by: string): CommandAck {
    this.arrived.push(command.id);
    const known = this.#known.get(command.id);
    if (known !== undefined) return known;
    const said = this.answers.get(command.id)?.shift();
    if (said !== undefined) {
      if (said.outcome === 'rejected') this.#known.set(command.id, said);
      return said;
    }
    this.taken.push({ id: command.id, to: command.to, type: command.event.type, by });
    const version = 1 + this.taken.filter(({ to }) => to === command.to).length;
    this.#known.set(command.id, { outcome: 'duplicate', version });
    return { outcome: 'applied', version };
  }
}

/** The tabs of one browser: one leads under a name, the next one when it gives up; `locks: false` lets all lead. */
export function browserOf({ locks = true }: { readonly locks?: boolean } = {}): Tabs {
  const waiting = new Map<string, { begin: () => void }[]>();
  const channels = new Map<string, Set<(message: unknown) => void>>();
  return {
    lead: (name, lead) => {
      if (!locks) return lead();
      const queue = waiting.get(name) ?? [];
      waiting.set(name, queue);
      let end = (): void => undefined;
      const mine = { begin: () => void (end = lead()) };
      queue.push(mine);
      if (queue[0] === mine) mine.begin();
      return () => {
        const led = queue[0] === mine;
        queue.splice(queue.indexOf(mine), 1);
        end();
        if (led) queue[0]?.begin();
      };
    },
    channel: (name, hear) => {
      const all = channels.get(name) ?? new Set();
      channels.set(name, all);
      all.add(hear);
      return {
        post: (message) => {
          const text = JSON.stringify(message);
          for (const one of all) if (one !== hear) setImmediate(() => all.has(one) && one(JSON.parse(text)));
        },
        close: () => all.delete(hear),
      };
    },
  };
}

let ids = 0;

export function makeOutbox(options: {
  readonly hub: TinyHub;
  readonly storage: OutboxStorage;
  readonly clock: Clock;
  readonly tabs?: Tabs;
  readonly person?: string;
  readonly most?: number;
  readonly lookAt?: (kept: Kept) => Promise<Meanwhile | undefined>;
}): Outbox {
  const { hub, storage, clock, tabs = browserOf(), person = 'ann', most = 1_000, lookAt = async () => undefined } = options;
  const outbox = new Outbox({
    line: hub.line(person),
    storage,
    tabs,
    clock,
    now: clock.now,
    newId: () => `new${ids++}`,
    name: 'outbox',
    standsAt: () => undefined,
    lookAt,
    wake: () => void hub.woken++,
    most,
  });
  outbox.open(person);
  return outbox;
}
