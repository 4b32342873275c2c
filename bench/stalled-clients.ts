import { RawClient } from './raw-client.ts';
import type { Crowd } from './raw-client.ts';

/* Clients that are let in, say once what they have consumed as the SDK does, and then stop reading. */

export type StalledJob = Crowd & { readonly count: number; /** Whether they say what they consume. */ readonly credits: boolean };

const AT_ONCE = 100;

process.once('message', (job) => {
  stall(job as StalledJob).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
});

async function stall({ count, credits, ...crowd }: StalledJob): Promise<void> {
  const clients: RawClient[] = [];
  for (let made = 0; made < count; made += AT_ONCE) {
    await Promise.all(
      Array.from(
        { length: Math.min(AT_ONCE, count - made) },
        () =>
          new Promise<void>((resolve) => {
            const client = new RawClient(crowd, resolve, () => undefined);
            client.socket.on('error', () => undefined);
            clients.push(client);
          }),
      ),
    );
  }
  for (const client of clients) if (credits) client.credit(1);
  for (const client of clients) client.stop();
  // Sockets that nobody reads keep no process alive.
  setInterval(() => undefined, 60_000);
  process.send?.({ stalled: clients.length });
}
