import { receiptSubject } from '../../actors/bus/subjects.ts';
import type { Chance } from './chance.ts';
import type { Surroundings } from './clients.ts';
import type { WatchedServer } from './server.ts';

type Receipt = {
  readonly outcome: string;
  readonly address: string;
  readonly version: number;
  readonly id: string;
  readonly reason?: string;
};
type Waiting = { first: string | undefined; hear: (() => void) | undefined; readonly event_id: string; readonly address: string };

/** Other systems: each publishes an event until it has a receipt for it, and sometimes again. */
export class Publishers {
  served = 0;
  readonly #around: Surroundings;
  readonly #server: WatchedServer;
  readonly #waiting = new Map<string, Waiting>();

  constructor(around: Surroundings, server: WatchedServer) {
    this.#around = around;
    this.#server = server;
  }

  /** Resolves when the receipt has come. */
  async publish(source: string, id: string, chance: Chance, to: { type: string; id: string }, event: object): Promise<void> {
    const { time, faults } = this.#around;
    const address = `${to.type}/${to.id}`;
    const subject = receiptSubject(source, id);
    const waiting: Waiting = { first: undefined, hear: undefined, event_id: `source:${encodeURIComponent(source)}:${id}`, address };
    this.#waiting.set(subject, waiting);
    const send = (): void => {
      if (this.#server.down) return;
      this.#server.publishFrom(`greenlines.in.${to.type}.${to.id}`, JSON.stringify(event), { 'Nats-Msg-Id': id, 'ce-source': source });
    };
    for (let heard = false; !heard;) {
      send();
      heard = await new Promise<boolean>((resolve) => {
        const patience = time.after(chance.between(1_500, 4_000), () => resolve(false));
        waiting.hear = (): void => {
          if (faults.site('receipt.unheard', source).strikes(id)) return;
          patience();
          resolve(true);
        };
      });
    }
    waiting.hear = undefined;
    this.served++;
    const repeated = faults.site('publication.repeated', source);
    if (repeated.strikes(id)) time.after(repeated.force() * 10_000, send);
  }

  /** A receipt came over the server: what it says is in the journal, and is what it always said. */
  receipt(subject: string, data: string): void {
    const waiting = this.#waiting.get(subject);
    if (waiting === undefined) return;
    const { outcome, version, reason = '' } = JSON.parse(data) as Receipt;
    const { checker, violated } = this.#around;
    const stored = checker.outcomeOf(waiting.address, waiting.event_id);
    const told = outcome === 'rejected' ? reason : version;
    if (outcome === 'applied' || outcome === 'duplicate' || outcome === 'rejected') {
      if (stored !== told)
        violated('receipt', `A receipt says ${outcome} ${told} of ${waiting.event_id}; the journal has ${stored ?? 'nothing'} of it`);
      const text = outcome === 'rejected' ? `no ${reason}` : `version ${version}`;
      waiting.first ??= text;
      if (waiting.first !== text) violated('receipt', `The receipts of ${waiting.event_id} say ${waiting.first} and ${text}`);
    }
    waiting.hear?.();
  }
}
