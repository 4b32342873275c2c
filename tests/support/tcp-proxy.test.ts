import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TcpProxy } from './tcp-proxy.ts';

let server: Server;
let proxy: TcpProxy;
let heard: string;
let endings: { count: number };
const clients: Socket[] = [];

/** An echo that notes what it heard. */
beforeEach(async () => {
  heard = '';
  const mine = { count: 0 };
  endings = mine;
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('close', () => mine.count++);
    socket.on('data', (data) => {
      heard += data.toString();
      socket.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await TcpProxy.open((server.address() as AddressInfo).port);
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy.close();
  await new Promise((resolve) => server.close(resolve));
});

async function open(): Promise<{ readonly socket: Socket; said: () => string; closed: () => boolean }> {
  const socket = connect({ host: '127.0.0.1', port: proxy.port });
  clients.push(socket);
  let said = '';
  let closed = false;
  socket.on('error', () => undefined);
  socket.on('data', (data) => (said += data.toString()));
  socket.on('close', () => (closed = true));
  await once(socket, 'connect').catch(() => undefined);
  return { socket, said: () => said, closed: () => closed };
}

const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 80));

describe('a link that tests can break', () => {
  test('[CHAOS-1] carries both ways while it is up', async () => {
    const client = await open();
    client.socket.write('hello');
    await expect.poll(client.said).toBe('hello');
    expect(proxy.connections).toBe(1);
    client.socket.end();
    await expect.poll(() => proxy.connections).toBe(0);
  });

  test('[CHAOS-1] carries nothing while it is silent, and all of it afterwards', async () => {
    const client = await open();
    client.socket.write('a');
    await expect.poll(client.said).toBe('a');
    proxy.become('silent');
    client.socket.write('b');
    const late = await open();
    late.socket.write('c');
    await quiet();
    expect(heard).toBe('a');
    expect(client.closed() || late.closed()).toBe(false);
    proxy.become('up');
    await expect.poll(client.said).toBe('ab');
    await expect.poll(late.said).toBe('c');
  });

  test('[CHAOS-1] lets through what is asked and keeps the answers while it is deaf', async () => {
    const client = await open();
    proxy.become('deaf');
    client.socket.write('x');
    await expect.poll(() => heard).toBe('x');
    await quiet();
    expect(client.said()).toBe('');
    proxy.become('up');
    await expect.poll(client.said).toBe('x');
  });

  test('[CHAOS-1] does not tell the other side of an end while it is silent', async () => {
    const client = await open();
    client.socket.write('a');
    await expect.poll(client.said).toBe('a');
    proxy.become('silent');
    client.socket.write('late');
    client.socket.destroy();
    await quiet();
    expect(endings.count).toBe(0);
    proxy.become('up');
    await expect.poll(() => endings.count).toBe(1);
  });

  test('[CHAOS-1] resets what is open and takes nothing new while it is cut', async () => {
    const client = await open();
    proxy.become('cut');
    await expect.poll(client.closed).toBe(true);
    const late = await open();
    await expect.poll(late.closed).toBe(true);
    proxy.become('up');
    const again = await open();
    again.socket.write('z');
    await expect.poll(again.said).toBe('z');
  });
});
