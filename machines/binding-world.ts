import { actorOf, bindingOf } from './erp.ts';
import type { ErpRecord, PushAnswer, PushRequest, ReadAnswer, ReadRequest } from './erp.ts';
import { binding } from './binding.ts';
import type { BindingContext } from './binding-terms.ts';
import { client } from './client.ts';
import type { ClientContext } from './client-terms.ts';
import { answer, begin, fail, fire, send, START, stateOf } from './rehearsal.ts';
import type { Cue, Stage } from './rehearsal.ts';
import type { Fields } from './sync-merge.ts';

/*
 * A client that the hub and an ERP both keep, in memory: messages are on their way for as long as chance wants, in any order, and the ERP loses
 * answers. Nothing here is used by the hub itself.
 */

export type Chance = { readonly below: (count: number) => number };

type Message = { readonly to: string; readonly from: string; readonly event: Cue };
type Kept = { readonly external_id: string; at: number; fields: Record<string, unknown>; address?: string };

const ADDRESS = 'client/acme';
/** What the ERP keeps of a client; of the hub's state it keeps none. */
const KEPT = ['name', 'country', 'email', 'kind', 'phone', 'city', 'archived'];

export class BindingWorld {
  readonly erp = new Map<string, Kept>();
  readonly stages = new Map<string, Stage>();
  readonly versions = new Map<string, number>();
  /** Every value that somebody wrote into a field: by whom and what. */
  readonly written: { readonly side: 'hub' | 'erp'; readonly field: string; readonly value: unknown }[] = [];
  /** What both sides have had at the same time. */
  readonly agreed = new Set<string>();
  now = START;
  #messages: Message[] = [];
  #n = 0;
  readonly #chance: Chance;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  get binding(): string | undefined {
    return [...this.stages.keys()].find((address) => address.startsWith('binding/'));
  }

  get client(): Stage | undefined {
    return [...this.stages].find(([address]) => address.startsWith('client/'))?.[1];
  }

  contextOf(address: string): BindingContext {
    return this.stages.get(address)?.snapshot.context as BindingContext;
  }

  /** The record is in the ERP first. */
  bornThere(fields: Fields): void {
    this.now += 1_000;
    this.erp.set('7', { external_id: '7', at: this.now, fields: { ...empty(), ...fields, archived: false } });
    const address = actorOf('odoo', 'partner', '7');
    const record = this.#recordOf('7');
    this.#tell('feed/odoo-partner', bindingOf('odoo', address), {
      type: '@create',
      integration: 'odoo',
      model: 'partner',
      actor: address,
      record,
    });
  }

  /** The client is in the hub first. */
  bornHere(input: Fields): void {
    this.#take({ to: ADDRESS, from: 'clerk', event: { type: '@create', ...input } });
    this.#tell(ADDRESS, bindingOf('odoo', ADDRESS), { type: '@create', integration: 'odoo', model: 'partner', actor: ADDRESS });
  }

  /** Somebody changes it in the ERP. */
  changeThere(field: string, value: unknown): void {
    const [kept] = this.erp.values();
    if (kept === undefined) return;
    this.now += 1_000;
    kept.fields = { ...kept.fields, [field]: value };
    kept.at = this.now;
    this.written.push({ side: 'erp', field, value });
  }

  changeHere(field: string, value: unknown): void {
    const address = [...this.stages.keys()].find((one) => one.startsWith('client/'));
    if (address === undefined) return;
    this.now += 1_000;
    this.#take({ to: address, from: 'clerk', event: { type: 'AMEND', [field]: value } });
    this.written.push({ side: 'hub', field, value });
  }

  /** The feed sees what is there. */
  pull(): void {
    for (const [id, { address = actorOf('odoo', 'partner', id) }] of this.erp)
      this.#tell('feed/odoo-partner', bindingOf('odoo', address), { type: 'THEIRS', record: this.#recordOf(id) });
  }

  /** One thing that waits comes about: a message arrives, a call is answered or not, a timer fires. Whether there was any. */
  goOn(isLossy: boolean): boolean {
    this.now += 10;
    const waiting: (() => void)[] = this.#messages.map((message, i) => () => {
      this.#messages = this.#messages.toSpliced(i, 1);
      this.#take(message);
    });
    for (const [address, stage] of this.stages) {
      for (const effect of Object.keys(stage.effects))
        if (address.startsWith('binding/')) waiting.push(() => this.#call(address, effect, isLossy));
      for (const timer of Object.keys(stage.timers))
        if (address.startsWith('binding/')) waiting.push(() => this.#step(address, (one) => fire(one, timer, this.now)));
    }
    waiting[this.#chance.below(waiting.length)]?.();
    return waiting.length > 0;
  }

  /** Somebody decides on everything that he is asked. */
  decide(): void {
    const address = this.binding;
    const stage = address === undefined ? undefined : this.stages.get(address);
    if (address === undefined || stage === undefined || stateOf(stage) !== 'conflict') return;
    for (const { field } of this.contextOf(address).conflicts) {
      const side = this.#chance.below(2) === 0 ? 'hub' : 'erp';
      this.#step(address, (one) => send(one, { type: 'DECIDE', by: 'clerk', at: this.now, field, side }));
    }
  }

  #recordOf(id: string): ErpRecord | null {
    const kept = this.erp.get(id);
    if (kept === undefined) return null;
    const { external_id, at, fields, address } = kept;
    return { external_id, at, fields: { ...fields }, ...(address === undefined ? {} : { ref: address }) };
  }

  #tell(from: string, to: string, event: Cue): void {
    this.#messages.push({ from, to, event });
  }

  #take({ to, from, event }: Message): void {
    const stage = this.stages.get(to);
    const stamp = { by: from, at: this.now };
    if (event.type === '@create') {
      if (stage !== undefined) return this.#refuse(from, to, event, 'exists');
      const { type: _, ...input } = event;
      const definition = to.startsWith('client/') ? client : binding;
      if (!definition.input.safeParse(input).success) return this.#refuse(from, to, event, 'invalid');
      this.versions.set(to, 1);
      return this.#done(to, begin(definition, input, { id: to.slice(to.indexOf('/') + 1), ...stamp }));
    }
    if (stage === undefined) return this.#refuse(from, to, event, 'not_found');
    const schema = stage.definition.events[event.type] ?? stage.definition.internal[event.type];
    const { type, ...payload } = event;
    if (schema?.safeParse(payload).success !== true) return this.#refuse(from, to, event, 'invalid');
    const before = this.versions.get(to) ?? 0;
    const next = send(stage, { type, ...payload, ...stamp, v: before + 1 });
    if (next.refused !== undefined) return this.#refuse(from, to, event, next.refused);
    this.versions.set(to, before + 1);
    this.#done(to, next);
  }

  #refuse(from: string, to: string, { type, ...sent }: Cue, reason: string): void {
    if (from.startsWith('binding/')) this.#tell(to, from, { type: 'tell.refused', to, event: type, reason, sent });
  }

  #step(address: string, how: (stage: Stage) => Stage): void {
    const stage = this.stages.get(address);
    if (stage !== undefined) this.#done(address, how(stage));
  }

  #done(address: string, stage: Stage): void {
    this.stages.set(address, stage);
    if (address.startsWith('binding/'))
      for (const [field, value] of Object.entries(this.contextOf(address).base ?? {})) this.agreed.add(JSON.stringify([field, value]));
    for (const fact of stage.facts)
      if (fact.type === '@tell') {
        const { to, event } = fact as unknown as { to: string; event: Cue };
        this.#tell(address, to, event);
      }
  }

  #call(address: string, effect: string, isLossy: boolean): void {
    const stage = this.stages.get(address);
    const asked = stage?.effects[effect];
    if (stage === undefined || asked === undefined) return;
    const [isDone, isTold] = isLossy ? [this.#chance.below(4) > 0, this.#chance.below(4) > 0] : [true, true];
    const result = !isDone
      ? undefined
      : asked.src === 'erp.push'
        ? this.#push(asked.input as PushRequest)
        : this.#read(asked.input as ReadRequest);
    this.#step(address, (one) =>
      isTold && result !== undefined
        ? answer(one, effect, result, this.now)
        : fail(
            one,
            effect,
            asked.src === 'erp.push' && (isDone || this.#chance.below(2) === 0) ? 'unknown' : 'failed',
            isDone ? 'timeout' : 'unavailable',
            this.now,
          ),
    );
  }

  #push({ external_id, address, fields, expected_at }: PushRequest): PushAnswer {
    const made = [...this.erp.values()].find((one) => one.address === address || one.external_id === external_id);
    this.now += 1_000;
    if (made === undefined) {
      const id = `${++this.#n + 100}`;
      const kept = Object.fromEntries(KEPT.map((field) => [field, fields[field] ?? null]));
      this.erp.set(id, { external_id: id, at: this.now, fields: kept, address });
      return { external_id: id, at: this.now };
    }
    // Made by a call whose answer was lost, or changed since: nothing is written over.
    if (made.at !== expected_at) {
      return { external_id: made.external_id, at: made.at, conflict: this.#recordOf(made.external_id) as ErpRecord };
    }
    made.fields = { ...made.fields, ...Object.fromEntries(Object.entries(fields).filter(([field]) => KEPT.includes(field))) };
    made.at = this.now;
    return { external_id: made.external_id, at: this.now };
  }

  #read({ external_id }: ReadRequest): ReadAnswer {
    return this.#recordOf(external_id);
  }

  /** What is kept in the hub, as far as the ERP keeps it too. */
  get here(): Fields {
    const context = this.client?.snapshot.context as ClientContext | undefined;
    return Object.fromEntries(
      KEPT.map((field) => [field, context?.[field as keyof ClientContext] ?? (field === 'archived' ? false : null)]),
    );
  }

  get there(): Fields {
    return [...this.erp.values()][0]?.fields ?? {};
  }
}

function empty(): Fields {
  return Object.fromEntries(KEPT.map((field) => [field, null]));
}
