import type { Definition } from '../../machines/machine.ts';
import type { Kin, Step } from './frames.ts';

/** Steps of an actor that wait in memory; what does not fit is read from the journal when its turn comes. */
const MOST_WAITING = 8;

/** How far the journal of one actor has been shown to one inspector, and what of it is known to be there. */
export class Tail {
  readonly address: string;
  readonly definition: Definition;
  /** Known once the actor has been introduced. */
  kin: Kin | undefined;
  /** The last version that was shown. */
  sent = 0;
  /** The newest version that was heard of. */
  known = 0;
  #owed: number | undefined;
  #waiting: Step[] = [];

  constructor(address: string, definition: Definition) {
    this.address = address;
    this.definition = definition;
  }

  get behind(): boolean {
    return this.known > this.sent;
  }

  hear(step: Step): void {
    if (step.version <= this.known) return;
    this.#owed ??= step.version;
    this.known = step.version;
    this.#waiting.push(step);
    if (this.#waiting.length > MOST_WAITING) this.#waiting = [];
  }

  /** The very next step, if it waits in memory; the first one of all for an actor that was not introduced. */
  next(): Step | undefined {
    const [step] = this.#waiting;
    if (step?.version !== this.sent + 1) return undefined;
    this.#waiting.shift();
    return step;
  }

  /** Everything up to this version has been shown, or cannot be. */
  reach(version: number): void {
    this.sent = Math.max(this.sent, version);
    this.known = Math.max(this.known, this.sent);
    this.#waiting = this.#waiting.filter((step) => step.version > this.sent);
    if (!this.behind) this.#owed = undefined;
  }

  /** How many steps that were heard of are not shown when the next one is this version. */
  missingBefore(version: number): number {
    const first = this.sent > 0 ? this.sent + 1 : this.#owed;
    return first === undefined ? 0 : Math.max(0, version - first);
  }

  /** The same where nothing of it will be shown any more. */
  get unshown(): number {
    return this.missingBefore(this.known + 1);
  }
}
