import { FAULTS, Fault, isFaultCode, sentenceFor } from '../../machines/fault.ts';
import type { FaultCode } from '../../machines/fault.ts';
import { readAddress } from '../../machines/ids.ts';
import type { Definition } from '../../machines/machine.ts';
import type { Caller } from '../../actors/caller.ts';
import type { Outcome } from '../../actors/delivery.ts';
import type { Runtime } from '../../actors/runtime.ts';
import type { Can, Command, CommandAck } from '../protocol/messages.ts';
import { toCan, viewFor } from '../view.ts';
import type { Subject } from '../view.ts';

export type Performing = {
  readonly runtime: Pick<Runtime, 'command' | 'definitions'>;
  /** Reads the newest committed state of an actor. */
  readonly read: (definition: Definition, address: string) => Promise<Subject | undefined>;
  /** Epoch milliseconds. */
  readonly now: () => number;
};

const RETRY_MS = 500;

/** Sends a person's command to its actor and says what became of it. What he may not see is answered as if it were not there. */
export async function perform(hub: Performing, command: Command, caller: Caller, token: string): Promise<CommandAck> {
  const { to, id, ifVersion, traceparent } = command;
  const { type, ...rest } = command.event;
  try {
    const outcome = await hub.runtime.command({
      address: to,
      type,
      payload: type === '@create' ? readInput(rest) : rest,
      caller,
      token,
      id,
      ...(ifVersion === undefined ? {} : { ifVersion }),
      ...(traceparent === undefined ? {} : { traceparent }),
    });
    return await toAck(hub, to, caller, outcome);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return toFaultAck(hub, to, caller, error);
  }
}

/** `@create` carries what the actor is made of in `input`. */
function readInput(rest: Readonly<Record<string, unknown>>): unknown {
  const { input, ...more } = rest;
  const [other] = Object.keys(more);
  if (other !== undefined)
    throw new Fault('invalid', `@create takes its fields in input, so ${JSON.stringify(other.slice(0, 32))} does not belong beside it.`);
  return input ?? {};
}

async function toAck(hub: Performing, to: string, caller: Caller, outcome: Outcome): Promise<CommandAck> {
  switch (outcome.outcome) {
    case 'applied':
    case 'duplicate':
      return { outcome: outcome.outcome, version: outcome.version };
    case 'retry':
      return { outcome: 'retry', afterMs: outcome.after_ms, code: outcome.reason };
    case 'rejected':
      return rejected(hub, to, caller, outcome.code, outcome.detail || sentenceFor(outcome.code));
    // Who may not know of the actor was refused before it was kept; of one that is not there yet, or cannot be read, there is nothing to look at.
    case 'parked':
      return { outcome: 'parked', reason: sentenceFor('parked') };
    case 'late':
      return rejected(hub, to, caller, 'rejected', sentenceFor('rejected'));
  }
}

async function toFaultAck(hub: Performing, to: string, caller: Caller, fault: Fault): Promise<CommandAck> {
  if (mayBeSentAgain(fault.code)) return { outcome: 'retry', afterMs: RETRY_MS, code: fault.code };
  return rejected(hub, to, caller, fault.code, fault.message);
}

/** A refusal tells where the actor stands and what the caller could do instead, if he may know of it. */
async function rejected(hub: Performing, to: string, caller: Caller, code: string, reason: string): Promise<CommandAck> {
  if (code === 'not_found') return notFound();
  // The refusal stands also where the actor cannot be read just now to say what might be done instead.
  const seen = await look(hub, to, caller).catch(() => undefined);
  const { version, can } = seen ?? { version: 0, can: [] };
  return { outcome: 'rejected', code, reason, version, can };
}

function notFound(): CommandAck {
  return { outcome: 'rejected', code: 'not_found', reason: sentenceFor('not_found'), version: 0, can: [] };
}

async function look(hub: Performing, to: string, caller: Caller): Promise<{ version: number; can: readonly Can[] } | undefined> {
  const named = readAddress(to);
  const definition = named === undefined ? undefined : hub.runtime.definitions.get(named.type);
  const subject = definition === undefined ? undefined : await hub.read(definition, to);
  if (subject === undefined || viewFor(subject, caller) === undefined) return undefined;
  return { version: subject.envelope.version, can: toCan(subject, caller, hub.now()) };
}

/** Said of the token that the command was passed on with, not of the command. */
const OF_THE_TOKEN: ReadonlySet<FaultCode> = new Set<FaultCode>(['token_expired', 'unauthenticated']);

/** What broke inside the hub says nothing of what became of the command: it is never told as a refusal, and its id makes asking again safe. */
function mayBeSentAgain(code: FaultCode): boolean {
  return code === 'internal' || FAULTS[code].retry || OF_THE_TOKEN.has(code);
}

/** The answer to a command that never reached the gate. */
export function refuseCommand({
  code,
  reason,
  afterMs,
}: {
  readonly code: string;
  readonly reason: string;
  readonly afterMs?: number;
}): CommandAck {
  if (isFaultCode(code) && mayBeSentAgain(code)) return { outcome: 'retry', afterMs: afterMs ?? RETRY_MS, code };
  return { outcome: 'rejected', code, reason, version: 0, can: [] };
}
