import { expect, test } from 'vitest';
import type { Command, CommandAck } from '../../hub/protocol/messages.ts';
import { fakeClock } from '../../tests/support/fake-clock.ts';
import { perform, type Intent, type Line } from './command.ts';

const INTENT: Intent = { id: 'hq_1', to: 'payment/pay_1', event: { type: 'SUBMIT' } };
const APPLIED: CommandAck = { outcome: 'applied', version: 2 };

/** A line that answers as it is told: an ack, a lost answer, or silence. */
function makeLine(answers: (CommandAck | 'lost' | 'silence')[]) {
  const sent: Command[] = [];
  let up = true;
  let bearer: string | undefined = 'ann';
  const listeners = new Set<() => void>();
  const line: Line = {
    isUp: () => up,
    bearer: () => bearer,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    command: (command) => {
      sent.push(command);
      const answer = answers.shift() ?? 'silence';
      if (answer === 'silence') return new Promise(() => undefined);
      return answer === 'lost' ? Promise.reject(new Error('lost')) : Promise.resolve(answer);
    },
  };
  const setUp = (now: boolean): void => {
    up = now;
    for (const listener of listeners) listener();
  };
  const signIn = (next: string | undefined): void => {
    bearer = next;
    for (const listener of listeners) listener();
  };
  return { line, sent, setUp, signIn, listeners };
}

test('[CLIENT-19] A command whose answer was lost is sent again with the same id, and its answer is the one that came', async () => {
  const { line, sent } = makeLine(['lost', 'lost', { outcome: 'duplicate', version: 2 }]);
  const clock = fakeClock();
  const result = await clock.run(perform(line, clock, INTENT));
  expect(result).toEqual({ outcome: 'duplicate', version: 2 });
  expect(sent.map(({ id }) => id)).toEqual(['hq_1', 'hq_1', 'hq_1']);
});

test('[CLIENT-19] A hub that asks for patience gets at least as much as it asked for', async () => {
  const { line, sent } = makeLine([{ outcome: 'retry', afterMs: 7_000 }, APPLIED]);
  const clock = fakeClock();
  expect(await clock.run(perform(line, clock, INTENT))).toEqual(APPLIED);
  expect(sent).toHaveLength(2);
  expect(clock.now()).toBeGreaterThanOrEqual(7_000);
});

test('[CLIENT-19] A refusal is an answer: it is given back at once and never tried again', async () => {
  const refused: CommandAck = { outcome: 'rejected', code: 'four_eyes', reason: 'No.', version: 1, can: [] };
  const { line, sent } = makeLine([refused]);
  const clock = fakeClock();
  expect(await clock.run(perform(line, clock, INTENT))).toEqual(refused);
  expect(sent).toHaveLength(1);
});

test('[CLIENT-20] A command waits for the connection, and goes when it is back', async () => {
  const { line, sent, setUp } = makeLine([APPLIED]);
  const clock = fakeClock();
  setUp(false);
  clock.after(5_000, () => setUp(true));
  expect(await clock.run(perform(line, clock, INTENT))).toEqual(APPLIED);
  expect(clock.now()).toBe(5_000);
  expect(sent).toHaveLength(1);
});

test('[CLIENT-20] Without an answer in time nobody claims to know what became of a command', async () => {
  for (const fate of ['silence', 'down'] as const) {
    const { line, setUp } = makeLine(['silence', 'silence']);
    setUp(fate !== 'down');
    const clock = fakeClock();
    expect(await clock.run(perform(line, clock, INTENT, 10_000))).toEqual({ outcome: 'unanswered' });
    expect(clock.now()).toBe(10_000);
  }
});

test('[SDK-26] What one person meant is never sent as the next one: it goes unanswered as soon as somebody else signs in', async () => {
  const fates: [(CommandAck | 'lost' | 'silence')[], boolean, number][] = [
    [[APPLIED], false, 0], // it waits for the connection
    [['silence', APPLIED], true, 1], // it waits for an answer
    [['lost', APPLIED], true, 1], // it waits to be sent again
    [[{ outcome: 'retry', afterMs: 20_000 }, APPLIED], true, 1],
  ];
  for (const [answers, up, times] of fates) {
    const { line, sent, setUp, signIn, listeners } = makeLine(answers);
    const clock = fakeClock();
    setUp(up);
    clock.after(100, () => signIn(undefined));
    clock.after(200, () => (signIn('bob'), setUp(true)));
    expect(await clock.run(perform(line, clock, INTENT))).toEqual({ outcome: 'unanswered' });
    expect([sent.length, clock.now(), listeners.size]).toEqual([times, 100, 0]);
  }
});

test('[SDK-26] An answer that comes in the moment in which somebody else signs in is not given to him', async () => {
  const { line, signIn } = makeLine([]);
  const clock = fakeClock();
  const late: Line = { ...line, command: async () => (signIn('bob'), APPLIED) };
  expect(await clock.run(perform(late, clock, INTENT))).toEqual({ outcome: 'unanswered' });
});

test('[SDK-26] Where nobody is signed in a command waits for nobody', async () => {
  const { line, sent, signIn } = makeLine([APPLIED]);
  const clock = fakeClock();
  signIn(undefined);
  clock.after(100, () => signIn('ann'));
  expect(await clock.run(perform(line, clock, INTENT))).toEqual({ outcome: 'unanswered' });
  expect(sent).toEqual([]);
});
