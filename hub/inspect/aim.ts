import { Fault } from '../../machines/fault.ts';
import { isType, readAddress, typeOf } from '../../machines/ids.ts';

/** What somebody wants to look at: one actor, all of a kind, or everything. */
export type Target =
  | { readonly kind: 'actor'; readonly address: string; readonly type: string }
  | { readonly kind: 'type'; readonly type: string }
  | { readonly kind: 'all' };

/** A target, the share of its actors that is shown, and the most frames in a second. */
export type Aim = { readonly text: string; readonly target: Target; readonly sample: number; readonly rate: number };

export const MOST_RATE = 1000;
const RATE = { actor: MOST_RATE, type: 200, all: 200 } as const;

/** Reads `payment/pay_1`, `payment` or `*`. Throws the fault `bad_request`. */
export function readAim(text: string, wanted: { readonly sample?: number | undefined; readonly rate?: number | undefined } = {}): Aim {
  const target = readTarget(text);
  if (target.kind === 'actor' && wanted.sample !== undefined && wanted.sample !== 1)
    throw new Fault('bad_request', 'One actor is always shown whole; sample is for a type and for everything.');
  return { text, target, sample: wanted.sample ?? 1, rate: wanted.rate ?? RATE[target.kind] };
}

function readTarget(text: string): Target {
  if (text === '*') return { kind: 'all' };
  const named = readAddress(text);
  if (named !== undefined) return { kind: 'actor', address: named.address, type: named.type };
  if (isType(text)) return { kind: 'type', type: text };
  throw new Fault('bad_request', 'A target is an actor (payment/pay_1), a type (payment) or everything (*).');
}

/** Whether an actor is looked at. Of a sample the same actors are shown on every node and after every reconnect. */
export function covers({ target, sample }: Aim, address: string): boolean {
  switch (target.kind) {
    case 'actor':
      return address === target.address;
    case 'type':
      return typeOf(address) === target.type && isSampled(address, sample);
    case 'all':
      return isSampled(address, sample);
  }
}

/** A sample is of whole actors, by a hash of their addresses, so that whichever is shown is shown from its first step to its last. */
export function isSampled(address: string, sample: number): boolean {
  return sample >= 1 || hashOf(address) < sample * 2 ** 32;
}

/** FNV-1a, then the last mixing of MurmurHash3: addresses that differ in their last digit only are spread evenly. */
function hashOf(address: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < address.length; i++) hash = Math.imul(hash ^ address.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
