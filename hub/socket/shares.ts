import { Fault } from '../../machines/fault.ts';

/** How much of something that all share each person has taken. */
export class Shares {
  readonly #most: number;
  readonly #what: string;
  readonly #taken = new Map<string, number>();

  constructor(most: number, what: string) {
    this.#most = most;
    this.#what = what;
  }

  /** Throws the fault `overloaded` for whoever has his share. */
  take(person: string): void {
    const taken = this.#taken.get(person) ?? 0;
    if (taken >= this.#most)
      throw new Fault('overloaded', `One person follows at most ${this.#most} ${this.#what} at a time; leave some first.`);
    this.#taken.set(person, taken + 1);
  }

  giveBack(person: string): void {
    const left = (this.#taken.get(person) ?? 0) - 1;
    if (left > 0) this.#taken.set(person, left);
    else this.#taken.delete(person);
  }
}
