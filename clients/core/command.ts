import type { Command, CommandAck } from '../../hub/protocol/messages.ts';
import type { Clock } from './clock.ts';
import type { Connection } from './connection.ts';
import type { Session } from './session.ts';

/**
 * What somebody wants done, with the one id that it will always have. Made when it is meant (a dialog opens, a button is
 * pressed), not when it is sent: however often it is sent, it takes effect once.
 */
export type Intent = Readonly<Command>;

export type Result =
  | Exclude<CommandAck, { outcome: 'retry' }>
  /**
   * No answer within the time, or before somebody else has signed in: it may or may not have been done. Performing the same intent
   * again is safe for the person who meant it.
   */
  | { readonly outcome: 'unanswered' };

/** The way to the hub: sends one command once, and says when it is worth trying, and as whom. */
export type Line = {
  readonly command: (command: Command) => Promise<CommandAck>;
  readonly isUp: () => boolean;
  /** Called when it has come up or gone down, or has become another person's. */
  readonly onChange: (listener: () => void) => () => void;
  /** The person as whom it sends now; undefined where nobody is signed in. */
  readonly bearer: () => string | undefined;
};

export function toLine(connection: Connection, session: Session): Line {
  return {
    command: (command) => connection.command(command),
    // With its hello the hub says what time it is: before, no command may be judged by the clock.
    isUp: () => connection.state.phase === 'online' && connection.state.node !== '',
    onChange: (listener) => {
      const ends = [connection.onChange(listener), session.onChange(listener)];
      return () => ends.forEach((end) => end());
    },
    bearer: () => session.bearer,
  };
}

/** How long one performance of an intent goes on before it is given back as unanswered. */
const PATIENCE_MS = 30_000;
const PAUSE_MS = { least: 250, most: 5_000 };
const UNANSWERED: Result = { outcome: 'unanswered' };

/** One performance: until when it goes on, and for whom. */
type Span = { readonly line: Line; readonly clock: Clock; readonly deadline: number; readonly bearer: string };

/**
 * Performs an intent: sends it, and sends it again by the same id after a lost answer, a reconnect or a `retry`, until the
 * hub has said what became of it or the patience is over. It is the matter of the person who is signed in when it begins: ids are
 * each person's own, so that sent by the next one it would be a second command, and his decision.
 */
export async function perform(line: Line, clock: Clock, intent: Intent, patience_ms = PATIENCE_MS): Promise<Result> {
  const bearer = line.bearer();
  if (bearer === undefined) return UNANSWERED;
  const deadline = clock.now() + patience_ms;
  const span: Span = { line, clock, deadline, bearer };
  for (let attempt = 0; ; attempt++) {
    if (!(await until(span, deadline, line.isUp)) || clock.now() >= deadline) return UNANSWERED;
    const ack = await answerTo(intent, span);
    if (line.bearer() !== bearer) return UNANSWERED;
    if (ack !== undefined && ack.outcome !== 'retry') return ack;
    const pause = ack === undefined ? Math.min(PAUSE_MS.least * 2 ** attempt, PAUSE_MS.most) : Math.max(ack.afterMs, PAUSE_MS.least);
    // Up to half as long again, so that those who were sent away together do not come back together.
    const again = clock.now() + pause * (1 + clock.random() / 2);
    if (again >= deadline) return UNANSWERED;
    await until(span, again, () => false);
  }
}

/** Waits until it is so, no longer than `at`, and no longer than the line is the same person's; returns whether it is so. */
function until({ line, clock, bearer }: Span, at: number, is: () => boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const look = (over: boolean): void => {
      const isSo = line.bearer() === bearer && is();
      if (!isSo && !over && line.bearer() === bearer) return;
      cancel();
      unheard();
      resolve(isSo);
    };
    const cancel = clock.after(Math.max(0, at - clock.now()), () => look(true));
    const unheard = line.onChange(() => look(false));
    look(false);
  });
}

/** The hub's answer; undefined where it was lost, did not come in time, or would be another person's. */
function answerTo(intent: Intent, { line, clock, deadline, bearer }: Span): Promise<CommandAck | undefined> {
  if (line.bearer() !== bearer) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const end = (ack: CommandAck | undefined): void => {
      cancel();
      unheard();
      resolve(ack);
    };
    const cancel = clock.after(Math.max(0, deadline - clock.now()), () => end(undefined));
    const unheard = line.onChange(() => {
      if (line.bearer() !== bearer) end(undefined);
    });
    line.command(intent).then(end, () => end(undefined));
  });
}
