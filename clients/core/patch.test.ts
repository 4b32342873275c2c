import fc from 'fast-check';
import jsonPatch from 'fast-json-patch';
import { expect, test } from 'vitest';
import type { PatchOp } from '../../hub/protocol/messages.ts';
import { applyOps } from './patch.ts';

test('[CLIENT-1] Operations of RFC 6902 bring a copy to exactly the document that they were made for', () => {
  const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
  const record = fc.dictionary(fc.string(), json, { maxKeys: 6 });
  fc.assert(
    fc.property(record, record, (before, after) => {
      const ops = jsonPatch.compare(before, after) as PatchOp[];
      const kept = structuredClone(before);
      // A key named __proto__ is never followed: the whole patch is refused instead.
      const hostile = ops.some((op) => op.path.split('/').includes('__proto__'));
      expect(applyOps(before, ops)).toEqual(hostile ? undefined : after);
      expect(before).toEqual(kept);
    }),
  );
});

test('[CLIENT-1] What a patch does not touch is shared with the copy before it', () => {
  const before = { approvals: [{ by: 'cfo' }], payee: { name: 'Globex' } };
  const after = applyOps(before, [{ op: 'add', path: '/approvals/-', value: { by: 'approver' } }]);
  expect(after).toEqual({ approvals: [{ by: 'cfo' }, { by: 'approver' }], payee: { name: 'Globex' } });
  expect(after?.payee).toBe(before.payee);
  expect(after?.approvals[0]).toBe(before.approvals[0]);
});

test.each<[string, PatchOp]>([
  ['replaces what is not there', { op: 'replace', path: '/nothing', value: 1 }],
  ['removes what is not there', { op: 'remove', path: '/list/5' }],
  ['adds beyond the end of a list', { op: 'add', path: '/list/9', value: 1 }],
  ['goes through a plain value', { op: 'add', path: '/text/deep', value: 1 }],
  ['reaches for the prototype', { op: 'add', path: '/__proto__/polluted', value: 1 }],
  ['has no leading slash', { op: 'add', path: 'text', value: 1 }],
])('[CLIENT-2] A patch that %s is refused as a whole', (_what, op) => {
  expect(applyOps({ list: [1], text: 'a' }, [{ op: 'replace', path: '/text', value: 'b' }, op])).toBeUndefined();
});
