import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { consistencyProof, includes, inclusionProof, isConsistent, leafHash, rootOf } from './merkle.ts';

/** One case a line. Indexes above 2^53 stand there too, so numbers are read as texts. */
function read(file: string): readonly Record<string, unknown>[] {
  const text = readFileSync(new URL(`../../tests/vectors/merkle/${file}.jsonl`, import.meta.url), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line.replace(/"(leafIdx|treeSize|size1|size2)": (\d+)/g, '"$1": "$2"')) as Record<string, unknown>);
}
const bytes = (base64: unknown) => Buffer.from(typeof base64 === 'string' ? base64 : '', 'base64');
const path = (proof: unknown) => (Array.isArray(proof) ? proof.map(bytes) : []);
const number = (text: unknown) => BigInt(String(text));

test('[CHAIN-6] every published inclusion proof of RFC 6962 gets its verdict', () => {
  const cases = read('inclusion');
  for (const { path: name, leafIdx, treeSize, root, leafHash: leaf, proof, wantErr } of cases) {
    const verdict = includes({ index: number(leafIdx), size: number(treeSize), leaf: bytes(leaf), root: bytes(root), proof: path(proof) });
    expect([name, verdict]).toEqual([name, wantErr !== true]);
  }
  expect([cases.length, cases.filter(({ wantErr }) => wantErr !== true).length]).toEqual([66, 2]);
});

test('[CHAIN-6] every published consistency proof of RFC 6962 gets its verdict', () => {
  const cases = read('consistency');
  for (const { path: name, size1, size2, root1, root2, proof, wantErr } of cases) {
    const verdict = isConsistent({ sizes: [number(size1), number(size2)], roots: [bytes(root1), bytes(root2)], proof: path(proof) });
    expect([name, verdict]).toEqual([name, wantErr !== true]);
  }
  expect(cases).toHaveLength(66);
});

const entries = fc.array(fc.uint8Array({ maxLength: 8 }), { minLength: 1, maxLength: 40 });

test('[CHAIN-6] what is in a tree can be proved to be there, at its place and at no other, and what is not cannot', () => {
  expect(rootOf([]).toString('hex')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  fc.assert(
    fc.property(entries, fc.nat(), (list, pick) => {
      const leaves = list.map(leafHash);
      const index = pick % leaves.length;
      const given = { index: BigInt(index), size: BigInt(leaves.length), root: rootOf(leaves), proof: inclusionProof(leaves, index) };
      expect(includes({ ...given, leaf: leaves[index] ?? Buffer.alloc(32) })).toBe(true);
      expect(includes({ ...given, leaf: leafHash(Buffer.from('something else')) })).toBe(false);
      expect(includes({ ...given, size: given.size + 64n, leaf: leaves[index] ?? Buffer.alloc(32) })).toBe(false);
    }),
  );
  expect(() => inclusionProof([leafHash(Buffer.of(1))], 1)).toThrow(RangeError);
});

test('[CHAIN-6] that a list has only grown can be proved, and that it was changed comes out', () => {
  fc.assert(
    fc.property(entries, fc.nat(), fc.nat(), (list, pick, spoil) => {
      const leaves = list.map(leafHash);
      const size = (pick % leaves.length) + 1;
      const sizes = [BigInt(size), BigInt(leaves.length)] as const;
      const proof = consistencyProof(leaves, size);
      const before = rootOf(leaves.slice(0, size));
      expect(isConsistent({ sizes, roots: [before, rootOf(leaves)], proof })).toBe(true);
      const changed = leaves.with(spoil % size, leafHash(Buffer.from('something else')));
      expect(isConsistent({ sizes, roots: [before, rootOf(changed)], proof: consistencyProof(changed, size) })).toBe(false);
    }),
  );
  for (const size of [0, 2]) expect(() => consistencyProof([leafHash(Buffer.of(1))], size)).toThrow(RangeError);
});
