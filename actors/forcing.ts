import type { Definition } from '../machines/machine.ts';
import type { Envelope, PendingEffect, PendingTimer } from './envelope.ts';
import { activeOf, delayOf, inputOf, place, restore, toStoredSnapshot, waitsOf } from './xstate-inner.ts';

export type Forced =
  | ({ readonly kind: 'forced' } & Pick<Envelope, 'snapshot' | 'timers' | 'effects'>)
  /** A sentence for the operator. */
  | { readonly kind: 'refused'; readonly why: string };

type Wanted = { readonly state: string; readonly effects: 'refuse' | 'start' };

/**
 * The actor standing in another state, because two people say so. Its context stays as it is, no action of the chart is taken and
 * nothing is sent. Timers and effects of states that it leaves are given up; those of states that it stays in go on. Timers of
 * states that it comes into run from now. An effect that it would come to wait for is asked anew, under a key of its own, only where
 * `start` says so: the provider cannot know that it may have done the same thing before.
 */
export function force(
  definition: Definition,
  envelope: Envelope,
  { state, effects: choice }: Wanted,
  { version, at }: { readonly version: number; readonly at: number },
  { scale, by }: { readonly scale: number; readonly by: string },
): Forced {
  const { machine } = definition;
  let snapshot: Envelope['snapshot'];
  try {
    snapshot = place(machine, envelope.snapshot, state);
  } catch (error) {
    return { kind: 'refused', why: error instanceof Error ? error.message : String(error) };
  }
  const before = activeOf(envelope.snapshot);
  const active = activeOf(snapshot);
  const passing = [...active].find(([id, one]) => one.passing && !before.has(id));
  if (passing !== undefined)
    return { kind: 'refused', why: `The machine moves on from ${passing[0]} by itself; name the state that it would come to.` };
  if (snapshot.status !== 'active') return { kind: 'forced', snapshot: settled(machine, snapshot, {}), timers: {}, effects: {} };
  const waits = waitsOf(snapshot);
  const isNew = ({ state: id }: { readonly state: string }): boolean => !before.has(id);
  const asks = waits.effects.find(isNew);
  if (asks !== undefined && choice === 'refuse') {
    return {
      kind: 'refused',
      why: `In ${asks.state} the actor waits for ${asks.src}. Say effects: "start" to have it asked anew, under a new key.`,
    };
  }
  // What is asked for is made of the context, and nothing has made that ready: it would go out under another operation's name.
  const unready = asks === undefined ? undefined : [...active].find(([id, one]) => one.prepares && !before.has(id));
  if (unready !== undefined)
    return {
      kind: 'refused',
      why: `What ${unready[0]} does as it is entered is left out by force, and ${asks?.src} needs it; name the state before it.`,
    };
  const event = { type: '@force', by, at };
  let i = 0;
  const timers: Record<string, PendingTimer> = {};
  const effects: Record<string, PendingEffect> = {};
  // A timer that no state declares is the machine's own and goes on whatever state it is in.
  for (const [id, timer] of Object.entries(envelope.timers)) if (!id.startsWith('xstate.after.')) timers[id] = timer;
  for (const wait of waits.timers) {
    const { id } = wait;
    const old = envelope.timers[id];
    if (isNew(wait)) timers[id] = { v: version, i: i++, due: Math.round(at + delayOf(machine, wait, snapshot, event) / scale), event: id };
    else if (old !== undefined) timers[id] = old;
  }
  for (const wait of waits.effects) {
    const old = envelope.effects[wait.id];
    if (isNew(wait)) effects[wait.id] = { v: version, i: i++, src: wait.src, input: inputOf(machine, wait, snapshot, event) };
    else if (old !== undefined) effects[wait.id] = old;
  }
  return { kind: 'forced', snapshot: settled(machine, snapshot, effects), timers, effects };
}

/** As it is when it has been stored and read again: its running effects are its children, which leaving their state stops. */
function settled(machine: Definition['machine'], snapshot: Envelope['snapshot'], effects: Envelope['effects']): Envelope['snapshot'] {
  return restore(machine, toStoredSnapshot(snapshot), effects);
}
