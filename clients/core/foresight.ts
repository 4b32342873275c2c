import type { Clock } from './clock.ts';
import { Listeners } from './listeners.ts';
import type { Kept, Lane } from './outbox-lane.ts';
import { lacking, type Done, type Shown } from './overlay.ts';
import type { Predict } from './prediction.ts';
import type { Who } from './session.ts';
import type { ActorCopy } from './store.ts';

export type ForesightOptions = {
  readonly clock: Clock;
  /** The machines' own step; loaded when it is first needed, so that no page carries it from the beginning. */
  readonly load: () => Promise<Predict>;
  readonly laneOf: (to: string) => Lane;
  readonly who: () => Who | undefined;
  /** Whether copies are being kept in step at this moment. */
  readonly isLive: () => boolean;
};

/** A version that the hub has made reaches the copy within this time, or never: a view may not show it. */
const ARRIVAL_MS = 10_000;
const RELOAD_MS = 5_000;

/** What copies will be when the hub has done what waits: laid over them until it has, and gone as soon as it has or will not. */
export class Foresight {
  readonly #options: ForesightOptions;
  readonly #listeners = new Listeners();
  readonly #done = new Map<string, readonly Done[]>();
  /** What is being sent without being kept. */
  readonly #direct = new Map<string, readonly Kept[]>();
  readonly #plain = new WeakMap<ActorCopy, Shown>();
  readonly #foreseen = new WeakMap<ActorCopy, { readonly commands: readonly Kept[]; readonly who: Who; readonly shown: Shown }>();
  #predict: Predict | undefined;
  #loading = false;
  /** What ends the waiting for versions, by the command that made them. */
  readonly #waits = new Map<string, () => void>();

  constructor(options: ForesightOptions) {
    this.#options = options;
  }

  onChange(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  /** The copy with what can be foreseen laid over it. The same object as long as nothing changes. */
  show(to: string, copy: ActorCopy): Shown {
    const direct = this.#direct.get(to) ?? NONE;
    const lane = this.#options.laneOf(to);
    const commands = lacking(copy, this.#done.get(to) ?? [], direct.length === 0 ? lane : [...lane, ...direct]);
    const who = this.#options.who();
    if (commands.length === 0 || who === undefined) return this.#asItIs(copy);
    if (this.#predict === undefined) {
      this.#load();
      return this.#asItIs(copy);
    }
    const known = this.#foreseen.get(copy);
    const same = known?.who === who && known.commands.length === commands.length;
    if (known !== undefined && same && commands.every((kept, i) => kept === known.commands[i])) return known.shown;
    const shown = this.#predict(copy, commands, who);
    this.#foreseen.set(copy, { commands, who, shown });
    return shown;
  }

  /** A command that is not kept is on its way. */
  begin(kept: Kept): void {
    this.#direct.set(kept.to, [...(this.#direct.get(kept.to) ?? []), kept]);
    this.#tell();
  }

  /** It has been answered, or nobody knows. */
  end(kept: Kept): void {
    const left = (this.#direct.get(kept.to) ?? []).filter(({ id }) => id !== kept.id);
    if (left.length === 0) this.#direct.delete(kept.to);
    else this.#direct.set(kept.to, left);
    this.#tell();
  }

  /** The hub has done it: it is foreseen until the copy holds that version. */
  done(kept: Kept, version: number): void {
    const { to } = kept;
    this.#done.set(to, [...(this.#done.get(to) ?? []), { kept, version }]);
    this.#expire(to, kept.id);
    this.#tell();
  }

  /** For the next person. */
  clear(): void {
    this.#done.clear();
    this.#direct.clear();
    for (const cancel of this.#waits.values()) cancel();
    this.#waits.clear();
  }

  #expire(to: string, id: string): void {
    const { clock, isLive } = this.#options;
    const cancel = clock.after(ARRIVAL_MS, () => {
      this.#waits.delete(id);
      // Without a connection the copy is older than what the hub has done.
      if (!isLive()) return this.#expire(to, id);
      const left = (this.#done.get(to) ?? []).filter(({ kept }) => kept.id !== id);
      if (left.length === 0) this.#done.delete(to);
      else this.#done.set(to, left);
      this.#tell();
    });
    this.#waits.set(id, cancel);
  }

  #asItIs(copy: ActorCopy): Shown {
    const known = this.#plain.get(copy);
    if (known !== undefined) return known;
    const shown: Shown = { ...copy, predicted: [] };
    this.#plain.set(copy, shown);
    return shown;
  }

  #load(): void {
    if (this.#loading) return;
    this.#loading = true;
    const again = (): void => {
      this.#loading = false;
      this.#tell();
    };
    this.#options.load().then(
      (predict) => {
        this.#predict = predict;
        again();
      },
      // No network for it just now: what waits is shown as waiting, and nothing is foreseen.
      () => void this.#options.clock.after(RELOAD_MS, again),
    );
  }

  #tell(): void {
    this.#listeners.tell();
  }
}

const NONE: Lane = [];
