import { connect } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { startTestHub } from './support/hub.ts';
import { eventually } from './support/process-hub.ts';
import { CLIENT, Rest } from './support/rest.ts';

const PAYMENTS = 300;
/** So many people at a time, so that some commits have company and some have none. */
const TOGETHER = 3;
/** Whatever would still be repeated has been by then. */
const QUIET_MS = 1_500;

test('[OUT-12] over hundreds of payments in quiet a system that listens beside the stream hears each domain event once', async () => {
  const hub = await startTestHub({ timeScale: 60 });
  const stranger = await connect({ servers: new URL(hub.hub.config.natsUrl ?? '').host });
  try {
    const rest = new Rest(hub);
    for (const name of ['sandbox', 'sandbox_checks']) await rest.send(`integration/${name}`, { type: 'ENABLE' }, 'operator');
    await rest.create('client', { id: 'acme', input: CLIENT });
    await rest.send('client/acme', { type: 'SUBMIT', documents: ['trade register'], bank_account: 'DE89370400440532013000' });
    await rest.send('client/acme', { type: 'VERIFY' }, 'approver');
    const isActive = async (): Promise<boolean> =>
      ((await rest.get('/v1/actors/client/acme', 'clerk')).body['state'] as string[]).includes('active');
    await eventually('the client is active', 10_000, isActive);
    const heard = new Map<string, number>();
    let settled = 0;
    stranger.subscribe('greenlines.event.payment.>', {
      callback: (_, { subject, headers }) => {
        const id = headers?.get('Nats-Msg-Id') ?? '';
        heard.set(id, (heard.get(id) ?? 0) + 1);
        if (subject.includes('.settled.')) settled++;
      },
    });
    await stranger.flush();
    const pay = async (): Promise<void> => {
      await rest.send(await rest.payment(), { type: 'SUBMIT' });
    };
    for (let made = 0; made < PAYMENTS; made += TOGETHER) await Promise.all(Array.from({ length: TOGETHER }, pay));
    await eventually('all payments are settled', 30_000, () => settled >= PAYMENTS);
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    // Submitted, authorized, settled.
    expect(heard.size).toBe(PAYMENTS * 3);
    expect([...heard].filter(([, times]) => times !== 1)).toEqual([]);
  } finally {
    await stranger.close();
    await hub.stop();
  }
});
