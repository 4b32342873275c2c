import type { ReactNode } from 'react';
import type { ListItem } from '../../../hub/protocol/messages.ts';
import { formatMoney } from '../../core/format.ts';
import { idOf } from '../../../machines/ids.ts';
import { readLimits } from '../limits.ts';
import { texts } from '../texts.ts';
import { StateBadge } from './state-badge.tsx';
import { Ago, Left } from './time.tsx';

export type Column = {
  readonly key: string;
  readonly label: string;
  /** What the hub sorts by, if it can. */
  readonly sort?: string;
  readonly show: (item: ListItem) => ReactNode;
};

/** What every list begins with (the name, which is the link) and ends with. */
const state = (type: string): Column => ({
  key: 'state',
  label: texts.columns.state,
  show: (item) => <StateBadge type={type} state={item.state} tags={item.tags} />,
});
const updated: Column = { key: 'updated', label: texts.columns.changed, sort: 'updatedAt', show: (item) => <Ago at={item.updatedAt} /> };
const id: Column = { key: 'id', label: texts.columns.id, show: (item) => <span className="mono muted">{idOf(item.address)}</span> };

const payment: readonly Column[] = [
  { key: 'client', label: texts.columns.client, show: (item) => text(item, 'client') },
  { key: 'amount', label: texts.columns.amount, show: (item) => <Amount item={item} /> },
  state('payment'),
  id,
  updated,
];

const account: readonly Column[] = [
  { key: 'client', label: texts.columns.client, show: (item) => text(item, 'client') },
  { key: 'amount', label: texts.columns.available, show: (item) => <Amount item={item} /> },
  state('account'),
  id,
  updated,
];

const client: readonly Column[] = [
  { key: 'kind', label: texts.columns.kind, show: (item) => text(item, 'kind') ?? item.summary },
  { key: 'country', label: texts.columns.country, show: (item) => text(item, 'country') },
  state('client'),
  id,
  updated,
];

const integration: readonly Column[] = [
  { key: 'provides', label: texts.columns.provides, show: (item) => item.summary },
  state('integration'),
  id,
  updated,
];

const limit: readonly Column[] = [
  { key: 'summary', label: texts.columns.today, show: (item) => <Amount item={item} /> },
  state('limit'),
  id,
  updated,
];

const dispute: readonly Column[] = [
  { key: 'client', label: texts.columns.client, show: (item) => text(item, 'client') },
  { key: 'amount', label: texts.columns.amount, show: (item) => <Amount item={item} /> },
  { key: 'due', label: texts.columns.evidenceDue, show: (item) => <EvidenceDue item={item} /> },
  state('dispute'),
  id,
  updated,
];

const KNOWN: Readonly<Record<string, readonly Column[]>> = { payment, account, client, limit, dispute, integration };

/** The columns of a type's list, beside its title. */
export function columnsOf(type: string): readonly Column[] {
  return KNOWN[type] ?? [{ key: 'summary', label: texts.columns.summary, show: (item) => item.summary }, state(type), id, updated];
}

function text(item: ListItem, name: string): string | undefined {
  const value = item.context[name];
  return typeof value === 'string' ? value : undefined;
}

function Amount({ item }: { item: ListItem }) {
  return <span className="number">{summaryOf(item)}</span>;
}

/** Only while evidence still counts. */
function EvidenceDue({ item: { context, tags } }: { item: ListItem }) {
  const { due_by: due } = context;
  return typeof due === 'number' && tags.includes('awaits_evidence') ? <Left until={new Date(due).toISOString()} /> : null;
}

/** What a row is about in a word: its amount as amounts are written here, or what its machine says of it. */
export function summaryOf({ context, summary }: ListItem): string {
  const { amount_minor: amount, available_minor: minor = amount, currency } = context;
  return typeof minor === 'number' && typeof currency === 'string' ? formatMoney(minor, currency) : (todayOf(context) ?? summary);
}

/** What payments come to today, by currency, of the limits of a client. */
function todayOf(context: ListItem['context']): string | undefined {
  const today = readLimits(context)?.today.map(({ currency, spent_minor }) => formatMoney(spent_minor, currency));
  return today?.join(' · ');
}
