import { expect, test } from 'vitest';
import { FAULTS, Fault } from '../../machines/fault.ts';
import type { FaultCode } from '../../machines/fault.ts';
import { toRetry } from './outcomes.ts';
import { toFault, toProblem, toRefusal } from './problem.ts';

const read = (fault: Fault): Record<string, unknown> => JSON.parse(toProblem(fault, 'req-1').body) as Record<string, unknown>;

test.for(Object.keys(FAULTS) as FaultCode[])('[API-2] the fault %s is answered as a problem with its code, status and sentence', (code) => {
  const { status, headers, body } = toProblem(new Fault(code, 'what came'), 'req-1');
  const { sentence, retry } = FAULTS[code];
  expect(JSON.parse(body)).toEqual({
    type: `urn:green-lines:fault:${code}`,
    title: sentence,
    status,
    code,
    detail: 'what came',
    instance: 'urn:green-lines:request:req-1',
  });
  expect([status, headers['content-type'], headers['cache-control']]).toEqual([
    FAULTS[code].status,
    'application/problem+json; charset=utf-8',
    'no-store',
  ]);
  expect(headers['retry-after']).toBe(retry ? '1' : undefined);
  expect(headers['www-authenticate'] === undefined).toBe(status !== 401);
});

test('[API-2] a delay becomes Retry-After in whole seconds, and is no part of the problem', () => {
  const { headers, body } = toProblem(new Fault('overloaded', undefined, { after_ms: 2100, reason: 'overloaded' }), 'r');
  expect(headers['retry-after']).toBe('3');
  expect(JSON.parse(body)).not.toHaveProperty('after_ms');
});

test('[API-7] a reason that only the machine knows is the code of a 409', () => {
  expect(read(toRefusal('cellar_flooded', 'Water everywhere.', { can: [] }))).toMatchObject({
    status: 409,
    code: 'cellar_flooded',
    type: 'urn:green-lines:fault:cellar_flooded',
    detail: 'Water everywhere.',
    can: [],
  });
  expect(read(toRefusal('hash_stale', '', {}))).toMatchObject({ status: 409, code: 'hash_stale', detail: FAULTS.hash_stale.sentence });
});

test('[API-8] what may be tried again is 429 where too much waits and 503 otherwise', () => {
  const status = (reason: string): unknown[] => {
    const { code, status: number } = toRetry({ reason, after_ms: 250 });
    return [number, code];
  };
  expect([status('overloaded'), status('not_ready'), status('stopping'), status('internal')]).toEqual([
    [429, 'overloaded'],
    [503, 'not_ready'],
    [503, 'stopping'],
    [503, 'retry'],
  ]);
});

test('[API-2] errors that are no faults tell nothing of themselves', () => {
  for (const error of [
    new Error('inside'),
    'inside',
    undefined,
    null,
    { message: 'inside' },
    Object.assign(new Error('inside'), { code: '23505' }),
  ]) {
    expect(read(toFault(error))).toMatchObject({ status: 500, code: 'internal', detail: FAULTS.internal.sentence });
  }
  expect(toFault(Object.assign(new Error('x'), { statusCode: 418 })).code).toBe('bad_request');
  for (const code of ['ECONNREFUSED', '57014', '53300', '08006'])
    expect(toFault(Object.assign(new Error('x'), { code })).code).toBe('retry');
});
