import { describe, expect, test } from 'vitest';
import { ClusterStage } from '../tests/support/cluster-stage.ts';

describe('a node asks another about itself', () => {
  test('[OFFICE-21] it is answered over the bus, and the other way while there is no bus', async () => {
    const stage = new ClusterStage();
    const a = await stage.start('a');
    const b = await stage.start('b');
    await stage.settled();
    b.runtime.forwarding.use({ answerer: ({ about, given }) => ({ about, given, by: 'b' }) });
    const [peer] = a.runtime.peers;
    if (peer === undefined) throw new Error('a does not know of b');
    const ask = (): Promise<unknown> => stage.hear(a.runtime.forwarding.ask(peer, 'weather', { since: 3 }, 700));
    expect(await ask()).toEqual({ about: 'weather', given: { since: 3 }, by: 'b' });
    stage.server.stop();
    expect(await ask()).toEqual({ about: 'weather', given: { since: 3 }, by: 'b' });
  });

  test('[OFFICE-21] a node that is gone, or does not know what it is asked, is told from one that answers; a stranger is not answered', async () => {
    const stage = new ClusterStage();
    const a = await stage.start('a');
    const b = await stage.start('b');
    await stage.settled();
    const [peer] = a.runtime.peers;
    if (peer === undefined) throw new Error('a does not know of b');
    const ask = (): Promise<unknown> => stage.hear(a.runtime.forwarding.ask(peer, 'weather', 0, 700));
    await expect(ask()).rejects.toThrow();
    b.runtime.forwarding.use({ answerer: () => 'fine' });
    expect(await ask()).toBe('fine');
    const question = JSON.stringify({ to: 'b', at: stage.ports.clock.now(), body: { kind: 'question', about: 'weather', given: 0 } });
    await expect(b.runtime.forwarding.receive(question, 'f'.repeat(64))).rejects.toMatchObject({ code: 'unauthenticated' });
    await b.crash();
    await expect(ask()).rejects.toThrow();
  });
});
