import { FAULTS, Fault, isFaultCode, sentenceFor } from '../../machines/fault.ts';
import { readAddress } from '../../machines/ids.ts';
import type { Caller } from '../../actors/caller.ts';
import type { Outcome } from '../../actors/delivery.ts';
import type { Runtime } from '../../actors/runtime.ts';
import type { Can, Command, CommandAck } from '../protocol/messages.ts';
import { toCan, viewFor } from '../view.ts';

export type CommandRuntime = Pick<Runtime, 'command' | 'definitions' | 'lanes'>;

const RETRY_MS = 500;

/** Sends a person's command to its actor and says what became of it. What he may not see is answered as if it were not there. */
export async function perform(runtime: CommandRuntime, command: Command, caller: Caller, now: () => number): Promise<CommandAck> {
  const { to, id, ifVersion, traceparent } = command;
  const { type, ...rest } = command.event;
  try {
    const outcome = await runtime.command({
      address: to,
      type,
      payload: type === '@create' ? readInput(rest) : rest,
      caller,
      id,
      ...(ifVersion === undefined ? {} : { ifVersion }),
      ...(traceparent === undefined ? {} : { traceparent }),
    });
    return await toAck(runtime, to, caller, outcome, now);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return toFaultAck(runtime, to, caller, error, now);
  }
}

/** `@create` carries what the actor is made of in `input`. */
function readInput(rest: Readonly<Record<string, unknown>>): unknown {
  const { input, ...more } = rest;
  const [other] = Object.keys(more);
  if (other !== undefined) throw new Fault('invalid', `@create takes its fields in input, so ${JSON.stringify(other.slice(0, 32))} does not belong beside it.`);
  return input ?? {};
}

async function toAck(runtime: CommandRuntime, to: string, caller: Caller, outcome: Outcome, now: () => number): Promise<CommandAck> {
  switch (outcome.outcome) {
    case 'applied':
    case 'duplicate':
      return { outcome: outcome.outcome, version: outcome.version };
    case 'retry':
      return { outcome: 'retry', afterMs: outcome.after_ms, code: outcome.reason };
    case 'rejected':
      return rejected(runtime, to, caller, outcome.code, outcome.detail || sentenceFor(outcome.code), now);
    case 'parked': {
      const seen = await look(runtime, to, caller, now);
      if (seen === undefined) return notFound();
      return { outcome: 'parked', reason: sentenceFor('parked') };
    }
    case 'late':
      return rejected(runtime, to, caller, 'rejected', sentenceFor('rejected'), now);
  }
}

async function toFaultAck(runtime: CommandRuntime, to: string, caller: Caller, fault: Fault, now: () => number): Promise<CommandAck> {
  if (FAULTS[fault.code].retry) return { outcome: 'retry', afterMs: RETRY_MS, code: fault.code };
  return rejected(runtime, to, caller, fault.code, fault.message, now);
}

/** A refusal tells where the actor stands and what the caller could do instead, if he may know of it. */
async function rejected(runtime: CommandRuntime, to: string, caller: Caller, code: string, reason: string, now: () => number): Promise<CommandAck> {
  if (code === 'not_found') return notFound();
  const { version, can } = (await look(runtime, to, caller, now)) ?? { version: 0, can: [] };
  return { outcome: 'rejected', code, reason, version, can };
}

function notFound(): CommandAck {
  return { outcome: 'rejected', code: 'not_found', reason: sentenceFor('not_found'), version: 0, can: [] };
}

async function look(runtime: CommandRuntime, to: string, caller: Caller, now: () => number): Promise<{ version: number; can: readonly Can[] } | undefined> {
  const named = readAddress(to);
  const definition = named === undefined ? undefined : runtime.definitions.get(named.type);
  if (named === undefined || definition === undefined) return undefined;
  const live = await runtime.lanes.read(to);
  if (live === undefined) return undefined;
  const subject = { address: to, definition, envelope: live.envelope };
  if (viewFor(subject, caller) === undefined) return undefined;
  return { version: live.envelope.version, can: toCan(subject, caller, now()) };
}

/** The answer to a command that never reached the gate. */
export function refuseCommand({ code, reason, afterMs }: { readonly code: string; readonly reason: string; readonly afterMs?: number }): CommandAck {
  if (isFaultCode(code) && FAULTS[code].retry) return { outcome: 'retry', afterMs: afterMs ?? RETRY_MS, code };
  return { outcome: 'rejected', code, reason, version: 0, can: [] };
}
