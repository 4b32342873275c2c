import { isKeptDays } from '../exchange.ts';
import type { Noun } from '../nouns.ts';
import { isWide, labelFor, showField } from './payment-values.tsx';
import { OtherDays } from './rate-days.tsx';
import { isNothing, Value } from './value.tsx';

/** A context as a person reads it: in sections, amounts as money; what is empty or has no section stands below. */
export function Sections({ noun, context }: { noun: Noun; context: Readonly<Record<string, unknown>> }) {
  const sections = noun.sections
    .map(({ title, fields }) => ({ title, fields: fields.filter((name) => !isNothing(context[name])) }))
    .filter(({ fields }) => fields.length > 0);
  const named = new Set(sections.flatMap(({ fields }) => fields));
  const rest = Object.keys(context).filter((name) => !named.has(name) && name !== 'id');
  return (
    <div className="sections">
      {sections.map(({ title, fields }) => (
        <Section key={title} noun={noun} title={title} fields={fields} context={context} />
      ))}
      {rest.length > 0 && (
        <details className="card more" open={noun.sections.length === 0}>
          <summary>All other fields ({rest.length})</summary>
          <Rows noun={noun} fields={rest} context={context} />
        </details>
      )}
    </div>
  );
}

type RowsProps = { readonly noun: Noun; readonly fields: readonly string[]; readonly context: Readonly<Record<string, unknown>> };

function Section({ title, ...rows }: RowsProps & { title: string }) {
  return (
    <section className="card">
      <h2>{title}</h2>
      <Rows {...rows} />
    </section>
  );
}

function Rows({ noun, fields, context }: RowsProps) {
  const currency = typeof context['currency'] === 'string' ? context['currency'] : undefined;
  return (
    <dl className="rows">
      {fields.map((name) => (
        <div key={name} className="row" data-field={name} data-wide={isWide(noun, name) || undefined}>
          <dt>{labelFor(noun, name)}</dt>
          <dd>
            <ContextValue noun={noun} name={name} context={context} currency={currency} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

type ContextValueProps = {
  readonly noun: Noun;
  readonly name: string;
  readonly context: Readonly<Record<string, unknown>>;
  readonly currency: string | undefined;
};

/** A field as it is shown among the others: what its kind of actor shows otherwise so, other numbers of a day beside the known ones. */
export function ContextValue({ noun, name, context, currency }: ContextValueProps) {
  const special = showField(noun, name, context);
  if (special !== undefined) return special;
  const { [name]: value, days } = context;
  if (name !== 'days' && isKeptDays(value) && isKeptDays(days)) return <OtherDays days={value} known={days} />;
  return <Value name={name} value={value} currency={currency} />;
}
