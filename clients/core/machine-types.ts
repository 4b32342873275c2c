import type { AnyStateMachine, ContextFrom, StateValueFrom } from 'xstate';
import type { z } from 'zod';
import type { account } from '../../machines/account.ts';
import type { bill } from '../../machines/bill.ts';
import type { binding } from '../../machines/binding.ts';
import type { booking } from '../../machines/booking.ts';
import type { client } from '../../machines/client.ts';
import type { dispute } from '../../machines/dispute.ts';
import type { fileImport } from '../../machines/import.ts';
import type { feed } from '../../machines/feed.ts';
import type { integration } from '../../machines/integration.ts';
import type { limit } from '../../machines/limit.ts';
import type { Definition, Schemas } from '../../machines/machine.ts';
import type { period } from '../../machines/period.ts';
import type { payment } from '../../machines/payment.ts';

/** Machines by their type. Only their types are taken: no machine is loaded for it. */
export type MachineMap = Readonly<Record<string, Definition>>;

/** The machines of the hub. For others: `createHub<Machines & { parcel: typeof parcel }>(…)`. */
export type Machines = {
  readonly payment: typeof payment;
  readonly client: typeof client;
  readonly account: typeof account;
  readonly limit: typeof limit;
  readonly dispute: typeof dispute;
  readonly integration: typeof integration;
  readonly period: typeof period;
  readonly import: typeof fileImport;
  readonly feed: typeof feed;
  readonly bill: typeof bill;
  readonly binding: typeof binding;
  readonly booking: typeof booking;
};

type Typed<D> = D extends { readonly types?: infer T } ? NonNullable<T> : never;
type Chart<D> = Typed<D> extends { readonly machine: infer M extends AnyStateMachine } ? M : never;
type Input<D> = Typed<D> extends { readonly input: infer I extends z.ZodObject } ? I : never;
type Events<D> = Typed<D> extends { readonly events: infer E extends Schemas } ? E : never;
/** Of a machine whose types are not known, as in a tool that shows any, nothing is checked. */
type IfKnown<D, Then, Else> = [Events<D>] extends [never] ? Else : string extends keyof Events<D> ? Else : Then;

/** The names of the events that a client may send. */
export type EventTypeOf<D extends Definition> = IfKnown<D, keyof Events<D> & string, string>;

/** An event that a client may send, with its payload as the machine's schema takes it. */
export type EventOf<D extends Definition> = IfKnown<
  D,
  { [Type in keyof Events<D> & string]: { readonly type: Type } & PayloadOf<z.input<Events<D>[Type]>> }[keyof Events<D> & string],
  Readonly<{ type: string } & Record<string, unknown>>
>;

/** An empty schema has an index of `never`, which would forbid `type` too. */
type PayloadOf<Fields> = string extends keyof Fields ? unknown : Readonly<Fields>;

/** What a creator sends. */
export type InputOf<D extends Definition> = IfKnown<D, Readonly<z.input<Input<D>>>, Readonly<Record<string, unknown>>>;

/** The context as a view may show it: any field may be missing. */
export type ContextOf<D extends Definition> = IfKnown<D, Readonly<Partial<ContextFrom<Chart<D>>>>, Readonly<Record<string, unknown>>>;

/** Every state of the chart, as its path: `authorized` and `authorized.holding`. */
export type StateOf<D extends Definition> = IfKnown<D, Paths<StateValueFrom<Chart<D>>>, string>;

type Paths<Value> = Value extends string
  ? Value
  : { [Key in keyof Value & string]: Key | `${Key}.${Paths<NonNullable<Value[Key]>>}` }[keyof Value & string];
