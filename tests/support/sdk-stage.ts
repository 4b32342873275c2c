import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../clients/core/clock.ts';
import { startTestHub } from './hub.ts';
import type { TestHub, TestHubOptions } from './hub.ts';
import { TcpProxy } from './tcp-proxy.ts';

/** A clock that runs as the real one does, and can be put forward: all that falls due on the way then happens at once. `pending` counts what waits for it. */
export type DeviceClock = Clock & { readonly forward: (ms: number) => void; readonly pending: () => number };

/** `wrong_ms` is how wrong the device's clock is. */
export function deviceClock(wrong_ms = 0): DeviceClock {
  let ahead = wrong_ms;
  let passed = 0;
  const due = new Map<object, { readonly at: number; readonly call: () => void; readonly timer: NodeJS.Timeout }>();
  const run = (key: object): void => {
    const one = due.get(key);
    due.delete(key);
    clearTimeout(one?.timer);
    one?.call();
  };
  return {
    now: () => Date.now() + ahead,
    monotonic: () => performance.now() + passed,
    random: () => Math.random() / 10,
    after: (ms, call) => {
      const key = {};
      due.set(key, { at: Date.now() + ahead + ms, call, timer: setTimeout(() => run(key), ms) });
      return () => {
        clearTimeout(due.get(key)?.timer);
        due.delete(key);
      };
    },
    pending: () => due.size,
    forward: (ms) => {
      ahead += ms;
      passed += ms;
      const now = Date.now() + ahead;
      const over = [...due].filter(([, { at }]) => at <= now).sort(([, a], [, b]) => a.at - b.at);
      for (const [key] of over) run(key);
    },
  };
}

/** A hub that devices reach over a link, which can be cut; `hub` itself is always in reach of the test. */
export type LinkedHub = { readonly hub: TestHub; readonly link: TcpProxy; readonly url: string; readonly stop: () => Promise<void> };

export async function startLinkedHub(options: TestHubOptions = {}): Promise<LinkedHub> {
  const port = await freePort();
  const link = await TcpProxy.open(port);
  const url = `http://127.0.0.1:${link.port}`;
  // What it says of its address is the link's, or clients would go on around it.
  const linked = await startTestHub({ ...options, port, url });
  for (const person of ['admin', 'clerk', 'approver', 'auditor']) await linked.token(person);
  const hub = { ...linked, url: `http://127.0.0.1:${port}` };
  const stop = async (): Promise<void> => {
    await link.close();
    await hub.stop();
  };
  return { hub, link, url, stop };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
