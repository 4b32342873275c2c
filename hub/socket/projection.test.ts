import jsonPatch from 'fast-json-patch';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { client } from '../../machines/client.ts';
import { payment } from '../../machines/payment.ts';
import { must } from '../../machines/must.ts';
import { diff, toCause, toEmptyPatch, toPatch } from './projection.ts';
import type { Shown } from './projection.ts';
import { rightsOf } from './rights.ts';

const CLERK = { kind: 'person', id: 'clerk', roles: ['clerk'] } as const;
const ACME = { kind: 'person', id: 'ann', roles: ['customer'], client: 'acme' } as const;
const clerk = must(rightsOf(payment, CLERK), 'rights of a clerk');
const acme = must(rightsOf(payment, ACME), 'rights of a customer');

/** Every door refuses `__proto__`, so no context holds it. */
const value = fc.jsonValue({ maxDepth: 3 }).filter((json) => !JSON.stringify(json).includes('"__proto__"'));
const context = fc.dictionary(fc.constantFrom('a', 'b', 'c/d', 'e~f', '', '0'), value, { maxKeys: 6 });

test('[SYNC-35] the operations of a patch make the new context of the old one, by absolute paths', () => {
  fc.assert(
    fc.property(context, context, (before, after) => {
      const ops = JSON.parse(JSON.stringify(diff(before, after))) as jsonPatch.Operation[];
      expect(ops.every(({ op }) => op === 'add' || op === 'replace' || op === 'remove')).toBe(true);
      const patched = jsonPatch.applyPatch(structuredClone(before), ops).newDocument;
      expect(JSON.parse(JSON.stringify(patched))).toEqual(JSON.parse(JSON.stringify(after)));
      expect(diff(after, structuredClone(after))).toEqual([]);
    }),
    { numRuns: 1000 },
  );
});

const shown: Shown = {
  version: 4,
  updatedAt: '2026-01-01T00:00:00.000Z',
  context: { n: 1 },
  state: '["open"]',
  tags: '[]',
  timers: '[]',
  can: [],
  canKey: '',
};
const cause = { event: 'SUBMIT', by: 'clerk', at: shown.updatedAt };

test('[SYNC-35] a patch says what has changed and nothing else; what a view does not show is no patch', () => {
  const later = { ...shown, version: 7 };
  expect(toPatch(shown, later, cause)).toBeUndefined();
  expect(JSON.parse(`{${toEmptyPatch(shown, later, cause)}`)).toEqual({ base: 4, version: 7, ops: [], updatedAt: shown.updatedAt, cause });
  const patch = toPatch(shown, { ...later, context: { n: 2 }, state: '["shut"]' }, cause);
  expect(JSON.parse(`{${patch}`)).toEqual({
    base: 4,
    version: 7,
    ops: [{ op: 'replace', path: '/n', value: 2 }],
    state: ['shut'],
    updatedAt: shown.updatedAt,
    cause,
  });
});

test('[SYNC-36] a cause names who did what to those who see the whole actor; others learn only of themselves', () => {
  const origin = { type: 'APPROVE', by: 'approver', at: 0 };
  expect(toCause(payment, origin, clerk)).toMatchObject({ event: 'APPROVE', by: 'approver' });
  expect(toCause(payment, origin, acme)).toMatchObject({ event: 'changed', by: 'hub' });
  expect(toCause(payment, { ...origin, by: 'ann' }, acme)).toMatchObject({ event: 'APPROVE', by: 'ann' });
  expect(toCause(payment, { ...origin, type: '__proto__' }, acme)).toMatchObject({ event: 'changed' });
});

test('[SYNC-37] an epoch is of the view, its rules and the caller: whenever one is another, copies begin anew', () => {
  const keys = [
    clerk,
    acme,
    must(rightsOf(client, CLERK), 'rights'),
    must(rightsOf(payment, { ...CLERK, id: 'clerk2' }), 'rights'),
    must(rightsOf(payment, { ...CLERK, roles: ['clerk', 'approver'] }), 'rights'),
    must(rightsOf(payment, { ...ACME, client: 'globex' }), 'rights'),
    must(rightsOf({ ...payment, version: payment.version + 1 }, CLERK), 'rights'),
    must(rightsOf({ ...payment, permissions: { ...payment.permissions, SUBMIT: [] } }, CLERK), 'rights'),
    must(rightsOf({ ...payment, views: { ...payment.views, hq: { rows: 'all', fields: ['id'] } } }, CLERK), 'rights'),
  ].map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
  expect(rightsOf(payment, { ...CLERK, roles: ['clerk'] })?.key).toBe(clerk.key);
  expect(rightsOf(payment, { kind: 'person', id: 'bob', roles: ['agent'] })).toBeUndefined();
});
