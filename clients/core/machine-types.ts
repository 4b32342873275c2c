import type { AnyStateMachine, ContextFrom, StateValueFrom } from 'xstate';
import type { z } from 'zod';
import type { client } from '../../machines/client.ts';
import type { integration } from '../../machines/integration.ts';
import type { Definition, Schemas } from '../../machines/machine.ts';
import type { payment } from '../../machines/payment.ts';

/** Machines by their type. Only their types are taken: no machine is loaded for it. */
export type MachineMap = Readonly<Record<string, Definition>>;

/** The machines of the hub. For others: `createHub<Machines & { parcel: typeof parcel }>(…)`. */
export type Machines = { readonly payment: typeof payment; readonly client: typeof client; readonly integration: typeof integration };

type Typed<D> = D extends { readonly types?: infer T } ? NonNullable<T> : never;
type Chart<D> = Typed<D> extends { readonly machine: infer M extends AnyStateMachine } ? M : never;
type Events<D> = Typed<D> extends { readonly events: infer E extends Schemas } ? E : never;

/** The names of the events that a client may send. */
export type EventTypeOf<D extends Definition> = keyof Events<D> & string;

/** An event that a client may send, with its payload as the machine's schema takes it. */
export type EventOf<D extends Definition> = {
  [Type in EventTypeOf<D>]: { readonly type: Type } & PayloadOf<z.input<Events<D>[Type]>>;
}[EventTypeOf<D>];

/** An empty schema has an index of `never`, which would forbid `type` too. */
type PayloadOf<Fields> = string extends keyof Fields ? unknown : Readonly<Fields>;

/** What a creator sends. */
export type InputOf<D extends Definition> = Typed<D> extends { readonly input: infer I extends z.ZodObject } ? Readonly<z.input<I>> : never;

/** The context as a view may show it: any field may be missing. */
export type ContextOf<D extends Definition> = Readonly<Partial<ContextFrom<Chart<D>>>>;

/** Every state of the chart, as its path: `authorized` and `authorized.holding`. */
export type StateOf<D extends Definition> = Paths<StateValueFrom<Chart<D>>>;

type Paths<Value> = Value extends string
  ? Value
  : { [Key in keyof Value & string]: Key | `${Key}.${Paths<NonNullable<Value[Key]>>}` }[keyof Value & string];
