import type {
  BindingBirth,
  BindingContext,
  BindingFact,
  BindingFactName,
  Decide,
  Ours,
  Problem,
  Refusal,
  Theirs,
} from './binding-terms.ts';
import { MOST_OVERRULED, OWNED } from './binding-terms.ts';
import type { ErpRecord, Model, PushAnswer, PushRequest, ReadAnswer, ReadRequest } from './erp.ts';
import type { Tell } from './machine.ts';
import { readAddress } from './ids.ts';
import { must } from './must.ts';
import { isSame, merge } from './sync-merge.ts';
import type { Fields, Merge, Overruled } from './sync-merge.ts';

/** How a binding decides what each side has to take over. */

const MINUTE = 60_000;
/** Waits between tries that came to nothing; the last one again and again. */
const PAUSES = [15_000, MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE];
export function toContext({ id, integration, model, actor, record, settings }: BindingBirth): BindingContext {
  return {
    id,
    integration,
    model,
    actor,
    owners: { ...OWNED[model], ...settings.owners[model] },
    external_id: record?.external_id ?? null,
    ...(record === undefined ? {} : { theirs: record }),
    conflicts: [],
    decided: {},
    overruled: [],
    tries: 0,
    agreed_at: null,
  };
}

/** What the ERP says only the hub's own actors tell: a person would write past the rights that he has. */
export function refuseBirth({ record, by }: BindingBirth): string | undefined {
  return record === undefined || readAddress(by) !== undefined ? undefined : 'forbidden';
}

export function toFact(type: BindingFactName, context: BindingContext, reason: string | null = null): BindingFact {
  const { integration, model, actor, external_id } = context;
  return { type, integration, model, actor, external_id, reason };
}

/** The two sides against each other, as far as both are known. */
export function compare({ base, ours, theirs, owners, decided }: BindingContext): Merge {
  const [hub, erp] = [must(ours, 'the side of the hub'), must(theirs, 'the side of the ERP')];
  return merge({ base, hub: hub.fields, erp: erp.fields ?? {}, hub_at: hub.at, erp_at: erp.at, owners, decided });
}

/** Whether the ERP says something that is not known; what is older than what is known is not. */
export function isNews({ theirs, external_id }: BindingContext, { record }: Theirs): boolean {
  // That it is gone may be told late: of a name that it had before, or once more.
  if (record.gone === true && (record.external_id !== external_id || theirs?.gone === true)) return false;
  if (theirs === undefined) return true;
  if (record.at !== theirs.at) return record.at > theirs.at || record.gone === true;
  return record.gone !== theirs.gone || !isSame(record.bad, theirs.bad) || !isSame(record.fields, theirs.fields);
}

export function isNewer({ ours }: BindingContext, { revision }: Ours): boolean {
  return ours === undefined || revision > ours.revision;
}

export function withTheirs(context: BindingContext, record: ErpRecord): Partial<BindingContext> {
  return agree({ ...context, theirs: record, external_id: record.external_id });
}

export function withOurs(context: BindingContext, { revision, changed_at, fields }: Ours): Partial<BindingContext> {
  const ours = { revision, at: changed_at, fields };
  const { sent, base } = context;
  if (sent?.to !== 'hub') return agree({ ...context, ours });
  // What was told to the hub's actor and is there now both had, whatever the ERP says by now.
  const taken = Object.entries(sent.fields).filter(([field, value]) => isSame(fields[field], value));
  return { ...agree({ ...context, ours, base: { ...base, ...Object.fromEntries(taken) } }), sent: undefined };
}

/** After a push: what was written both had, whatever the hub's actor says by now. */
export function withPushed(context: BindingContext, { external_id, at, conflict }: PushAnswer): Partial<BindingContext> {
  const { sent, base, theirs } = context;
  if (conflict !== undefined) return { ...withTheirs(context, conflict), sent: undefined, tries: 0 };
  const written = sent?.fields ?? {};
  const record = { external_id, at, fields: { ...theirs?.fields, ...written } };
  return { ...withTheirs({ ...context, base: { ...base, ...written } }, record), sent: undefined, tries: 0 };
}

/** What was looked for: not there under a name that it had means that it was deleted. */
export function withFound(context: BindingContext, record: ReadAnswer, at: number): Partial<BindingContext> {
  return withTheirs(context, record ?? { external_id: nameOf(context), at, gone: true });
}

function nameOf({ external_id }: BindingContext): string {
  return must(external_id, 'the name of a record in the ERP');
}

/** On what both say the same they agree. */
function agree(context: BindingContext): Partial<BindingContext> {
  const { base, ours, theirs, external_id } = context;
  const known = { external_id, base, theirs, ...(ours === undefined ? {} : { ours }) };
  if (ours === undefined || theirs === undefined || theirs.gone === true || theirs.bad !== undefined) return known;
  const alike = Object.entries(ours.fields).filter(
    ([field, value]) => Object.hasOwn(theirs.fields ?? {}, field) && isSame(value, theirs.fields?.[field]),
  );
  return { ...known, base: { ...base, ...Object.fromEntries(alike) } };
}

/** What an actor is born with; what else the ERP says of it comes with the next comparison. */
const BORN: Readonly<Record<Model, readonly string[]>> = {
  partner: ['name', 'country', 'email', 'kind', 'vat', 'phone', 'street', 'city', 'zip'],
  bill: [
    ...['supplier', 'number', 'direction', 'issued', 'due', 'currency', 'total_minor', 'tax_minor'],
    ...['residual_minor', 'lines', 'state', 'payment_state'],
  ],
  payment: [],
};

/** What the ERP keeps of a record. */
const KEPT: Readonly<Record<Model, readonly string[]>> = {
  partner: [...BORN.partner, 'archived'],
  bill: ['supplier', 'number', 'direction', 'issued', 'due', 'currency', 'lines'],
  payment: [],
};

/** What the ERP has to be told: all that it keeps where it has none. */
export function forErp(context: BindingContext): Fields {
  const { ours, theirs, model } = context;
  if (ours === undefined) return {};
  if (theirs !== undefined) return compare(context).toErp;
  return Object.fromEntries(Object.entries(ours.fields).filter(([field]) => KEPT[model].includes(field)));
}

export function forHub(context: BindingContext): Fields {
  return context.ours === undefined || context.theirs === undefined ? {} : compare(context).toHub;
}

export function isMeeting({ ours }: BindingContext): boolean {
  return ours === undefined;
}

/** Whether there is something that the hub's actor could be made of. */
export function isUsable({ theirs }: BindingContext): boolean {
  return theirs !== undefined && theirs.gone !== true && theirs.bad === undefined;
}

export function toLink({ actor }: BindingContext): Tell {
  return { to: actor, event: { type: 'LINK' } };
}

/** What the ERP does not know is not said. */
export function toCreate({ actor, theirs, model }: BindingContext): Tell {
  const { fields } = must(theirs, 'what the ERP says');
  const said = BORN[model].filter((field) => (fields?.[field] ?? null) !== null).map((field) => [field, fields?.[field]]);
  return { to: actor, event: { type: '@create', ...(Object.fromEntries(said) as Fields) } };
}

/** With what it was decided against: what has been changed since is not written over. */
export function toSync(context: BindingContext): Tell {
  const fields = forHub(context);
  const before = Object.fromEntries(Object.keys(fields).map((field) => [field, context.ours?.fields[field] ?? null]));
  return { to: context.actor, event: { type: 'SYNC', fields, before } };
}

export function toPush(context: BindingContext): PushRequest {
  const { integration, model, actor, external_id, theirs } = context;
  const about = { integration, model, address: actor, external_id, fields: forErp(context) };
  return theirs === undefined ? about : { ...about, expected_at: theirs.at };
}

export function toRead(context: BindingContext): ReadRequest {
  const { integration, model } = context;
  return { integration, model, external_id: nameOf(context) };
}

/** What gives way to what and is not noted yet. */
export function newlyOverruled(context: BindingContext): readonly Overruled[] {
  const { overruled, ours, theirs } = context;
  if (ours === undefined || theirs === undefined) return [];
  const isKnown = (one: Overruled): boolean => overruled.some(({ field, side, value, kept }) => isSame({ field, side, value, kept }, one));
  return compare(context).overruled.filter((one) => !isKnown(one));
}

export function withOverruled({ overruled }: BindingContext, fresh: readonly Overruled[], at: number): Partial<BindingContext> {
  return { overruled: [...overruled, ...fresh.map((one) => ({ ...one, at }))].slice(-MOST_OVERRULED) };
}

export function refuseDecide({ conflicts }: BindingContext, { field }: Decide): string | undefined {
  return conflicts.some((one) => one.field === field) ? undefined : 'not_in_conflict';
}

export function withDecision({ conflicts, decided }: BindingContext, { field, side }: Decide): Partial<BindingContext> {
  const { hub, erp } = must(
    conflicts.find((one) => one.field === field),
    'the conflict that is decided',
  );
  return { decided: { ...decided, [field]: { side, hub, erp } } };
}

/** A decision that has come about, or whose values nobody says any more, is over. */
export function withAgreement(context: BindingContext, at: number): Partial<BindingContext> {
  return { ...agree(context), conflicts: [], decided: {}, agreed_at: at, tries: 0 };
}

export function refusedBy({ reason, event, sent }: Refusal, at: number): Problem {
  return { where: 'hub', code: reason, detail: `${event}${sent === undefined ? '' : ` ${JSON.stringify(sent).slice(0, 200)}`}`, at };
}

export function pause({ tries }: BindingContext): number {
  return PAUSES[Math.min(Math.max(tries, 1), PAUSES.length) - 1] ?? MINUTE;
}
