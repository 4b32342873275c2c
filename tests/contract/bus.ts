import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bus, Headers, Incoming } from '../../actors/bus/bus.ts';

/** A bus to be judged, and what another system does beside it. */
export type BusUnderTest = {
  readonly bus: Bus;
  /** Publishes as another system does; resolves when the stream has it. */
  readonly publishFrom: (subject: string, data: string, headers?: Headers, reply?: string) => Promise<void>;
  /** What has arrived on this subject so far, also where no stream keeps it. */
  readonly arrived: (subject: string) => Promise<readonly { readonly data: string; readonly headers: Headers }[]>;
  readonly elapse: (ms: number) => Promise<void>;
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
  /** The server loses all it has; while it is stopped. */
  readonly wipe: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** What every bus does, whatever it stands on. Each test publishes to an actor of its own. */
export function busContract(name: string, open: () => Promise<BusUnderTest>): void {
  describe(`the bus on ${name}`, () => {
    let under: BusUnderTest;
    let bus: Bus;

    beforeAll(async () => {
      under = await open();
      bus = under.bus;
    });
    afterAll(() => under.close());

    const text = ({ data }: Incoming): string => new TextDecoder().decode(data);
    const last = async (): Promise<number> => (await bus.intakeState()).last;

    async function until(question: () => boolean | Promise<boolean>): Promise<void> {
      for (let tries = 0; tries < 200; tries++) {
        if (await question()) return;
        await under.elapse(25);
      }
      throw new Error('It did not come about');
    }

    /** Reads until so many messages have come. */
    async function read(from: number, count: number): Promise<Incoming[]> {
      const messages: Incoming[] = [];
      const stop = new AbortController();
      const reading = bus.readIntake(from, stop.signal, (message) => void messages.push(message));
      await until(() => messages.length >= count);
      stop.abort();
      await Promise.all([reading, under.elapse(1)]);
      return messages;
    }

    test('[BUS-1] the intake is read in order from a position on, with its numbers, headers in lower case, and bytes', async () => {
      const before = await last();
      for (const n of [1, 2, 3])
        await under.publishFrom('greenlines.in.payment.a', `{"n":${n}}`, { 'CE-Id': `a${n}`, 'Content-Type': 'x/y' });
      expect(await last()).toBe(before + 3);
      const messages = await read(before + 2, 2);
      expect(
        messages.map((message) => [
          message.seq - before,
          text(message),
          message.subject,
          message.headers['ce-id'],
          message.headers['content-type'],
        ]),
      ).toEqual([
        [2, '{"n":2}', 'greenlines.in.payment.a', 'a2', 'x/y'],
        [3, '{"n":3}', 'greenlines.in.payment.a', 'a3', 'x/y'],
      ]);
    });

    test('[BUS-2] a reader waits for what comes later, and the next one is handed over only when the one before has been taken', async () => {
      const before = await last();
      const taken: string[] = [];
      let release: (() => void) | undefined;
      const stop = new AbortController();
      const reading = bus.readIntake(before + 1, stop.signal, async (message) => {
        taken.push(text(message));
        if (taken.length === 1) await new Promise<void>((resolve) => (release = resolve));
      });
      await under.publishFrom('greenlines.in.payment.b', 'one');
      await under.publishFrom('greenlines.in.payment.b', 'two');
      await until(() => taken.length === 1);
      await under.elapse(60);
      expect(taken).toEqual(['one']);
      release?.();
      await until(() => taken.length === 2);
      stop.abort();
      await Promise.all([reading, under.elapse(1)]);
    });

    test('[BUS-3] a reader that was told to stop is handed nothing more', async () => {
      const before = await last();
      const stop = new AbortController();
      const taken: string[] = [];
      const reading = bus.readIntake(before + 1, stop.signal, (message) => {
        taken.push(text(message));
        stop.abort();
      });
      for (const n of [1, 2, 3]) await under.publishFrom('greenlines.in.payment.c', `${n}`);
      await Promise.all([reading, under.elapse(200)]);
      expect(taken).toEqual(['1']);
    });

    test('[BUS-4] a stream forgets a repeated message id at once and takes it again a little later: the journal is what de-duplicates', async () => {
      const before = await last();
      await under.publishFrom('greenlines.in.payment.d', 'x', { 'Nats-Msg-Id': 'same' });
      await under.publishFrom('greenlines.in.payment.d', 'x', { 'Nats-Msg-Id': 'same' });
      expect(await last()).toBe(before + 1);
      await under.elapse(400);
      await under.publishFrom('greenlines.in.payment.d', 'x', { 'Nats-Msg-Id': 'same' });
      expect(await last()).toBe(before + 2);
    });

    test('[BUS-5] an acknowledged event has arrived, and with it everything that was published before it', async () => {
      for (let n = 1; n <= 20; n++) bus.publish('greenlines.event.payment.made.e', `${n}`, { 'Nats-Msg-Id': `e#${n}` });
      await Promise.all([bus.publishAcked('greenlines.event.payment.made.e', 'end', { 'Nats-Msg-Id': 'e#end' }), under.elapse(1)]);
      const arrived = (await under.arrived('greenlines.event.payment.made.e')).map(({ data }) => data);
      expect(arrived).toEqual([...Array.from({ length: 20 }, (_, index) => `${index + 1}`), 'end']);
    });

    test('[BUS-6] a repeated event is acknowledged too, so that what goes out again after a crash ends', async () => {
      const publish = (): Promise<unknown> =>
        Promise.all([bus.publishAcked('greenlines.event.payment.made.f', 'x', { 'Nats-Msg-Id': 'f#1' }), under.elapse(1)]);
      await publish();
      await publish();
      expect(await under.arrived('greenlines.event.payment.made.f')).toHaveLength(1);
    });

    test('[BUS-7] what no stream takes is never acknowledged', async () => {
      const acked = bus.publishAcked('greenlines.nowhere.g', 'x', {}).then(
        () => 'acked',
        () => 'refused',
      );
      expect((await Promise.all([acked, under.elapse(1)]))[0]).toBe('refused');
    });

    test('[BUS-14] what others answer who listen to an event is not taken for its acknowledgement', { timeout: 20_000 }, async () => {
      let answered = 0;
      bus.listen('greenlines.nowhere.k', ({ reply }) => {
        answered++;
        if (reply !== '') bus.publish(reply, 'thank you');
      });
      await bus.flush();
      const acked = bus.publishAcked('greenlines.nowhere.k', 'x', {}).then(
        () => 'acked',
        () => 'refused',
      );
      expect((await Promise.all([acked, under.elapse(1)]))[0]).toBe('refused');
      expect(answered).toBe(1);
    });

    test('[BUS-8] where a sender wants its answer is seen as the message passes by; a message without one is not', async () => {
      const seen: string[] = [];
      bus.watchReplies(
        (subject, headers, data, reply) => void seen.push([subject, headers['ce-id'], new TextDecoder().decode(data), reply].join(' ')),
      );
      await bus.flush();
      await under.publishFrom('greenlines.in.payment.h', 'x', { 'CE-Id': 'h1' }, 'answers.h');
      await until(() => seen.length > 0);
      expect(seen).toEqual(['greenlines.in.payment.h h1 x answers.h']);
      bus.publish('answers.h', 'yes');
      // The stream's own acknowledgement goes there too.
      await until(async () => (await under.arrived('answers.h')).length === 2);
      const answers = (await under.arrived('answers.h')).map(({ data }) => data);
      expect(answers[1]).toBe('yes');
      expect(JSON.parse(answers[0] ?? '')).toMatchObject({ stream: 'GREENLINES_IN', seq: expect.any(Number) });
    });

    test('[BUS-11] whoever listens to a subject hears what passes by, and a request is answered by who listens', async () => {
      const heard: string[] = [];
      bus.listen('greenlines.nodes', ({ data, subject }) => void heard.push(`${subject} ${new TextDecoder().decode(data)}`));
      bus.listen('greenlines.node.b', ({ data, headers, reply }) =>
        bus.publish(reply, `${headers['hub-signature']} says ${new TextDecoder().decode(data)}`),
      );
      await bus.flush();
      bus.publish('greenlines.nodes', 'a');
      await until(() => heard.length === 1);
      expect(heard).toEqual(['greenlines.nodes a']);
      const asking = bus.request('greenlines.node.b', 'yes', { 'Hub-Signature': 'b' }, 2_000);
      await under.elapse(20);
      expect(new TextDecoder().decode(await asking)).toBe('b says yes');
    });

    test('[BUS-12] a request that nobody hears or answers fails, and says nothing else', async () => {
      bus.listen('greenlines.node.silent', () => undefined);
      await bus.flush();
      const silent = bus.request('greenlines.node.silent', 'anybody?', {}, 200).then(String, () => 'failed');
      const nobody = bus.request('greenlines.node.nobody', 'anybody?', {}, 200).then(String, () => 'failed');
      await under.elapse(400);
      expect(await Promise.all([silent, nobody])).toEqual(['failed', 'failed']);
    });

    test('[BUS-9] while the server is gone there is trouble and nothing is acknowledged; when it is back, listeners are told and readers go on', async () => {
      const before = await last();
      let returned = 0;
      bus.onReconnect(() => returned++);
      expect(bus.trouble()).toBeUndefined();
      await under.stop();
      await until(() => bus.trouble() !== undefined);
      bus.publish('greenlines.event.payment.made.i', 'lost');
      await expect(bus.publishAcked('greenlines.event.payment.made.i', 'x', {})).rejects.toThrow();
      await under.start();
      await until(() => returned === 1 && bus.trouble() === undefined);
      await under.publishFrom('greenlines.in.payment.i', 'after');
      expect((await read(before + 1, 1)).map(text)).toEqual(['after']);
    });

    test('[BUS-13] what lies before a number is taken out of the intake stream, and what is behind it is read as before', async () => {
      for (const word of ['one', 'two', 'three']) await under.publishFrom('greenlines.in.payment.i', word);
      await until(async () => (await last()) >= 3);
      const { first, last: end, fill } = await bus.intakeState();
      expect([first < end - 1, fill >= 0 && fill <= 1]).toEqual([true, true]);
      await bus.dropIntake(end - 1);
      expect(await bus.intakeState()).toMatchObject({ first: end - 1, last: end });
      expect((await read(1, 2)).map(text)).toEqual(['two', 'three']);
    });

    test('[BUS-10] a stream that was made anew says so: it was created at another time', async () => {
      const before = await bus.intakeState();
      expect(Number.isNaN(Date.parse(before.created))).toBe(false);
      expect(before.last).toBeGreaterThan(0);
      await under.stop();
      await until(() => bus.trouble() !== undefined);
      await under.wipe();
      await under.start();
      await until(() => bus.trouble() === undefined);
      const after = await bus.intakeState();
      expect(after.created).not.toBe(before.created);
      expect(after.last).toBe(0);
    });
  });
}
