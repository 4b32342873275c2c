import { mayByRole } from '../../actors/gate.ts';
import type { ActorView } from '../protocol/messages.ts';
import { answerOn, toPlainView, viewFor } from '../view.ts';
import type { Answer, Subject } from '../view.ts';
import { keyOf, toCause, toEmptyPatch, toPatch, toShown } from './projection.ts';
import type { Origin, Shown } from './projection.ts';
import type { Rights } from './rights.ts';
import { SharedFrame } from './shared-frame.ts';

/** What all who look with the same roles are shown alike. */
type Kind = {
  readonly view: Omit<ActorView, 'can'>;
  readonly answers: readonly Answer[];
  readonly personal: boolean;
  /** By what they may do. */
  readonly shown: Map<string, Shown>;
};

/**
 * One version of an actor, told to everybody who may see it. Where a thousand people look at it, what does not depend on who somebody is, but on
 * his roles alone, is worked out once, and every frame that more than one of them is sent is made once.
 */
export class Telling {
  readonly #subject: Subject;
  readonly #origin: Origin;
  readonly #now: number;
  readonly #kinds = new Map<string, Kind>();
  readonly #patches = new Map<string, SharedFrame | undefined>();

  constructor(subject: Subject, origin: Origin, now: number) {
    this.#subject = subject;
    this.#origin = origin;
    this.#now = now;
  }

  /** Undefined where the caller may not know of the actor. */
  shownTo(rights: Rights): Shown | undefined {
    const { caller } = rights;
    if (viewFor(this.#subject, caller) === undefined) return undefined;
    const kind = this.#kindOf(rights);
    const answers = kind.personal
      ? kind.answers.map((answer) => (answer.personal ? answerOn(this.#subject, answer.can.type, caller.id, this.#now) : answer))
      : kind.answers;
    const can = answers.map((answer) => answer.can);
    const key = keyOf(can);
    let shown = kind.shown.get(key);
    if (shown === undefined) {
      shown = toShown(kind.view, can);
      kind.shown.set(key, shown);
    }
    return shown;
  }

  #kindOf(rights: Rights): Kind {
    let kind = this.#kinds.get(rights.kind);
    if (kind === undefined) {
      const { definition } = this.#subject;
      const types = Object.keys(definition.events).filter((type) => mayByRole(definition, type, rights.caller));
      const answers = types.map((type) => answerOn(this.#subject, type, rights.caller.id, this.#now));
      const personal = answers.some((answer) => answer.personal);
      kind = { view: toPlainView(this.#subject, rights.audience), answers, personal, shown: new Map() };
      this.#kinds.set(rights.kind, kind);
    }
    return kind;
  }

  /**
   * The patch that brings a copy from one version to this one; undefined where the view shows no difference. `even`: then one that
   * says only that there is a newer version.
   */
  patch(before: Shown, after: Shown, rights: Rights, even: boolean): SharedFrame | undefined {
    const own = this.#origin.by === rights.caller.id;
    const key = `${rights.kind} ${before.version} ${own} ${even} ${before.canKey} ${after.canKey}`;
    if (this.#patches.has(key)) return this.#patches.get(key);
    const cause = toCause(this.#subject.definition, this.#origin, rights);
    const patch = toPatch(before, after, cause) ?? (even ? toEmptyPatch(before, after, cause) : undefined);
    const frame = patch === undefined ? undefined : new SharedFrame('patch', patch);
    this.#patches.set(key, frame);
    return frame;
  }
}
