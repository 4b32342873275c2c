import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Fault } from '../machines/fault.ts';
import { readMessage, readNames } from './message.ts';
import type { Headers } from './bus/bus.ts';

const vectors = (file: string): string => readFileSync(new URL(`../tests/vectors/cloudevents/${file}`, import.meta.url), 'utf8');
const lower = (headers: Headers): Headers =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const structured = { 'content-type': 'application/cloudevents+json' };

function read(headers: Headers, data: string): ReturnType<typeof readMessage> | string {
  try {
    return readMessage(lower(headers), bytes(data), 'at-1');
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
}

type Event = { id: string; source: string; type: string; data?: unknown; data_base64?: string };
type Example = { json: Event; batch: boolean; httpBinary?: { headers: Headers; body: string | null } | null };
const examples = vectors('json-format-examples.jsonl')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Example);

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

describe('a message of another system', () => {
  test('[IN-1] the published CloudEvents are read alike in structured and in binary mode where their data is an object, and are invalid where not', () => {
    const single = examples.filter(({ batch }) => !batch);
    expect(single).toHaveLength(6);
    for (const { json, httpBinary } of single) {
      const found = read(structured, JSON.stringify(json));
      const { id, source, type } = json;
      const data = json.id === 'D234-1234-1234' && json.data_base64 !== undefined ? { xyz: 123 } : json.data;
      if (isRecord(data)) {
        expect(found).toEqual({ id, source, type, payload: data, traceparent: '' });
        expect(read(httpBinary?.headers ?? {}, httpBinary?.body ?? '')).toEqual(found);
      } else expect(found).toMatch(/^(invalid|bad_json)$/);
    }
  });

  test('[IN-2] data in base64 is read as the JSON that it holds', () => {
    const event = { specversion: '1.0', id: '1', source: '/x', type: 'GO', data_base64: 'eyAieHl6IjogMTIzIH0=' };
    expect(read(structured, JSON.stringify(event))).toMatchObject({ payload: { xyz: 123 } });
    expect(read(structured, JSON.stringify({ ...event, data_base64: '%%%' }))).toBe('invalid');
  });

  test('[IN-3] the cases of the HTTP binding are read with their attributes and their data', () => {
    const { cases } = JSON.parse(vectors('http-binding-cases.json')) as {
      cases: { headers: Headers; body: string; attributes: Event; data: unknown }[];
    };
    for (const { headers, body, attributes, data } of cases) {
      const { id, source, type } = attributes;
      expect(read(headers, body)).toEqual({ id, source, type, payload: data, traceparent: '' });
    }
    expect(cases).toHaveLength(4);
  });

  test('[IN-4] an attribute that is null is absent, as the JSON format says', () => {
    const event = {
      specversion: '1.0',
      id: '1',
      source: '/x',
      type: 'GO',
      data: null,
      datacontenttype: null,
      traceparent: null,
      subject: null,
    };
    expect(read(structured, JSON.stringify(event))).toEqual({ id: '1', source: '/x', type: 'GO', payload: {}, traceparent: '' });
  });

  test('[IN-5] bare JSON needs nothing but a type; its id comes from a header or from its place in the stream', () => {
    expect(read({}, '{"type":"ADD","by_n":1}')).toEqual({ source: 'nats', id: 'at-1', type: 'ADD', payload: { by_n: 1 }, traceparent: '' });
    expect(read({ 'Nats-Msg-Id': 'm1', traceparent: '00-a' }, '{"type":"ADD"}')).toMatchObject({ id: 'm1', traceparent: '00-a' });
    expect(read({ 'CE-Id': 'c1', 'CE-Source': '/shop' }, '{"type":"ADD"}')).toMatchObject({ id: 'c1', source: '/shop' });
  });

  test.each([
    ['no JSON', {}, 'hello', 'bad_json'],
    ['nothing', {}, '', 'bad_json'],
    ['a repeated key', {}, '{"type":"ADD","type":"LOCK"}', 'bad_json'],
    ['no type', {}, '{}', 'invalid'],
    ['no object', {}, '[]', 'invalid'],
    ['a type without end', {}, `{"type":"${'x'.repeat(65)}"}`, 'invalid'],
    ['another version of CloudEvents', structured, '{"specversion":"0.3","id":"1","source":"/x","type":"GO"}', 'invalid'],
    ['no source', structured, '{"specversion":"1.0","id":"1","type":"GO"}', 'invalid'],
    ['an empty id', structured, '{"specversion":"1.0","id":"","source":"/x","type":"GO"}', 'invalid'],
    ['a line break in its id', structured, '{"specversion":"1.0","id":"a\\nb","source":"/x","type":"GO"}', 'invalid'],
    ['NUL in its source', structured, '{"specversion":"1.0","id":"a","source":"\\u0000","type":"GO"}', 'invalid'],
    ['half a surrogate pair in its id', structured, '{"specversion":"1.0","id":"\\ud800","source":"/x","type":"GO"}', 'invalid'],
    ['an id without end', { 'ce-specversion': '1.0', 'ce-id': 'x'.repeat(257), 'ce-source': '/x', 'ce-type': 'GO' }, '{}', 'invalid'],
    ['data that is no object', structured, '{"specversion":"1.0","id":"1","source":"/x","type":"GO","data":1.5}', 'invalid'],
  ])('[IN-6] a message with %s is refused with a code that says so', (_, headers, data, code) => {
    expect(read(headers as Headers, data)).toBe(code);
  });

  test('[IN-7] a message that cannot be read still has names for its receipt, and hostile ones do not count', () => {
    expect(readNames({ 'ce-id': 'a', 'ce-source': '/shop' }, 'at-9')).toEqual({ source: '/shop', id: 'a' });
    expect(readNames({ 'ce-id': 'a\nb', 'ce-source': '' }, 'at-9')).toEqual({ source: 'nats', id: 'at-9' });
  });
});
