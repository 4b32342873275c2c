import type { Caller } from '../../actors/caller.ts';
import type { Outcome } from '../../actors/delivery.ts';
import { unreachable } from '../../machines/must.ts';
import { Fault, sentenceFor } from '../../machines/fault.ts';
import type { Definition } from '../../machines/machine.ts';
import type { Hub } from '../hub.ts';
import type { ActorView } from '../protocol/messages.ts';
import { toCan, toView, viewFor } from '../view.ts';
import type { Subject } from '../view.ts';
import { toRefusal } from './problem.ts';
import { readSubject, readSubjectAt } from './reading.ts';

/** How long a request waits for its commit. What is not known then may still happen, and its id makes asking again safe. */
const COMMIT_MS = 10_000;

export type Asked = { readonly hub: Hub; readonly caller: Caller; readonly definition: Definition; readonly address: string };

/** What became of a command that took effect; `view` is what the caller may see of the version that it made. */
export type Applied = { readonly outcome: 'applied' | 'duplicate'; readonly version: number; readonly view: ActorView | undefined };

/** Waits for the outcome of a command. Throws a Fault for every one but applied and duplicate. */
export async function conclude(asked: Asked, command: Promise<Outcome>): Promise<Applied> {
  const outcome = await answerWithin(asked.hub, command);
  const { hub, definition, address } = asked;
  switch (outcome.outcome) {
    case 'applied': {
      const { version, envelope } = outcome;
      return { outcome: 'applied', version, view: see(asked, { address, definition, envelope }) };
    }
    case 'duplicate': {
      // As it was then: the answer to one id never changes.
      const { version } = outcome;
      return { outcome: 'duplicate', version, view: see(asked, await readSubjectAt(hub, definition, address, { version })) };
    }
    case 'rejected':
      throw await refuse(asked, outcome);
    case 'parked':
      throw new Fault('parked', undefined, { outcome: 'parked', reason: outcome.reason });
    case 'late':
      throw new Fault('rejected');
    case 'retry':
      throw toRetry(outcome);
    default:
      return unreachable(outcome);
  }
}

export function toRetry({ reason, after_ms }: { readonly reason: string; readonly after_ms: number }): Fault {
  const extra = { outcome: 'retry', reason, after_ms };
  if (reason === 'overloaded') return new Fault('overloaded', undefined, extra);
  if (reason === 'stopping') return new Fault('stopping', undefined, extra);
  return new Fault(reason === 'not_ready' ? 'not_ready' : 'retry', undefined, extra);
}

function see({ hub, caller }: Asked, subject: Subject | undefined): ActorView | undefined {
  const audience = subject === undefined ? undefined : viewFor(subject, caller);
  return subject === undefined || audience === undefined ? undefined : toView(subject, audience, caller, hub.ports.clock.now());
}

async function refuse(asked: Asked, { code, detail, version }: Outcome & { outcome: 'rejected' }): Promise<Fault> {
  // The hint of a version would tell that there is something to see.
  if (code === 'not_found') return new Fault('not_found');
  const extra = { outcome: 'rejected', reason: code, sentence: sentenceFor(code) };
  if (code === 'key_reused') return new Fault('key_reused', undefined, extra);
  const { hub, caller, definition, address } = asked;
  const subject = await readSubject(hub, definition, address);
  const seen = subject !== undefined && viewFor(subject, caller) !== undefined;
  const now = hub.ports.clock.now();
  return toRefusal(code, detail, {
    ...extra,
    ...(seen ? { version: version === 0 ? subject.envelope.version : version, can: toCan(subject, caller, now) } : {}),
  });
}

/** The outcome, or `retry` where none is known in time. */
export async function answerWithin(hub: Hub, command: Promise<Outcome>): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const cancel = hub.ports.timers.after(COMMIT_MS, () => resolve({ outcome: 'retry', after_ms: 1000, reason: 'unanswered' }));
  try {
    return await Promise.race([command, promise]);
  } finally {
    cancel();
    resolve({ outcome: 'late' });
  }
}
