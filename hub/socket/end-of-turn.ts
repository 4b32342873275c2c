import type { Ports } from '../../actors/ports/ports.ts';

/** What is to be done once at the end of this turn of the loop, however many ask for it: one wake-up for all sockets. */
export class EndOfTurn {
  readonly #ports: Pick<Ports, 'timers' | 'log'>;
  #waiting: { endTurn(): void }[] = [];

  constructor(ports: Pick<Ports, 'timers' | 'log'>) {
    this.#ports = ports;
  }

  later(who: { endTurn(): void }): void {
    this.#waiting.push(who);
    if (this.#waiting.length === 1) this.#ports.timers.soon(() => this.#end());
  }

  #end(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const who of waiting) {
      try {
        who.endTurn();
      } catch (error) {
        // One socket that fails keeps no other waiting.
        this.#ports.log.error({ err: error }, 'What was put off to the end of the turn failed');
      }
    }
  }
}
