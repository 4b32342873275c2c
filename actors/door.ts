import type { Definition } from '../machines/machine.ts';
import { Fault } from '../machines/fault.ts';
import { unreachable } from '../machines/must.ts';
import { idOf, isId, partitionOf, readAddress, toAddress, typeOf } from '../machines/ids.ts';
import type { Bus } from './bus/bus.ts';
import { deadSubject } from './bus/subjects.ts';
import { HUB } from './caller.ts';
import type { Caller } from './caller.ts';
import { toOwnDelivery } from './delivery.ts';
import type { Outcome, Own } from './delivery.ts';
import type { Forwarded } from './forwarding.ts';
import { consider } from './gate.ts';
import { isFromKey } from './id-from-key.ts';
import type { Submission } from './intake.ts';
import type { Lanes } from './lanes.ts';
import type { Ports } from './ports/ports.ts';
import type { Happening } from './step.ts';

/** A creation as a door hands it in. `key` is the caller's Idempotency-Key. */
export type Creation = { readonly key?: string; readonly body_hash?: string };

export type Command = {
  readonly address: string;
  readonly type: string;
  readonly payload: unknown;
  readonly caller: Caller;
  /** What the person showed; another node that owns the actor asks it again. */
  readonly token?: string;
  /** The caller's own id of this event; without it a repeat cannot be told from a new one. */
  readonly id?: string;
  readonly ifVersion?: number;
  readonly creation?: Creation;
  readonly traceparent?: string;
  /** It is sent again by somebody who did not hear the answer. */
  readonly repeat?: boolean;
};

export type DoorOptions = {
  readonly ports: Ports;
  readonly bus: Bus;
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly lanes: Pick<Lanes, 'deliver' | 'owns'>;
  readonly hub_id: string;
  /** Settings of machines, by type. */
  readonly settings: ReadonlyMap<string, unknown>;
  /** To the node that owns the actor. Throws the faults of its gate. */
  readonly pass: (address: string, forwarded: Forwarded) => Promise<Outcome>;
};

type Asked = Submission & { readonly ifVersion?: number; readonly creation?: Creation; readonly fresh: boolean };

const COMMAND_ID = /^[\x21-\x7e]{1,128}$/;
/** W3C Trace Context; anything else is no trace. */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The one way in: whatever a door hands in goes through the gate into the actor's mailbox, here or on the node that owns it. */
export class Door {
  readonly #options: DoorOptions;

  constructor(options: DoorOptions) {
    this.#options = options;
  }

  /** Sends a caller's event through the gate to its actor. Throws a Fault for what the gate refuses. */
  async command(command: Command): Promise<Outcome> {
    const { address, id } = command;
    if (readAddress(address) === undefined) throw new Fault('bad_id', 'An address is <type>/<id>; an id is 1 to 64 of A-Z a-z 0-9 _ -.');
    if (id !== undefined && !COMMAND_ID.test(id))
      throw new Fault('bad_request', 'The id of an event is 1 to 128 visible ASCII characters.');
    if (this.#options.lanes.owns(partitionOf(address))) return this.#command(command);
    this.#mustBeKnown(typeOf(address));
    // It is named here, so that however often it is passed on it takes effect once.
    return this.#options.pass(address, { kind: 'command', command: { ...command, id: id ?? `hub-${this.#options.ports.random.id()}` } });
  }

  /** What another node has passed on. It is not passed on once more: the sender looks again who owns it. */
  async handle(forwarded: Forwarded): Promise<Outcome> {
    switch (forwarded.kind) {
      case 'command':
        return this.#command(forwarded.command);
      case 'submission':
        return this.submit(forwarded.submission);
      case 'own':
        return this.#own(forwarded.address, forwarded.own, forwarded.caller);
      default:
        return unreachable(forwarded);
    }
  }

  /** An event from an integration's webhook; the provider's id of the notification makes it one. */
  async notify(integration: string, id: string, to: string, event: { readonly type: string }): Promise<Outcome> {
    if (readAddress(to) === undefined) throw new Fault('bad_id', `${to} is no address`);
    const { type, ...payload } = event;
    const caller: Caller = { ...HUB, id: `integration/${integration}` };
    const event_id = `source:webhook-${integration}:${id}`;
    const submission: Submission = {
      type: typeOf(to),
      id: idOf(to),
      event: type,
      payload,
      caller,
      event_id,
      repeat: true,
      traceparent: '',
    };
    return this.send(submission);
  }

  /** What the hub hands in for somebody else, under an id that it has made, wherever the actor lives. Throws the faults of the gate. */
  async send(submission: Submission): Promise<Outcome> {
    this.#mustBeKnown(submission.type);
    if (!isId(submission.id)) throw new Fault('bad_id');
    const to = toAddress(submission.type, submission.id);
    if (this.#options.lanes.owns(partitionOf(to))) return this.submit(submission);
    return this.#options.pass(to, { kind: 'submission', submission });
  }

  submit(submission: Submission): Promise<Outcome> {
    return this.#deliver({ ...submission, fresh: false });
  }

  /** The hub's own: a timer, a result, another actor's tell. It has no caller to refuse and finds room in every mailbox. */
  own(address: string, own: Own, caller: Caller = HUB): Promise<Outcome> {
    if (this.#options.lanes.owns(partitionOf(address))) return this.#own(address, own, caller);
    return this.#options.pass(address, { kind: 'own', address, own, caller });
  }

  #own(address: string, own: Own, caller: Caller): Promise<Outcome> {
    const definition = this.#options.definitions.get(typeOf(address));
    if (definition === undefined) return Promise.reject(new Error(`No machine is known for ${address}`));
    return new Promise((settle) => this.#options.lanes.deliver(toOwnDelivery(address, definition, own, caller, settle)));
  }

  #mustBeKnown(type: string): Definition {
    const definition = this.#options.definitions.get(type);
    if (definition === undefined) throw new Fault('not_found', `There is no kind of actor named ${type.slice(0, 32)}.`);
    return definition;
  }

  #command({ address, type, payload, caller, id, ifVersion, creation, traceparent, repeat }: Command): Promise<Outcome> {
    const actor = idOf(address);
    return this.#deliver({
      type: typeOf(address),
      id: actor,
      event: type,
      payload,
      caller,
      event_id: `caller:${caller.id}:${id ?? `hub-${this.#options.ports.random.id()}`}`,
      repeat: repeat ?? false,
      traceparent: traceparent ?? '',
      ...(ifVersion === undefined ? {} : { ifVersion }),
      ...(creation === undefined ? {} : { creation }),
      // Under a name that somebody chose events may have been refused before there was an actor.
      fresh: creation?.key !== undefined && isFromKey(actor, this.#options.hub_id, caller.id, creation.key),
    });
  }

  async #deliver(asked: Asked): Promise<Outcome> {
    const { settings, lanes } = this.#options;
    const definition = this.#mustBeKnown(asked.type);
    if (!isId(asked.id)) throw new Fault('bad_id');
    const { type, payload, denied } = consider(definition, asked.event, asked.payload, asked.caller);
    const address = toAddress(asked.type, asked.id);
    const happening: Happening =
      type === '@create'
        ? { kind: 'create', id: asked.id, input: payload, settings: settings.get(definition.type) }
        : { kind: 'event', event: { ...payload, type } };
    const { key, body_hash } = asked.creation ?? {};
    const creation = key === undefined || body_hash === undefined ? {} : { creation: { caller: asked.caller.id, key, body_hash } };
    const outcome = await new Promise<Outcome>((settle) => {
      lanes.deliver({
        address,
        partition: partitionOf(address),
        definition,
        event_id: asked.event_id,
        happening,
        event: JSON.stringify({ type, ...payload }),
        caller: asked.caller,
        ...(asked.ifVersion === undefined ? {} : { ifVersion: asked.ifVersion }),
        ...creation,
        causation: '',
        correlation: '', // it begins a chain of its own: the id says so
        traceparent: TRACEPARENT.test(asked.traceparent) ? asked.traceparent : '',
        repeat: asked.repeat,
        fresh: asked.fresh,
        outside: true,
        ...(denied === undefined ? {} : { denied: denied.message }),
        settle: this.#publishing(address, asked.event_id, settle),
      });
    });
    if (denied !== undefined && outcome.outcome === 'rejected' && outcome.code === 'forbidden') throw denied;
    return outcome;
  }

  /** What a parked actor does not take is told to whoever watches for it. */
  #publishing(address: string, event_id: string, settle: (outcome: Outcome) => void): (outcome: Outcome) => void {
    return (outcome) => {
      if (outcome.outcome === 'parked') {
        const { reason } = outcome;
        this.#options.bus.publish(deadSubject(typeOf(address), idOf(address)), JSON.stringify({ address, id: event_id, reason }));
      }
      settle(outcome);
    };
  }
}
