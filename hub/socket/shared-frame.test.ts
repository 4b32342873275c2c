import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { SharedFrame, toWire } from './shared-frame.ts';

test('[SYNC-90] a frame is made and encoded once for all whose subscriptions bear the same number', () => {
  const frame = new SharedFrame('patch', '"base":1,"version":2}');
  expect(frame.of(7).text).toBe('{"kind":"patch","sub":7,"base":1,"version":2}');
  expect(frame.of(7)).toBe(frame.of(7));
  expect(frame.of(7).wire).toBe(frame.of(7).wire);
  const other = new SharedFrame('patch', '"base":4,"version":5}').of(1);
  expect(frame.of(7).with(other)).toBe(frame.of(7).with(other));
  expect(frame.of(7).with(other).text).toBe(`${frame.of(7).text},${other.text}`);
  expect(frame.of(8).text).not.toBe(frame.of(7).text);
});

/** A server that says hello as RFC 6455 asks for, and then these bytes. */
async function heard(wires: readonly Buffer[]): Promise<string[]> {
  const server = createServer((socket) => {
    socket.once('data', (request) => {
      const key = /Sec-WebSocket-Key: (.*)\r\n/i.exec(request.toString())?.[1] ?? '';
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      for (const wire of wires) socket.write(wire);
    });
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const texts: string[] = [];
  await new Promise<void>((resolve, reject) => {
    client.on('error', reject);
    client.on('message', (data: Buffer, isBinary: boolean) => {
      texts.push(`${isBinary ? 'binary' : 'text'} ${data.toString()}`);
      if (texts.length === wires.length) resolve();
    });
  });
  client.terminate();
  server.close();
  return texts;
}

test('[SYNC-91] what is encoded once is read by a WebSocket like any other message, whatever its length', async () => {
  const messages = [0, 124, 125, 200, 65_534, 65_535, 70_000].map((length) => 'é'.repeat(Math.floor(length / 2)) + 'x'.repeat(length % 2));
  expect(await heard(messages.map((message) => toWire(message)))).toEqual(messages.map((message) => `text 4${message}`));
});
