import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstream } from '@nats-io/jetstream';
import { connect, headers as makeHeaders } from '@nats-io/transport-node';
import type { MsgHdrs } from '@nats-io/transport-node';
import { openNats } from '../../actors/bus/nats.ts';
import type { Headers } from '../../actors/bus/bus.ts';
import { systemPorts } from '../../actors/ports/system.ts';
import { findNats } from '../../hub/embedded/nats-binary.ts';
import { isPortFree, nextFreePort } from '../../hub/embedded/ports.ts';
import { busContract } from './bus.ts';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

busContract('NATS', async () => {
  const home = await mkdtemp(join(tmpdir(), 'green-lines-bus-'));
  const { path } = await findNats(home, () => undefined);
  const port = await nextFreePort(24_222 + Math.floor(Math.random() * 2_000));
  let child: ChildProcess;

  const start = async (): Promise<void> => {
    child = spawn(path, ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', join(home, 'store')], { stdio: 'ignore' });
    for (let tries = 0; tries < 200 && (await isPortFree(port)); tries++) await sleep(25);
  };
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  };
  await start();
  const bus = await openNats({ url: `nats://127.0.0.1:${port}`, ports: systemPorts(silent) });
  const other = await connect({ servers: `127.0.0.1:${port}`, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
  const seen: { subject: string; data: string; headers: Headers }[] = [];
  const see = {
    callback: (_: unknown, message: { subject: string; headers?: MsgHdrs; string(): string }) =>
      void seen.push({ subject: message.subject, data: message.string(), headers: {} }),
  };
  for (const subject of ['greenlines.event.>', 'greenlines.receipt.>', 'answers.>']) other.subscribe(subject, see);
  await other.flush();

  return {
    bus,
    publishFrom: async (subject, data, headers = {}, reply) => {
      const sent = makeHeaders();
      for (const [name, value] of Object.entries(headers)) sent.set(name, value);
      // A publisher that wants the hub's answer names its own subject, and so cannot wait for the stream's.
      if (reply === undefined) await jetstream(other).publish(subject, data, { headers: sent, timeout: 5_000 });
      else other.publish(subject, data, { headers: sent, reply });
      await other.flush();
    },
    // The stream drops a repeated id, subscribers see it all the same; what is asked is what the stream kept.
    arrived: async (subject) => {
      await other.flush();
      const all = seen.filter((message) => message.subject === subject);
      if (!subject.startsWith('greenlines.event.')) return all;
      const kept = await (
        await jetstream(other).consumers.get('GREENLINES_EVENTS', { filter_subjects: subject })
      ).fetch({ max_messages: 100, expires: 1_000 });
      const messages: { data: string; headers: Headers }[] = [];
      for await (const message of kept) {
        messages.push({ data: message.string(), headers: {} });
        if (message.info.pending === 0) break;
      }
      return messages;
    },
    elapse: (ms) => sleep(ms),
    stop,
    start,
    wipe: () => rm(join(home, 'store'), { recursive: true, force: true }),
    close: async () => {
      await bus.close();
      await other.close();
      await stop();
      await rm(home, { recursive: true, force: true });
    },
  };
});
