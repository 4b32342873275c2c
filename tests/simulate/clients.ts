import { Fault } from '../../machines/fault.ts';
import { partitionOf } from '../../machines/ids.ts';
import type { Caller } from '../../actors/caller.ts';
import type { Outcome } from '../../actors/delivery.ts';
import type { Creation } from '../../actors/door.ts';
import type { Chance } from './chance.ts';
import type { Checker } from './checker.ts';
import type { Faults } from './faults.ts';
import type { Host } from './host.ts';
import type { SimulatedTime } from './time.ts';

export type Asked = {
  readonly address: string;
  readonly type: string;
  readonly payload?: Readonly<Record<string, unknown>>;
  readonly caller: Caller;
  readonly creation?: Creation;
};

/** What a client was told in the end; a refusal by its code. */
export type Answer = { readonly version: number } | { readonly refused: string };

export type Surroundings = {
  readonly time: SimulatedTime;
  readonly faults: Faults;
  readonly checker: Checker;
  readonly hosts: readonly Host[];
  readonly violated: (rule: string, what: string) => void;
};

/** After so long without an answer a client asks somebody else. */
const PATIENCE_MS = 3_000;

/** Somebody outside who sends commands, each until it is answered, to whichever node answers. */
export class Client {
  readonly name: string;
  readonly chance: Chance;
  readonly #around: Surroundings;
  /** The one it got its last answer from. */
  #at: Host | undefined;
  #made = 0;

  constructor(name: string, chance: Chance, around: Surroundings) {
    this.name = name;
    this.chance = chance;
    this.#around = around;
  }

  async ask(asked: Asked): Promise<Answer> {
    const { faults, time } = this.#around;
    const id = `${this.name}-${++this.#made}`;
    if (faults.site('command.doubled', this.name).strikes(asked.type)) void this.#insist(asked, id, undefined);
    const answer = await this.#insist(asked, id, undefined);
    const again = faults.site('command.again', this.name);
    if (again.strikes(asked.type)) time.after(again.force() ** 2 * 20_000, () => void this.#insist(asked, id, answer));
    return answer;
  }

  pause(for_ms: number): Promise<void> {
    return this.#around.time.wait(for_ms);
  }

  /** Asks until there is an answer. One that is known must come again. */
  async #insist(asked: Asked, id: string, known: Answer | undefined): Promise<Answer> {
    const { time, faults, violated } = this.#around;
    const unheard = faults.site('command.unheard', this.name);
    let expected = known;
    for (let tries = 0; ; tries++) {
      const heard = await this.#try(asked, id, tries > 0 && this.chance.is(0.5));
      if (heard === undefined) {
        this.#at = undefined;
        await time.wait(this.chance.between(20, 300));
        continue;
      }
      if ('after_ms' in heard) {
        if (heard.reason !== 'overloaded') this.#at = undefined;
        await time.wait(heard.after_ms * this.chance.between(0.2, 1));
        continue;
      }
      if (expected !== undefined && textOf(expected) !== textOf(heard) && !isPassing(expected) && !isPassing(heard)) {
        violated('answer', `${asked.type} ${id} of ${asked.address} was answered ${textOf(expected)} and then ${textOf(heard)}`);
      }
      expected = heard;
      if (!unheard.strikes(asked.type)) return heard;
    }
  }

  #try(asked: Asked, id: string, repeat: boolean): Promise<Answer | Extract<Outcome, { outcome: 'retry' }> | undefined> {
    const { time } = this.#around;
    return new Promise((resolve) => {
      const patience = time.after(PATIENCE_MS, () => resolve(undefined));
      const end = (heard: Answer | Extract<Outcome, { outcome: 'retry' }> | undefined): void => {
        patience();
        resolve(heard);
      };
      time.after(this.chance.between(0.05, 1), () => {
        const host = this.#choose(partitionOf(asked.address));
        const { life } = host;
        if (life === undefined) return end(undefined);
        life.ports.timers.soon(() => {
          const { runtime } = host;
          if (runtime === undefined || host.life !== life) return;
          const { payload = {}, ...rest } = asked;
          const answer = runtime
            .command({ ...rest, payload, id, repeat })
            .then((outcome) => this.#read(asked, id, outcome, life.dead), toRefusal);
          life.hear(answer, this.chance.between(0.05, 1)).then(
            (heard) => {
              if (!('after_ms' in heard)) this.#at = host;
              end(heard);
            },
            (error: unknown) => this.#around.violated('door', `The door threw ${String(error)}`),
          );
        });
      });
    });
  }

  /** Mostly the node that owns the actor, as if the client had asked there before; otherwise any, which has to pass it on. */
  #choose(partition: number): Host {
    const { hosts } = this.#around;
    const owner = this.chance.is(0.85) ? hosts.find(({ runtime }) => runtime?.lanes.owns(partition) === true) : this.#at;
    return owner ?? this.chance.pick(hosts);
  }

  /** Whoever is told that an event took effect, or was refused, finds it in the journal at that very moment. */
  #read({ address, type, caller }: Asked, id: string, outcome: Outcome, dead: boolean): Answer | Extract<Outcome, { outcome: 'retry' }> {
    if (outcome.outcome === 'retry') return outcome;
    // Nothing is recorded under its id: when the actor has been looked at, it is taken.
    if (outcome.outcome === 'parked') return { outcome: 'retry', after_ms: 3_000, reason: 'parked' };
    if (outcome.outcome === 'late') return { refused: 'late' };
    const stored = this.#around.checker.outcomeOf(address, `caller:${caller.id}:${id}`);
    const answer = outcome.outcome === 'rejected' ? { refused: outcome.code } : { version: outcome.version };
    const told = outcome.outcome === 'rejected' ? outcome.code : outcome.version;
    if (stored !== told && !dead)
      this.#around.violated(
        'acknowledged',
        `${type} ${id} of ${address} was answered ${textOf(answer)}; the journal has ${stored ?? 'nothing'} of it`,
      );
    return answer;
  }
}

export function textOf(answer: Answer): string {
  return 'version' in answer ? `version ${answer.version}` : `no: ${answer.refused}`;
}

/** Nothing is recorded under its id, so that it may be answered otherwise later. */
function isPassing(answer: Answer): boolean {
  return 'refused' in answer && answer.refused.startsWith('fault ');
}

function toRefusal(error: unknown): Answer {
  if (error instanceof Fault) return { refused: `fault ${error.code}` };
  throw error;
}
