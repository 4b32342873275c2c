import { MemoryBus, MemoryServer } from '../../actors/bus/memory.ts';
import type { MemoryMessage } from '../../actors/bus/memory.ts';
import type { Headers } from '../../actors/bus/bus.ts';
import type { Ports } from '../../actors/ports/ports.ts';
import type { Life } from './life.ts';

type Published = Pick<MemoryMessage, 'subject' | 'headers'> & { readonly data: string | Uint8Array };

/** The message server of a world: whatever reaches it is shown to whoever keeps books. */
export class WatchedServer extends MemoryServer {
  readonly #see: (message: Published) => void;

  constructor(ports: Pick<Ports, 'clock'>, see: (message: Published) => void) {
    super(ports, { remembers: false });
    this.#see = see;
  }

  override publishFrom(
    subject: string,
    data: string | Uint8Array,
    headers: Headers = {},
    reply = '',
  ): ReturnType<MemoryServer['publishFrom']> {
    const ack = super.publishFrom(subject, data, headers, reply);
    this.#see({ subject, headers, data });
    return ack;
  }
}

/** One node's connection to it, which can break without the server being down: at first nobody notices. */
export class BreakableBus extends MemoryBus {
  #state: 'up' | 'broken' | 'noticed' = 'up';

  get broken(): boolean {
    return this.#state !== 'up';
  }

  override trouble(): string | undefined {
    return this.#state === 'noticed' ? 'The connection to NATS broke' : super.trouble();
  }

  breaks(): void {
    this.#state = 'broken';
  }

  notices(): void {
    if (this.#state !== 'broken') return;
    this.#state = 'noticed';
    this.broke();
  }

  mends(): void {
    if (this.#state === 'up') return;
    this.#state = 'up';
    this.returned();
  }
}

/** A process's connection: what it says goes nowhere when the process is dead or its connection broken. */
export function connect(server: WatchedServer, life: Life): BreakableBus {
  const { ports } = life;
  const soon = (run: () => void): void => {
    const slow_ms = life.sites.overtaken.strikes() ? 1 + life.sites.overtaken.force() ** 4 * 500 : 0;
    ports.timers.after(life.chance.between(0.02, 0.4) + slow_ms, run);
  };
  const bus: BreakableBus = new BreakableBus(
    server,
    {
      ...ports,
      timers: { ...ports.timers, soon: (run) => soon(() => (bus.broken ? void ports.timers.after(50, () => soon(run)) : run())) },
    },
    {
      onPublish: ({ subject }) => {
        if (life.sites.publish.strikes(subject)) life.die();
        if (life.dead || bus.broken) return 'lost';
        // What a stream takes keeps its order on a connection and arrives as long as that lives; the rest may get lost.
        return !subject.startsWith('greenlines.event.') && life.sites.lost.strikes(subject) ? 'lost' : 'none';
      },
    },
  );
  return bus;
}
