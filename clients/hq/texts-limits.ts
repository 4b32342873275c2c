import { formatMoney, formatNumber } from '../core/format.ts';

/* The texts about what the payments of a client may come to. */
export const limitTexts = {
  title: 'Limits',
  none: 'No limits are set for this client: of whatever its payments come to, none is refused.',
  noneFor: 'None are set for this client.',
  set: 'Set limits…',
  setAbout: 'They begin with those of the house; a CFO changes them on their page.',
  mayNot: 'A clerk or a CFO sets them.',
  open: 'All of its limits',
  blocked: 'Nothing more is granted: they are blocked.',
  proposed: 'Somebody has proposed higher ones, and another person has to confirm them.',
  fields: { payment: 'One payment', day: 'All of a day', person: 'Of one person in a day', count: 'Payments today', left: 'Left today' },
  labels: {
    limits: 'Limits, in whole units of each currency',
    near_ratio: 'Near from this share of a day',
    count_today: 'Payments today',
    zone: 'Whose days',
    spends: 'Payments that count',
    payees: 'Known payees',
  } as Readonly<Record<string, string>>,
  each: (major: number) => `${formatNumber(major)} of each currency`,
  counted: (count: number, most: number) => `${formatNumber(count)} of ${formatNumber(most)}`,
  left: (minor: number, currency: string) => formatMoney(minor, currency),
  fresh: 'all of it, in every currency',
} as const;
