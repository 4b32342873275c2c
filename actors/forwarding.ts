import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { Fault, isFaultCode } from '../machines/fault.ts';
import type { Definition } from '../machines/machine.ts';
import { partitionOf, typeOf } from '../machines/ids.ts';
import type { Bus } from './bus/bus.ts';
import { SUBJECTS, nodeSubject } from './bus/subjects.ts';
import type { Caller } from './caller.ts';
import type { Outcome, Own } from './delivery.ts';
import type { Peer } from './ownership.ts';
import type { Ports } from './ports/ports.ts';
import type { Command } from './door.ts';
import type { Submission } from './intake.ts';
import { NewerEnvelope } from './migration.ts';
import { toLive, toStored } from './step.ts';

/** What one node passes on to another. */
export type Forwarded =
  | { readonly kind: 'command'; readonly command: Command }
  /** What a provider has notified. */
  | { readonly kind: 'submission'; readonly submission: Submission }
  /** The hub's own: another actor's tell, what calls came to. */
  | { readonly kind: 'own'; readonly address: string; readonly own: Own; readonly caller: Caller };

/** What a node is asked about itself. It changes nothing. */
export type Question = { readonly kind: 'question'; readonly about: string; readonly given: unknown };

export type ForwardingOptions = {
  readonly ports: Ports;
  readonly bus: Bus;
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly node: string;
  /** All nodes of one database know it; what is not signed with it is not heard. */
  readonly secret: string;
  readonly ownerOf: (partition: number) => Peer | undefined;
  /** Looks again who owns what. */
  readonly wake: () => void;
  /** Handles what came from another node; never passes it on once more. */
  readonly handle: (forwarded: Forwarded) => Promise<Outcome>;
};

/** Passes a message to another node without NATS; returns its answer. */
export type Direct = (url: string, text: string, signature: string, within_ms: number) => Promise<string>;
/** What this node says of itself. Throws where it does not know what is asked. */
export type Answerer = (question: Question) => unknown;
/** Who shows this token now. Throws the faults of tokens. */
export type Recheck = (token: string) => Promise<Caller>;

/** Within a node's own limit for an answer, so that its caller hears `retry` from it rather than nothing. */
const ANSWER_MS = 5_000;
const TRIES = 5;
const PAUSE_MS = 100;
const SIGNATURE = 'hub-signature';
/** A message that is older was recorded by somebody; ids make it harmless and it is refused all the same. */
const OLDEST_MS = 60_000;

const messageSchema = z.object({
  to: z.string(),
  at: z.number(),
  body: z.custom<Forwarded | Question>((value) => typeof value === 'object'),
});
const answerSchema = z.object({
  outcome: z.custom<Outcome & { readonly stored?: string }>().optional(),
  fault: z.object({ code: z.string(), message: z.string(), extra: z.record(z.string(), z.unknown()) }).optional(),
});

/**
 * The way of a command to the node that owns its actor, over core NATS, or directly while NATS is down. It is answered after the
 * owner's commit; without an answer the caller hears `retry`, which its id makes safe.
 */
export class Forwarding {
  readonly #options: ForwardingOptions;
  #direct: Direct | undefined;
  #recheck: Recheck | undefined;
  #answerer: Answerer | undefined;

  constructor(options: ForwardingOptions) {
    this.#options = options;
  }

  /** `recheck` is asked for every person whose command comes from another node, `answerer` for what others want to know of this one. */
  use(ways: { readonly direct?: Direct; readonly recheck?: Recheck; readonly answerer?: Answerer }): void {
    this.#direct = ways.direct ?? this.#direct;
    this.#recheck = ways.recheck ?? this.#recheck;
    this.#answerer = ways.answerer ?? this.#answerer;
  }

  start(): void {
    const { bus, node, wake, ports } = this.#options;
    bus.listen(SUBJECTS.nodes, () => wake());
    bus.listen(nodeSubject(node), ({ data, headers, reply }) => {
      this.receive(new TextDecoder().decode(data), headers[SIGNATURE] ?? '').then(
        (answer) => bus.publish(reply, answer),
        (error: unknown) => ports.log.warn({ err: error }, 'What another node passed on could not be handled'),
      );
    });
  }

  /** Tells the others that something changed in who owns what. */
  nudge(): void {
    this.#options.bus.publish(SUBJECTS.nodes, this.#options.node);
  }

  /** Throws the faults of the owner's gate. A partition that is changing hands is waited for a moment. */
  async pass(address: string, body: Forwarded): Promise<Outcome> {
    const { wake, ports } = this.#options;
    for (let tries = 1; ; tries++) {
      const outcome = await this.#try(address, body);
      if (outcome.outcome !== 'retry' || outcome.reason !== 'not_ready' || tries === TRIES) return outcome;
      wake();
      await new Promise<void>((resolve) => void ports.timers.after(PAUSE_MS, resolve));
    }
  }

  /** What another node says of itself, as it sent it. Rejects when it does not answer in time, and where it does not know what is asked. */
  async ask(peer: Peer, about: string, given: unknown, within_ms: number): Promise<unknown> {
    const text = await this.#send(peer, { kind: 'question', about, given }, within_ms);
    const { said } = z.object({ said: z.unknown() }).parse(JSON.parse(text));
    return said;
  }

  async #try(address: string, body: Forwarded): Promise<Outcome> {
    const { ownerOf, wake, ports } = this.#options;
    const owner = ownerOf(partitionOf(address));
    if (owner === undefined) return { outcome: 'retry', after_ms: 250, reason: 'not_ready' };
    try {
      return this.#read(address, await this.#send(owner, body, ANSWER_MS));
    } catch (error) {
      if (error instanceof Fault) throw error;
      ports.log.warn({ err: error, node: owner.id }, 'Another node did not answer');
      wake();
      return { outcome: 'retry', after_ms: 500, reason: 'unanswered' };
    }
  }

  async #send(peer: Peer, body: Forwarded | Question, within_ms: number): Promise<string> {
    const { bus, ports } = this.#options;
    const text = JSON.stringify({ to: peer.id, at: ports.clock.now(), body });
    const signature = this.#sign(text);
    if (bus.trouble() === undefined || this.#direct === undefined || peer.url === '') {
      const answer = await bus.request(nodeSubject(peer.id), text, { [SIGNATURE]: signature }, within_ms);
      return new TextDecoder().decode(answer);
    }
    return this.#direct(peer.url, text, signature, within_ms);
  }

  #read(address: string, text: string): Outcome {
    const { outcome, fault } = answerSchema.parse(JSON.parse(text));
    if (fault !== undefined) throw new Fault(isFaultCode(fault.code) ? fault.code : 'internal', fault.message, fault.extra);
    if (outcome === undefined) throw new Error('The answer of another node holds nothing');
    if (outcome.outcome !== 'applied') return outcome;
    const definition = this.#options.definitions.get(typeOf(address));
    if (definition === undefined || outcome.stored === undefined) throw new Error(`${address} cannot be read here`);
    try {
      return { outcome: 'applied', version: outcome.version, envelope: toLive(definition, outcome.stored) };
    } catch (error) {
      // A newer release applied it: this one can say that it took effect, and not show as what.
      if (error instanceof NewerEnvelope) return { outcome: 'duplicate', version: outcome.version };
      throw error;
    }
  }

  /** Handles a message of another node, whichever way it came. Throws for one that is not of this hub. */
  async receive(text: string, signature: string): Promise<string> {
    const { node, ports } = this.#options;
    if (!isSame(signature, this.#sign(text))) throw new Fault('unauthenticated', 'This is not from a node of this hub.');
    const { to, at, body } = messageSchema.parse(JSON.parse(text));
    if (to !== node || Math.abs(ports.clock.now() - at) > OLDEST_MS)
      throw new Fault('unauthenticated', 'This was meant for somebody else.');
    if (body.kind === 'question') return JSON.stringify({ said: this.#answer(body) });
    try {
      const outcome = await this.#options.handle(await this.#check(body));
      if (outcome.outcome !== 'applied') return JSON.stringify({ outcome });
      const { version, envelope } = outcome;
      const definition = this.#options.definitions.get(typeToldOf(body));
      const stored = definition === undefined ? undefined : toStored(definition, envelope);
      return JSON.stringify({ outcome: { outcome: 'applied', version, stored } });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return JSON.stringify({ fault: { code: error.code, message: error.message, extra: error.extra } });
    }
  }

  #answer(question: Question): unknown {
    if (this.#answerer === undefined) throw new Error(`This node says nothing about ${question.about}`);
    return this.#answerer(question);
  }

  /** Rights may have been taken away since the other node looked: a person's token is asked again. */
  async #check(body: Forwarded): Promise<Forwarded> {
    if (body.kind !== 'command' || body.command.caller.kind !== 'person' || this.#recheck === undefined) return body;
    const { token, ...command } = body.command;
    if (token === undefined) throw new Fault('unauthenticated', 'A person’s command is passed on with the token that it came with.');
    const caller = await this.#recheck(token);
    if (caller.id !== command.caller.id) throw new Fault('unauthenticated', 'The token is somebody else’s.');
    return { kind: 'command', command: { ...command, caller } };
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#options.secret).update(text).digest('hex');
  }
}

function typeToldOf(body: Forwarded): string {
  if (body.kind === 'submission') return body.submission.type;
  return typeOf(body.kind === 'command' ? body.command.address : body.address);
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
