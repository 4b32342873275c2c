import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../machines/fault.ts';
import { parseJson } from './json.ts';

type Case = { readonly name: string; readonly expect: 'accept' | 'reject' | 'either'; readonly base64: string };

const cases = readFileSync(new URL('../tests/vectors/bad-input/json-parsing.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Case);

/** Where we are stricter than the suite on purpose: two readers could read these differently. */
const REPEATED = ['y_object_duplicated_key.json', 'y_object_duplicated_key_and_value.json'];

function verdict(input: string | Uint8Array): 'accept' | 'reject' {
  try {
    parseJson(input);
    return 'accept';
  } catch (error) {
    if (error instanceof Fault && error.code === 'bad_json') return 'reject';
    throw error;
  }
}

describe('JSON from outside', () => {
  test('[JSON-1] what JSON’s own test suite wants refused is refused as bad_json, and what it wants accepted is accepted but for repeated keys', () => {
    expect(cases).toHaveLength(318);
    const wrong = cases.filter(({ name, expect: wanted, base64 }) => {
      const found = verdict(Buffer.from(base64, 'base64'));
      if (REPEATED.includes(name)) return found !== 'reject';
      return wanted !== 'either' && found !== wanted;
    });
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  test.each(['{"a":1,"a":1}', '{"a":{"b":1,"b":2}}', '[{"a":1,"\\u0061":2}]', '{"":0,"":0}', '{"a:":1,"a:":1}', '{"a":":\\":","a":1}'])(
    '[JSON-2] a key that is repeated within one object is refused: %s',
    (text) => {
      expect(verdict(text)).toBe('reject');
    },
  );

  test.each(['{"a":{"a":1}}', '[{"a":1},{"a":1}]', '{"a":":","b":"\\":"}', '{"a:b":"{\\"a\\":1}"}', '{"\\\\":":"}'])(
    '[JSON-3] the same key in different objects and colons within texts are nothing repeated: %s',
    (text) => {
      expect(parseJson(text)).toEqual(JSON.parse(text));
    },
  );

  test('[JSON-4] __proto__ is refused at any depth, and no reading changes what objects are', () => {
    expect(verdict('{"__proto__":{"admin":true}}')).toBe('reject');
    expect(verdict('[{"a":[{"__proto__":1}]}]')).toBe('reject');
    expect(verdict('{"\\u005f_proto__":1}')).toBe('reject');
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
    expect(parseJson('{"constructor":{"prototype":1}}')).toEqual({ constructor: { prototype: 1 } });
  });

  test('[JSON-5] nesting beyond any use, a hundred thousand deep too, is refused without falling over', () => {
    expect(verdict(`${'['.repeat(60)}${']'.repeat(60)}`)).toBe('accept');
    for (const depth of [70, 1_000, 100_000]) {
      expect(verdict(`${'['.repeat(depth)}${']'.repeat(depth)}`)).toBe('reject');
      expect(verdict(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`)).toBe('reject');
    }
  });

  test('[JSON-6] bytes that are not UTF-8 are refused', () => {
    for (const bytes of [
      [0x22, 0xff, 0x22],
      [0x22, 0xc0, 0x80, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
      [0xff, 0xfe, 0x22, 0x00],
    ])
      expect(verdict(Uint8Array.from(bytes))).toBe('reject');
  });

  test('[JSON-7] every value that JSON can write is read as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = JSON.stringify(value);
        if (text.includes('"__proto__":')) return;
        expect(parseJson(text)).toEqual(JSON.parse(text));
        expect(parseJson(Buffer.from(JSON.stringify(value, null, 2)))).toEqual(JSON.parse(text));
      }),
      { numRuns: 150 },
    );
  });
});
