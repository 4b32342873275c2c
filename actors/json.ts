import { Fault } from '../machines/fault.ts';

const DEEPEST = 64;

/**
 * Parses JSON from outside. Refuses what two readers could read differently: a repeated key, `__proto__`, nesting beyond any
 * use, bytes that are not UTF-8. Throws the fault `bad_json`.
 */
export function parseJson(input: string | Uint8Array): unknown {
  let value: unknown;
  let text: string;
  try {
    text = typeof input === 'string' ? input : new TextDecoder('utf-8', { fatal: true }).decode(input);
    value = JSON.parse(text);
  } catch (error) {
    throw new Fault('bad_json', `Not valid JSON: ${error instanceof Error ? error.message.slice(0, 120) : 'unreadable'}.`);
  }
  // Every member has one colon outside a string, so a repeated key shows as a colon without a key.
  if (countKeys(value, 0) !== countColons(text)) throw new Fault('bad_json', 'A key is repeated within one object.');
  return value;
}

function countKeys(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (depth > DEEPEST) throw new Fault('bad_json', `Nested more than ${DEEPEST} deep.`);
  if (Array.isArray(value)) {
    let count = 0;
    for (const item of value) count += countKeys(item, depth + 1);
    return count;
  }
  let count = 0;
  for (const key of Object.keys(value)) {
    if (key === '__proto__') throw new Fault('bad_json', 'The key __proto__ is not taken.');
    count += 1 + countKeys((value as Record<string, unknown>)[key], depth + 1);
  }
  return count;
}

function countColons(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x3a) count++;
    else if (code === 0x22) index = endOfString(text, index);
  }
  return count;
}

function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x5c) index++;
    else if (code === 0x22) return index;
  }
  return text.length;
}
