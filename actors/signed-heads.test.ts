import { describe, expect, test } from 'vitest';
import { HeadsKey, compareHead, readHeads, toHeadsLine } from './signed-heads.ts';
import type { HeadsReason, SignedHead } from './signed-heads.ts';

const KEY = new HeadsKey('a secret of at least 32 characters, this one');

function written(...records: { reason?: HeadsReason; history?: string; heads: SignedHead[] }[]): string[] {
  const lines: string[] = [];
  for (const { reason = 'running', history = 'h1', heads } of records) {
    const at = 1_000 + lines.length;
    lines.push(toHeadsLine(KEY, lines.at(-1) ?? '', { hub_id: 'hub_1', node: 'node_1', history, at, reason, heads }));
  }
  return lines;
}

const head = (partition: number, seq: number, hash = `hash of ${partition}:${seq}`): SignedHead => ({ partition, seq, hash });
const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

describe('signed heads', () => {
  test('[HEAD-1] what was signed is read back, with each head that the journal must contain', () => {
    const read = readHeads(text(written({ heads: [head(0, 4), head(1, 2)] }, { heads: [head(0, 9)] })), KEY.publicKey);
    expect(read.troubles).toEqual([]);
    expect(read.records.map(({ heads }) => heads)).toEqual([[head(0, 4), head(1, 2)], [head(0, 9)]]);
    expect(read.expected.get(0)).toEqual([head(0, 4), head(0, 9)]);
    expect(read.expected.get(1)).toEqual([head(1, 2)]);
    expect(readHeads('', KEY.publicKey)).toMatchObject({ records: [], troubles: [], lastLine: '' });
  });

  test('[HEAD-2] every change of a line, by one character or by one bit, is found', () => {
    const [line = ''] = written({ heads: [head(3, 7, 'ab')] });
    const { key } = (JSON.parse(line) as { signed: { key: string } }).signed;
    for (let at = 0; at < line.length; at++) {
      for (const changed of [line.slice(0, at) + line.slice(at + 1), line.slice(0, at) + flipped(line, at) + line.slice(at + 1)]) {
        const read = readHeads(`${changed}\n`, KEY.publicKey);
        // The last character of base64url has bits that mean nothing: then it says the same and is as good.
        const isSame = JSON.stringify(read.records) === JSON.stringify(readHeads(`${line}\n`, key).records);
        expect(read.troubles.length === 1 || isSame, `character ${at}: ${changed}`).toBe(true);
        if (read.troubles.length === 1) expect(read.records).toEqual([]);
      }
    }
  });

  test('[HEAD-3] a line that was taken out or put elsewhere is found, and a line of another key says that it is one', () => {
    const lines = written({ heads: [head(0, 1)] }, { heads: [head(0, 2)] }, { heads: [head(0, 3)] });
    const [first = '', second = '', third = ''] = lines;
    expect(readHeads(text([first, third]), KEY.publicKey).troubles).toEqual([{ line: 2, why: 'gap' }]);
    expect(readHeads(text([first, third, second]), KEY.publicKey).troubles).toEqual([
      { line: 2, why: 'gap' },
      { line: 3, why: 'gap' },
    ]);
    const other = new HeadsKey('another secret of at least 32 characters');
    expect(readHeads(text(lines), other.publicKey).troubles.map(({ why }) => why)).toEqual(['other_key', 'other_key', 'other_key']);
    expect(new HeadsKey('another secret of at least 32 characters').publicKey).toBe(other.publicKey);
  });

  test('[HEAD-4] a line that was being written when the power went is left out and is no trouble', () => {
    const lines = written({ heads: [head(0, 1)] }, { heads: [head(0, 2)] });
    const read = readHeads(text(lines).slice(0, -10), KEY.publicKey);
    expect(read.troubles).toEqual([]);
    expect(read.records).toHaveLength(1);
    expect(read.lastLine).toBe(lines[0]);
  });

  test('[HEAD-5] a restore takes back what was signed of the future that did not happen, and only that', () => {
    const read = readHeads(
      text(
        written(
          { heads: [head(0, 5), head(1, 5)] },
          { heads: [head(0, 8), head(1, 9)] },
          { reason: 'restored', history: 'h2', heads: [head(0, 6), head(1, 9)] },
          { history: 'h2', heads: [head(0, 7, 'another 7')] },
        ),
      ),
      KEY.publicKey,
    );
    expect(read.expected.get(0)).toEqual([head(0, 5), head(0, 6), head(0, 7, 'another 7')]);
    expect(read.expected.get(1)).toEqual([head(1, 5), head(1, 9)]);
    expect(read.resets.map(({ history }) => history)).toEqual(['h2']);
  });

  test('[HEAD-6] a head is there, was changed or is missing; that of an empty partition is never missing', () => {
    expect(compareHead(head(0, 5, 'x'), 'x')).toBe('there');
    expect(compareHead(head(0, 5, 'x'), 'y')).toBe('changed');
    expect(compareHead(head(0, 5, 'x'), undefined)).toBe('missing');
    expect(compareHead(head(0, 0, ''), undefined)).toBe('there');
  });
});

function flipped(line: string, at: number): string {
  return String.fromCharCode(line.charCodeAt(at) ^ 1);
}
