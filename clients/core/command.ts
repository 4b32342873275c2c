import type { Command, CommandAck } from '../../hub/protocol/messages.ts';
import type { Clock } from './clock.ts';

/**
 * What somebody wants done, with the one id that it will always have. Made when it is meant (a dialog opens, a button is
 * pressed), not when it is sent: however often it is sent, it takes effect once.
 */
export type Intent = Readonly<Command>;

export type Result =
  | Exclude<CommandAck, { outcome: 'retry' }>
  /** No answer within the time: it may or may not have been done. Performing the same intent again is safe. */
  | { readonly outcome: 'unanswered' };

/** The way to the hub: sends one command once, and says when it is worth trying. */
export type Line = {
  readonly command: (command: Command) => Promise<CommandAck>;
  readonly isUp: () => boolean;
  readonly onChange: (listener: () => void) => () => void;
};

/** How long one performance of an intent goes on before it is given back as unanswered. */
const PATIENCE_MS = 30_000;
const PAUSE_MS = { least: 250, most: 5_000 };

/**
 * Performs an intent: sends it, and sends it again by the same id after a lost answer, a reconnect or a `retry`, until the
 * hub has said what became of it or the patience is over.
 */
export async function perform(line: Line, clock: Clock, intent: Intent, patience_ms = PATIENCE_MS): Promise<Result> {
  const deadline = clock.now() + patience_ms;
  for (let attempt = 0; ; attempt++) {
    if (!(await up(line, clock, deadline))) return { outcome: 'unanswered' };
    const ack = await within(clock, deadline, line.command(intent)).catch(() => undefined);
    if (ack !== undefined && ack.outcome !== 'retry') return ack;
    const pause = ack === undefined ? Math.min(PAUSE_MS.least * 2 ** attempt, PAUSE_MS.most) : Math.max(ack.afterMs, PAUSE_MS.least);
    // Up to half as long again, so that those who were sent away together do not come back together.
    const wait = pause * (1 + clock.random() / 2);
    if (clock.now() + wait >= deadline) return { outcome: 'unanswered' };
    await new Promise<void>((resolve) => clock.after(wait, resolve));
  }
}

/** Waits until the line is up; false when that does not happen in time. */
function up(line: Line, clock: Clock, deadline: number): Promise<boolean> {
  if (line.isUp()) return Promise.resolve(clock.now() < deadline);
  return new Promise((resolve) => {
    const end = (isUp: boolean): void => {
      cancel();
      unheard();
      resolve(isUp);
    };
    const cancel = clock.after(Math.max(0, deadline - clock.now()), () => end(false));
    const unheard = line.onChange(() => {
      if (line.isUp()) end(true);
    });
  });
}

function within<T>(clock: Clock, deadline: number, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(Math.max(0, deadline - clock.now()), () => reject(new Error('No answer in time')));
    answer.then(resolve, reject).finally(cancel);
  });
}
