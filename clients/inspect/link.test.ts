import { expect, test } from 'vitest';
import type { SessionMessage } from '../../hub/protocol/inspection.ts';
import { Problem } from '../core/problem.ts';
import { Link } from './link.ts';
import type { Kept, Wire, Wish } from './link.ts';

const session = (resume: string): SessionMessage => ({
  ...{ type: '@green-lines.session', node: 'one', person: 'dora', target: 'payment', sample: 0.5, rate: 200, endsAt: 0, stately: false },
  resume,
});

/** A hub that is plain data: which tickets were shown, and what it does with the connections. */
class Stand {
  readonly tickets: string[] = [];
  readonly wires: (Wire & { closed: boolean })[] = [];
  readonly waits: (() => void)[] = [];
  /** How long each wait was to be. */
  readonly delays: number[] = [];
  random = 1;
  readonly renewals: Wish[] = [];
  kept: Kept | undefined;
  answers = true;
  renewal: () => string | undefined = () => `fresh_${this.renewals.length}`;
  readonly link = new Link({
    open: (ticket) => {
      this.tickets.push(ticket);
      const wire = { onmessage: null, onclose: null, closed: false, close: () => void (wire.closed = true) } as Wire & { closed: boolean };
      this.wires.push(wire);
      return wire;
    },
    renew: async (wish) => {
      this.renewals.push(wish);
      return this.renewal();
    },
    answers: async () => this.answers,
    keep: (kept) => void (this.kept = kept),
    onMessage: () => undefined,
    random: () => this.random,
    after: (delay_ms, run) => {
      this.delays.push(delay_ms);
      this.waits.push(run);
      return () => void this.waits.splice(this.waits.indexOf(run), 1);
    },
  });

  say(message: object): void {
    this.wires.at(-1)?.onmessage?.({ data: JSON.stringify(message) });
  }

  async drop(code = 1006, reason = ''): Promise<void> {
    this.wires.at(-1)?.onclose?.({ code, reason });
    await new Promise((resolve) => setImmediate(resolve));
  }

  async wait(): Promise<void> {
    for (const run of this.waits.splice(0)) run();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('[INSP-36] A lost connection is made again with the ticket that it was given, and the tab keeps that ticket', async () => {
  const stand = new Stand();
  stand.link.start(undefined, 'first');
  expect(stand.link.state.kind).toBe('connecting');
  stand.say(session('second'));
  expect([stand.link.state.kind, stand.kept]).toEqual(['live', { wish: { target: 'payment', sample: 0.5, rate: 200 }, resume: 'second' }]);
  await stand.drop();
  expect(stand.link.state.kind).toBe('waiting');
  await stand.wait();
  stand.say(session('third'));
  expect([stand.tickets, stand.kept?.resume]).toEqual([['first', 'second'], 'third']);
});

test('[INSP-37] A ticket that was not tried yet is kept while the hub does not answer, and given up for a new one when it was refused', async () => {
  const stand = new Stand();
  stand.link.start(undefined, 'first');
  stand.say(session('second'));
  stand.answers = false;
  await stand.drop();
  for (let n = 0; n < 3; n++) {
    await stand.wait();
    await stand.drop();
  }
  expect(stand.tickets).toEqual(['first', 'second', 'second', 'second']);
  stand.answers = true;
  await stand.wait();
  await stand.drop();
  await stand.wait();
  expect(stand.tickets.at(-1)).toBe('fresh_1');
  expect(stand.renewals).toEqual([{ target: 'payment', sample: 0.5, rate: 200 }]);
});

test('[INSP-38] It is over when the hub says so, or nobody is signed in who could have a new ticket; and it says why', async () => {
  for (const code of [4403, 4404, 4409]) {
    const stand = new Stand();
    stand.link.start(undefined, 'first');
    stand.say(session('second'));
    await stand.drop(code, 'Because of this.');
    expect([stand.link.state, stand.kept, stand.waits]).toEqual([{ kind: 'ended', reason: 'Because of this.' }, undefined, []]);
  }
  const stand = new Stand();
  stand.renewal = () => undefined;
  stand.link.start({ target: '*' });
  await stand.wait();
  expect(stand.link.state.kind).toBe('ended');
  stand.renewal = () => {
    throw new Problem(403, 'forbidden', 'This is for developer.');
  };
  stand.link.start({ target: '*' });
  await stand.wait();
  expect(stand.link.state).toEqual({ kind: 'ended', reason: 'This is for developer.' });
  stand.renewal = () => {
    throw new Problem(503, 'not_ready', 'The hub is not ready.');
  };
  stand.link.start({ target: '*' });
  await stand.wait();
  expect(stand.link.state.kind).toBe('waiting');
});

test('[INSP-39] A session whose hour is over asks for a new ticket; a link that was stopped stays so', async () => {
  const stand = new Stand();
  stand.link.start(undefined, 'first');
  stand.say(session('second'));
  await stand.drop(4408, 'The session is over.');
  await stand.wait();
  expect(stand.tickets).toEqual(['first', 'fresh_1']);
  stand.say(session('third'));
  stand.link.stop();
  expect(stand.wires.at(-1)?.closed).toBe(true);
  await stand.drop();
  await stand.wait();
  expect([stand.link.state.kind, stand.tickets.length]).toEqual(['idle', 2]);
});

test('[INSP-48] A hub that takes the connection and cuts it at once is tried more and more seldom, and not by all pages together', async () => {
  const stand = new Stand();
  stand.link.start(undefined, 'first');
  for (let n = 0; n < 6; n++) {
    stand.say(session(`resume_${n}`));
    stand.say(session(`resume_${n}b`));
    await stand.drop();
    await stand.wait();
  }
  const steady = 5_000;
  expect(stand.delays.filter((ms) => ms !== steady)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000]);
  stand.random = 0;
  stand.say(session('held'));
  await stand.wait(); // it holds
  await stand.drop();
  expect(stand.delays.at(-1)).toBe(250);
});

test('[DESKSAFE-17] a link that is told to forget closes, and the tab keeps nothing of it', async () => {
  const stand = new Stand();
  stand.link.start(undefined, 'first');
  stand.say(session('second'));
  expect(stand.kept).toBeDefined();
  stand.link.forget();
  expect([stand.link.state.kind, stand.link.session, stand.kept, stand.wires.at(-1)?.closed]).toEqual(['idle', undefined, undefined, true]);
});
