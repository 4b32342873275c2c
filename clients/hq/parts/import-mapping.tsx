import { useState } from 'react';
import { Button } from 'react-aria-components';
import { READINGS } from '../../../machines/import-words.ts';
import type { Mapping, Rule, TargetField } from '../../../machines/import-terms.ts';
import type { Reading } from '../../../machines/import-words.ts';
import { toProblem, type Problem } from '../../core/problem.ts';
import { newId } from '../browser.ts';
import { toSent, type RowShown } from '../imports.ts';
import { useServices } from '../services.ts';
import { texts as words } from '../texts-imports.ts';
import { useAnnounce } from './announcer.tsx';
import { Choose } from './choose.tsx';
import { CurrencySelect } from './currency-select.tsx';
import { ProblemNotice } from './notice.tsx';
import { PlainTable } from './plain-table.tsx';
import { fieldLabel } from './value.tsx';

type Props = {
  readonly address: string;
  readonly fields: readonly TargetField[];
  readonly columns: readonly string[];
  /** That stands, or that is offered. */
  readonly mapping: Mapping;
  readonly first: RowShown | undefined;
  /** It is offered, and nobody has kept it yet. */
  readonly isNew: boolean;
};

/** Says what each field is made from, with what the first row has there. */
export function ImportMapping({ address, fields, columns, mapping, first, isNew }: Props) {
  const { office } = useServices();
  const announce = useAnnounce();
  const [draft, setDraft] = useState(() => complete(mapping, fields));
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const change = (field: string, changes: Partial<Rule>): void =>
    setDraft({ ...draft, fields: draft.fields.map((rule) => (rule.field === field ? { ...rule, ...changes } : rule)) });
  const keep = async (): Promise<void> => {
    if (busy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await office.post(`/v1/actors/${address}/events`, { type: 'MAP', ...toSent(draft) }, newId('map'));
      announce(words.mapped);
    } catch (error) {
      setProblem(toProblem(error));
    }
    setBusy(false);
  };
  const offered = columns.map((name, index) => [String(index), name] as const);
  return (
    <section className="import-stage" aria-label={words.mappingOf}>
      {problem && <ProblemNotice title={words.notMapped} problem={problem} />}
      <Rules rules={draft.fields} fields={fields} offered={offered} first={first} onChange={change} />
      <div className="import-key">
        <Choose
          label={words.key}
          value={draft.key === null ? '' : String(draft.key)}
          options={[['', words.keyNone], ...offered]}
          onChange={(value) => setDraft({ ...draft, key: value === '' ? null : Number(value) })}
        />
      </div>
      <p className="muted">{words.keyHint}</p>
      <Button className="button" data-kind={isNew ? 'main' : undefined} data-busy={busy || undefined} onPress={() => void keep()}>
        {words.map}
      </Button>
    </section>
  );
}

type RulesProps = {
  readonly rules: readonly Rule[];
  readonly fields: readonly TargetField[];
  readonly offered: readonly (readonly [value: string, label: string])[];
  readonly first: RowShown | undefined;
  readonly onChange: (field: string, changes: Partial<Rule>) => void;
};

function Rules({ rules, fields, offered, first, onChange: change }: RulesProps) {
  const known = new Map(fields.map((one) => [one.field, one]));
  return (
    <PlainTable
      label={words.mappingOf}
      columns={[
        {
          key: 'field',
          label: words.field,
          show: ({ field }) => <FieldName field={field} isNeeded={known.get(field)?.required === true} />,
        },
        {
          key: 'from',
          label: words.from,
          show: ({ field, column }) => (
            <Choose
              label={`${words.from}, ${fieldLabel(field)}`}
              isBare
              value={column === null ? '' : String(column)}
              options={[['', words.noColumn], ...offered]}
              onChange={(value) => change(field, { column: value === '' ? null : Number(value) })}
            />
          ),
        },
        { key: 'sample', label: words.sample, show: ({ column }) => <Cell row={first} column={column} /> },
        { key: 'as', label: words.as, show: (rule) => <HowRead rule={rule} onChange={(changes) => change(rule.field, changes)} /> },
        {
          key: 'otherwise',
          label: words.otherwise,
          show: (rule) => <Otherwise rule={rule} onChange={(changes) => change(rule.field, changes)} />,
        },
      ]}
      rows={rules}
      keyOf={({ field }) => field}
    />
  );
}

/** Also the fields that were left out when it was sent. */
function complete(mapping: Mapping, fields: readonly TargetField[]): Mapping {
  const rules = fields.map(
    ({ field, as }): Rule =>
      mapping.fields.find((rule) => rule.field === field) ?? { field, column: null, otherwise: null, as, currency: null },
  );
  return { ...mapping, fields: rules };
}

function FieldName({ field, isNeeded }: { field: string; isNeeded: boolean }) {
  return (
    <>
      {fieldLabel(field)} {isNeeded && <span className="muted">{words.needed}</span>}
    </>
  );
}

/** What the first row has in a column. */
function Cell({ row, column }: { row: RowShown | undefined; column: number | null }) {
  if (column === null || row === undefined) return null;
  const value = row.values?.[column];
  return value === null ? <span className="muted">{words.withheld}</span> : <span className="import-cell">{value ?? ''}</span>;
}

type RuleProps = { readonly rule: Rule; readonly onChange: (changes: Partial<Rule>) => void };

function HowRead({ rule: { field, as, currency }, onChange }: RuleProps) {
  return (
    <>
      <Choose
        label={`${words.as}, ${fieldLabel(field)}`}
        isBare
        value={as}
        options={READINGS.map((one) => [one, words.readings[one]])}
        onChange={(value) => onChange({ as: value as Reading })}
      />
      {as.startsWith('amount') && (
        <CurrencySelect label={words.currency} value={currency ?? ''} published={[]} onChange={(code) => onChange({ currency: code })} />
      )}
    </>
  );
}

function Otherwise({ rule: { field, column, otherwise }, onChange }: RuleProps) {
  const label = `${column === null ? words.otherwiseAll : words.otherwise}, ${fieldLabel(field)}`;
  return (
    <input
      className="input"
      aria-label={label}
      value={otherwise ?? ''}
      maxLength={500}
      autoComplete="off"
      onChange={({ target }) => onChange({ otherwise: target.value === '' ? null : target.value })}
    />
  );
}
