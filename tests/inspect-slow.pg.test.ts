import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { InspectorSocket } from './support/inspector.ts';
import { Rest } from './support/rest.ts';
import { shelf } from './support/shelf.ts';
import { SocketClient, eventually } from './support/socket-client.ts';

let hub: TestHub;
let rest: Rest;

beforeAll(async () => {
  hub = await startTestHub({ machines: [shelf] });
  rest = new Rest(hub);
});
afterAll(() => hub.stop());

/** Bytes that the hub holds for inspectors. */
async function queued(): Promise<number> {
  const text = await (await fetch(`${hub.url}/metrics`)).text();
  return Number(/^hub_inspector_queued_bytes (\d+)/m.exec(text)?.[1]);
}

test('[INSP-21] An inspector that stops reading costs the hub a bounded buffer, harms nobody else, and continues with what matters', async () => {
  const make = async (id: string): Promise<string> => {
    const { body } = await rest.create('shelf', { id, input: { client: 'acme', label: 'red', secret: 'SECRET-1' } });
    return String(body['address']);
  };
  const addresses = [await make('big'), await make('quiet')];
  const [big = '', quiet = ''] = addresses;
  const stalled = await InspectorSocket.of(hub, 'shelf', { rate: 1000 });
  const reader = await InspectorSocket.of(hub, big);
  await eventually(() => stalled.versions(quiet).length === 1 && reader.versions(big).length === 1);
  stalled.socket.pause();
  const clerk = await SocketClient.of(hub, 'clerk');
  let most = 0;
  for (let n = 1; n <= 400; n++) {
    const ack = await clerk.command(big, 'SET', { n, list: ['x'.repeat(40_000)] });
    expect(ack.outcome).toBe('applied');
    if (n % 20 === 0) most = Math.max(most, await queued());
  }
  await eventually(() => reader.versions(big).at(-1) === 401, 20_000);
  expect(reader.versions(big)).toEqual(Array.from({ length: 401 }, (_, n) => n + 1));
  // What is full, one row above it, and what the reader had not taken at that moment.
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThan(1_000_000);
  await rest.send(quiet, { type: 'LABEL', label: 'new' });
  stalled.socket.resume();
  await eventually(() => stalled.versions(big).at(-1) === 401 && stalled.versions(quiet).at(-1) === 2, 20_000);
  const versions = stalled.versions(big);
  expect(versions.length).toBeLessThan(401);
  expect(new Set(versions).size).toBe(versions.length);
  await eventually(() => stalled.frames.some(({ sessionId }) => sessionId === '@inspector'));
  for (const socket of [stalled, reader]) socket.close();
  clerk.close();
});
