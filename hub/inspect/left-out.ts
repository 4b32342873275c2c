import { INSPECTOR, INSPECT_VERSION } from '../protocol/inspection.ts';
import type { ActorFrame, EventFrame, InspectFrame, InspectedSnapshot, SnapshotFrame } from '../protocol/inspection.ts';
import type { Aim } from './aim.ts';

/** The inspector, as a machine of its own. */
const DEFINITION = JSON.stringify({
  id: 'inspector',
  initial: 'complete',
  states: { complete: { on: { LEFT_OUT: 'incomplete' } }, incomplete: { on: { LEFT_OUT: {} } } },
});

/**
 * What had to be left out, told in the frames that every receiver understands: the inspector shows itself as an actor. Nothing of it
 * goes out as long as everything does.
 */
export class LeftOut {
  readonly #aim: Aim;
  #steps = 0;
  #told = 0;
  #version = 0;

  constructor(aim: Aim) {
    this.#aim = aim;
  }

  /** Steps of one actor that are not shown. */
  add(steps: number): void {
    this.#steps += steps;
  }

  /** What has not been said yet. */
  toFrames(now: number): readonly InspectFrame[] {
    const more = this.#steps - this.#told;
    if (more === 0) return [];
    this.#told = this.#steps;
    const actor: readonly ActorFrame[] =
      this.#version === 0
        ? [
            {
              type: '@xstate.actor',
              name: 'inspector',
              parentId: undefined,
              definition: DEFINITION,
              snapshot: this.#at(0),
              ...this.#head(now),
            },
          ]
        : [];
    this.#version++;
    const event = { type: 'LEFT_OUT', steps: more, by: 'hub', at: now };
    const told: EventFrame = { type: '@xstate.event', event, sourceId: undefined, ...this.#head(now) };
    const is: SnapshotFrame = { type: '@xstate.snapshot', event, snapshot: this.#at(this.#steps), ...this.#head(now) };
    return [...actor, told, is];
  }

  #at(left_out_steps: number): InspectedSnapshot {
    const { text, sample, rate } = this.#aim;
    const value = left_out_steps === 0 ? 'complete' : 'incomplete';
    const context = { target: text, sample, frames_per_second: rate, left_out_steps };
    return { status: 'active', output: undefined, error: undefined, value, context, tags: [], children: {}, timers: {} };
  }

  #head(now: number) {
    const id = `${INSPECTOR}@${this.#version}`;
    return { sessionId: INSPECTOR, rootId: INSPECTOR, createdAt: String(now), id, _version: INSPECT_VERSION };
  }
}
