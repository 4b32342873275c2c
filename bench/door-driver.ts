import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { at } from './deliver.ts';
import type { DoorJob, DoorResult } from './doors.ts';

/* The other side of a door, in a process of its own: creates payments and submits them, one after another in each worker. */

const PAYMENT = { client: 'acme', payee: 'Bar Supplies Ltd', amount_minor: 2500, currency: 'EUR', reference: 'INV-2026-000123' };
const WARMUP_MS = 500;

type Send = (address: string, event: { type: string; [field: string]: unknown }, id: string) => Promise<boolean>;

process.once('message', (message) => {
  run(message as DoorJob).then(
    (result) => process.send?.(result, () => process.exit(0)),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});

async function run(job: DoorJob): Promise<DoorResult> {
  const send = job.door === 'rest' ? restDoor(job) : await socketDoor(job);
  const from = performance.now() + WARMUP_MS;
  const to = from + job.seconds * 1000;
  const latency: number[] = [];
  let made = 0;
  const one = async (address: string, event: { type: string; [field: string]: unknown }): Promise<void> => {
    const id = `d${process.pid}-${made++}`;
    const began = performance.now();
    for (;;) {
      if (await send(address, event, id)) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    if (began >= from && performance.now() <= to) latency.push(performance.now() - began);
  };
  await Promise.all(
    Array.from({ length: job.conc }, async () => {
      while (performance.now() < to) {
        const address = `payment/d${process.pid}x${made++}`;
        await one(address, { type: '@create', input: PAYMENT });
        await one(address, { type: 'SUBMIT' });
      }
    }),
  );
  latency.sort((a, b) => a - b);
  return { events_per_s: Math.round(latency.length / job.seconds), p50_ms: at(latency, 0.5), p99_ms: at(latency, 0.99) };
}

function restDoor({ url, token }: DoorJob): Send {
  return async (address, event, id) => {
    const [type, name] = address.split('/');
    const creating = event.type === '@create';
    const path = creating ? `/v1/actors/${type}` : `/v1/actors/${address}/events`;
    const body = creating ? { id: name, input: event.input } : event;
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}`, 'idempotency-key': id };
    const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    await answer.text();
    if (answer.status === 429 || answer.status === 503) return false;
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return true;
  };
}

async function socketDoor({ url, token }: DoorJob): Promise<Send> {
  const socket: Socket = io(url, { transports: ['websocket'], auth: { token } });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', () => resolve());
    socket.once('connect_error', reject);
  });
  return async (address, event, id) => {
    const ack = (await socket.emitWithAck('command', { id, to: address, event })) as { outcome: string; code?: string };
    if (ack.outcome === 'retry') return false;
    if (ack.outcome !== 'applied' && ack.outcome !== 'duplicate') throw new Error(`${address}: ${JSON.stringify(ack)}`);
    return true;
  };
}
