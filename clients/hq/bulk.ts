import type { ActorView, ListItem } from '../../hub/protocol/messages.ts';
import { isCurrency } from '../../machines/money.ts';
import { readFields, type Field } from '../core/schema.ts';
import type { Noun } from './nouns.ts';

/** An event that can be sent to several actors at once, and to which of them. */
export type Offer = {
  readonly type: string;
  readonly may: readonly ActorView[];
  /** What it asks for, the same for all; the hash of what is approved is each one's own. */
  readonly fields: readonly Field[];
  readonly schema: unknown;
};

/** The payload's hash is not typed in: it is that of what is shown. */
const HASH = 'hash';

/**
 * The events that at least one of them takes now. Amounts, lists and the like are each actor's own, so events that ask for them
 * are not for many: the same refund of twelve payments is a slip, not a wish.
 */
export function offersOf(views: readonly ActorView[], noun: Pick<Noun, 'main' | 'grave'>): readonly Offer[] {
  const offers = new Map<string, Offer>();
  for (const view of views) {
    for (const { type, ok, schema } of view.can) {
      if (!ok) continue;
      const known = offers.get(type);
      const fields = known?.fields ?? readFields(schema).filter(({ name }) => name !== HASH);
      if (!fields.every(({ kind }) => kind === 'text' || kind === 'boolean' || kind === 'choice')) continue;
      offers.set(type, { type, schema, fields, may: [...(known?.may ?? []), view] });
    }
  }
  const rank = ({ type }: Offer): number => (noun.grave.includes(type) ? 2 : noun.main.includes(type) ? 0 : 1);
  return [...offers.values()].sort((a, b) => rank(a) - rank(b));
}

/** Whether somebody answers for exactly what he sees: then the event carries the hash of it. */
export function isApproval({ schema }: Pick<Offer, 'schema'>): boolean {
  return readFields(schema).some(({ name }) => name === HASH);
}

/** The event as it is sent to one of them: an approval carries the hash of what was shown. */
export function eventFor(offer: Offer, view: ActorView, payload: object): { type: string } & Record<string, unknown> {
  return { type: offer.type, ...payload, ...(isApproval(offer) ? { [HASH]: view.context['payload_hash'] } : {}) };
}

/** The addresses of those that are not any more, or not yet, as the row was that somebody has picked. */
export function changedSince(
  views: readonly Pick<ActorView, 'address' | 'version'>[],
  picked: readonly Pick<ListItem, 'address' | 'version'>[],
): ReadonlySet<string> {
  const versions = new Map(picked.map(({ address, version }) => [address, version]));
  return new Set(views.filter(({ address, version }) => versions.get(address) !== version).map(({ address }) => address));
}

/** To which of them it is sent: what has been changed since it was picked is approved only after somebody has looked at it. */
export function chosenOf(offer: Offer, changed: ReadonlySet<string>, looked: ReadonlySet<string>): readonly ActorView[] {
  return isApproval(offer) ? offer.may.filter(({ address }) => !changed.has(address) || looked.has(address)) : offer.may;
}

/** What they come to, each currency by itself: different ones are never added. */
export function totalsOf(views: readonly Pick<ActorView, 'context'>[]): readonly { readonly currency: string; readonly minor: number }[] {
  const totals = new Map<string, number>();
  for (const { context } of views) {
    const { amount_minor: minor, currency } = context;
    if (typeof minor !== 'number' || typeof currency !== 'string' || !isCurrency(currency)) continue;
    totals.set(currency, (totals.get(currency) ?? 0) + minor);
  }
  return [...totals].map(([currency, minor]) => ({ currency, minor })).sort((a, b) => a.currency.localeCompare(b.currency));
}
