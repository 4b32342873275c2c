import { readAddress, typeOf } from '../machines/ids.ts';
import type { Answer, Definition, Question, Seen } from '../machines/machine.ts';
import type { Live } from './batch.ts';
import { toSeen } from './step.ts';
import type { Result } from './step.ts';

/** Whether the question can be put at all; otherwise why not. */
export function refuseQuestion(definitions: ReadonlyMap<string, Definition>, { to, question }: Question): Result | undefined {
  const definition = readAddress(to) === undefined ? undefined : definitions.get(typeOf(to));
  if (definition !== undefined && Object.hasOwn(definition.questions, question)) return undefined;
  return { kind: 'failed', code: 'no_such_question', detail: `${String(to)} has no question ${String(question)}` };
}

/** What an actor's newest committed state answers, with the version that answered. */
export function answerQuestion({ question }: Question, live: Live | undefined): Result {
  const answer = live?.definition.questions[question];
  if (live === undefined || answer === undefined) return { kind: 'done', output: { found: false } satisfies Answer };
  const { envelope } = live;
  return {
    kind: 'done',
    output: { found: true, version: envelope.version, answer: answer(toSeen(envelope.snapshot) as Seen<never>) } satisfies Answer,
  };
}
