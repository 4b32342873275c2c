import type { Noun } from '../nouns.ts';
import { fieldLabel, isNothing, Value } from './value.tsx';

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
        <Section key={title} title={title} fields={fields} context={context} />
      ))}
      {rest.length > 0 && (
        <details className="card more" open={noun.sections.length === 0}>
          <summary>All other fields ({rest.length})</summary>
          <Rows fields={rest} context={context} />
        </details>
      )}
    </div>
  );
}

type RowsProps = { readonly fields: readonly string[]; readonly context: Readonly<Record<string, unknown>> };

function Section({ title, ...rows }: RowsProps & { title: string }) {
  return (
    <section className="card">
      <h2>{title}</h2>
      <Rows {...rows} />
    </section>
  );
}

function Rows({ fields, context }: RowsProps) {
  const currency = typeof context['currency'] === 'string' ? context['currency'] : undefined;
  return (
    <dl className="rows">
      {fields.map((name) => (
        <div key={name} className="row">
          <dt>{fieldLabel(name)}</dt>
          <dd>
            <Value name={name} value={context[name]} currency={currency} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
