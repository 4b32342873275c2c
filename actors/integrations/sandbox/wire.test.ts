import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readAnswer, toBadGateway, toError, toResponse } from './wire.ts';

const type = 'application/json';

describe('the adapter', () => {
  test('[SBX-22] an answer in the words of the provider is read', () => {
    expect(readAnswer(toResponse({ outcome: 'done', code: null, reference: 'capture_7' }))).toEqual({
      kind: 'done',
      output: { outcome: 'done', gateway_reference: 'capture_7' },
    });
    expect(readAnswer(toResponse({ outcome: 'declined', code: 'card_lost', reference: null }))).toEqual({
      kind: 'done',
      output: { outcome: 'declined', code: 'card_lost' },
    });
    expect(readAnswer(toResponse({ outcome: 'not_found', code: null, reference: null }))).toEqual({
      kind: 'done',
      output: { outcome: 'not_found' },
    });
    expect(readAnswer(toResponse({ outcome: 'canceled', code: null, reference: null }))).toEqual({
      kind: 'done',
      output: { outcome: 'canceled' },
    });
    expect(readAnswer(toResponse({ outcome: 'key_reused', code: null, reference: null }))).toEqual({ kind: 'failed', code: 'key_reused' });
    expect(readAnswer(toResponse({ outcome: 'closed', code: null, reference: null }))).toEqual({ kind: 'failed', code: 'closed' });
    expect(readAnswer(toError(429, 'overloaded'))).toEqual({ kind: 'retry', code: 'overloaded', after_ms: 250 });
    expect(readAnswer(toError(503, 'unavailable'))).toEqual({ kind: 'unknown', code: 'unavailable' });
  });

  test.each([
    toBadGateway(),
    { status: 200, type, body: '' },
    { status: 200, type, body: '{"outcome":"done"' },
    { status: 200, type, body: '{"outcome":"done"}' },
    { status: 402, type, body: '{"outcome":"declined"}' },
    { status: 200, type, body: 'null' },
    { status: 404, type: 'text/html', body: '<h1>Not found</h1>' },
    { status: 403, type, body: '{}' },
    { status: 500, type, body: '{"outcome":"done","reference":"capture_7"}' },
  ])('[SBX-22] an answer that cannot be read is unknown, never failed: $status $body', (response) => {
    expect(readAnswer(response)).toMatchObject({ kind: 'unknown', code: 'bad_gateway' });
  });

  test('[SBX-22] no body whatever makes the adapter throw or claim that something was done', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), fc.oneof(fc.string(), fc.json()), (status, body) => {
        expect(readAnswer({ status, type, body }).kind).not.toBe('done');
      }),
    );
  });
});
