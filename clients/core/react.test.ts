import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { expect, test } from 'vitest';
import { createHub } from './hub.ts';
import { HubProvider, useActor, useCan, useConnection, useCountdown, useList, useOutbox, useTray } from './react.ts';

const DUE = new Date(Date.now() + 90_500).toISOString();

function Everything() {
  const { copy, following, kept } = useActor('payment', 'pay_1');
  const { rows } = useList({ type: 'payment', state: 'needs_approval' });
  const seen = [
    copy,
    following.kind,
    kept.length,
    rows,
    useCan('payment', 'pay_1', 'SUBMIT'),
    useOutbox().waiting.length,
    useTray().length,
    useConnection().phase,
    useCountdown(DUE) ?? 0,
  ];
  return seen.map((one) => (typeof one === 'number' && one > 1_000 ? Math.round(one / 10_000) : String(one))).join(' ');
}

test('[SDK-21] components render where nothing can be followed yet, as on a server, and say so', () => {
  const hub = createHub({ url: 'http://127.0.0.1:9' });
  const page = renderToString(createElement(HubProvider, { hub }, createElement(Everything)));
  expect(page).toBe('undefined unwatched 0 undefined undefined 0 0 offline 9');
  hub.close();
});

test('[SDK-21] a hook without a hub says what is missing', () => {
  expect(() => renderToString(createElement(Everything))).toThrow('A hook of the hub is used outside of a HubProvider');
});
