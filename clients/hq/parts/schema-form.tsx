import { Button, Checkbox, FieldError, Input, Label, Radio, RadioGroup, Text, TextArea, TextField } from 'react-aria-components';
import { idOf, isId } from '../../../machines/ids.ts';
import { CURRENCIES } from '../../../machines/money.ts';
import { formatMoney, nameWords, readMoney } from '../../core/format.ts';
import { emptyDraft, type Draft, type Field } from '../../core/schema.ts';
import { sendOnCtrlEnter } from '../keys.ts';
import { useList } from '../services.ts';
import { countryName } from './value.tsx';
import { texts } from '../texts.ts';

type Drafts = Readonly<Record<string, Draft>>;

export type FieldsProps = {
  readonly fields: readonly Field[];
  readonly draft: Drafts;
  readonly onChange: (draft: Drafts) => void;
  /** Sentences by path, as `readDraft` gives them. */
  readonly errors: Readonly<Record<string, string>>;
  /** Of amounts, where the form has no field for it. */
  readonly currency: string;
  /** What the fields hold now, said below them: an amendment changes only what is filled in. */
  readonly present?: Readonly<Record<string, unknown>>;
  readonly path?: string;
};

/** The controls for the fields of a schema. */
export function SchemaFields({ fields, draft, onChange, errors, currency, present, path = '' }: FieldsProps) {
  const own = typeof draft['currency'] === 'string' && draft['currency'] !== '' ? draft['currency'] : currency;
  return fields.map((field, index) => (
    <OneField
      key={field.name}
      field={field}
      draft={draft[field.name] ?? emptyDraft(field)}
      onChange={(next) => onChange({ ...draft, [field.name]: next })}
      errors={errors}
      currency={own}
      hint={presentHint(field, present?.[field.name], own)}
      path={path + field.name}
      client={typeof draft['client'] === 'string' ? draft['client'] : ''}
      isFirst={index === 0 && path === ''}
    />
  ));
}

function presentHint(field: Field, value: unknown, currency: string): string | undefined {
  if (typeof value === 'number' && field.kind === 'money') return texts.form.now(formatMoney(value, currency));
  return typeof value === 'string' && value !== '' ? texts.form.now(`“${value}”`) : undefined;
}

type OneProps = {
  readonly field: Field;
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
  readonly errors: Readonly<Record<string, string>>;
  readonly currency: string;
  readonly hint?: string | undefined;
  readonly path: string;
  /** Whose accounts are suggested: the client that has been entered beside it. */
  readonly client?: string;
  readonly isFirst: boolean;
  /** Within a list, the position stands for the name. */
  readonly label?: string;
};

function OneField(props: OneProps) {
  const { field, draft, onChange } = props;
  switch (field.kind) {
    case 'boolean':
      return (
        <div className="field">
          <Checkbox
            className="checkbox"
            isSelected={draft === true}
            onChange={onChange}
            {...(field.hint === undefined ? {} : { 'aria-describedby': `field-${props.path}-hint` })}
          >
            <span className="checkbox-box" aria-hidden="true" />
            {field.label}
          </Checkbox>
          {field.hint !== undefined && (
            <span className="field-hint" id={`field-${props.path}-hint`}>
              {field.hint}
            </span>
          )}
        </div>
      );
    case 'choice':
      return field.options.length <= 5 ? <Choice {...props} options={field.options} /> : <Select {...props} options={field.options} />;
    case 'currency':
      return <Select {...props} options={CURRENCIES} />;
    case 'list':
      return <List {...props} field={field} />;
    case 'group':
      return <Group {...props} field={field} />;
    case 'json':
      return <TextInput {...props} lines={4} />;
    case 'text':
      return <TextInput {...props} lines={(field.most ?? 0) > 300 ? 3 : 1} />;
    default:
      return <TextInput {...props} lines={1} />;
  }
}

function TextInput({ field, draft, onChange, errors, currency, hint, path, client, isFirst, label, lines }: OneProps & { lines: number }) {
  const error = errors[path];
  const text = typeof draft === 'string' ? draft : '';
  const numeric = field.kind === 'money' || field.kind === 'number';
  return (
    <TextField
      className="field"
      value={text}
      onChange={(next) => onChange(field.name === 'country' ? next.toUpperCase() : next)}
      isRequired={field.required}
      isInvalid={error !== undefined}
      validationBehavior="aria"
      autoFocus={isFirst}
    >
      <Label>
        {label ?? field.label}
        {!field.required && <span className="optional"> {texts.form.optional}</span>}
      </Label>
      {lines > 1 ? (
        <TextArea className="input" rows={lines} onKeyDown={sendOnCtrlEnter} />
      ) : (
        <Input
          className="input"
          {...(field.kind === 'deadline' || (field.kind === 'text' && field.date) ? { type: 'date' } : {})}
          inputMode={numeric ? 'decimal' : field.kind === 'text' && field.email ? 'email' : 'text'}
          autoComplete="off"
          {...(SUGGESTED.includes(field.name) ? { list: `known-${field.name}s` } : {})}
        />
      )}
      {field.name === 'client' && <KnownClients id="known-clients" />}
      {field.name === 'account' && <KnownAccounts id="known-accounts" client={client ?? ''} />}
      {field.kind === 'money' && <Echo>{moneyEcho(text, currency)}</Echo>}
      {field.name === 'country' && <Echo>{countryName(text) ?? texts.form.country}</Echo>}
      {(hint ?? field.hint) !== undefined && (
        <Text slot="description" className="field-hint">
          {hint ?? field.hint}
        </Text>
      )}
      <FieldError className="field-error">{error}</FieldError>
    </TextField>
  );
}

/** Fields whose values are known, and suggested. */
const SUGGESTED: readonly string[] = ['client', 'account'];

/** The clients that money may move for, as suggestions; any other id can still be typed. */
function KnownClients({ id }: { id: string }) {
  const clients = useList({ type: 'client', state: 'active', limit: 100 });
  return (
    <datalist id={id}>
      {clients.kind === 'here' &&
        clients.copy.items.map(({ address, title }) => (
          <option key={address} value={idOf(address)}>
            {title}
          </option>
        ))}
    </datalist>
  );
}

/** The accounts of the client that has been entered, or of all; each with what can be paid from it. */
function KnownAccounts({ id, client }: { id: string; client: string }) {
  const accounts = useList({ type: 'account', limit: 100, ...(isId(client) ? { client } : {}) });
  return (
    <datalist id={id}>
      {accounts.kind === 'here' &&
        accounts.copy.items.map(({ address, title, summary }) => (
          <option key={address} value={idOf(address)}>
            {`${title}, ${summary}`}
          </option>
        ))}
    </datalist>
  );
}

/** Says how a text is understood, so that a slip is seen before it is sent. */
function Echo({ children }: { children: string }) {
  return (
    <output className="field-echo" aria-live="off">
      {children}
    </output>
  );
}

function moneyEcho(text: string, currency: string): string {
  const read = readMoney(text, currency);
  return read.ok ? formatMoney(read.minor, currency) : currency;
}

function Select({ field, draft, onChange, errors, hint = field.hint, path, options }: OneProps & { options: readonly string[] }) {
  const error = errors[path];
  const id = `field-${path}`;
  return (
    <div className="field" data-invalid={error !== undefined || undefined}>
      <label htmlFor={id}>
        {field.label}
        {!field.required && <span className="optional"> {texts.form.optional}</span>}
      </label>
      <select
        id={id}
        className="input"
        value={typeof draft === 'string' ? draft : ''}
        onChange={(event) => onChange(event.target.value)}
        aria-invalid={error !== undefined}
        aria-describedby={[hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || undefined}
      >
        <option value="">{texts.form.choose}</option>
        {options.map((option) => (
          <option key={option} value={option}>
            {field.kind === 'currency' ? option : nameWords(option)}
          </option>
        ))}
      </select>
      {hint !== undefined && (
        <span className="field-hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
      {error !== undefined && (
        <span className="field-error" id={`${id}-error`}>
          {error}
        </span>
      )}
    </div>
  );
}

function Choice({ field, draft, onChange, errors, hint = field.hint, path, options }: OneProps & { options: readonly string[] }) {
  const error = errors[path];
  return (
    <RadioGroup
      className="field"
      value={typeof draft === 'string' ? draft : ''}
      onChange={onChange}
      isInvalid={error !== undefined}
      validationBehavior="aria"
    >
      <Label>
        {field.label}
        {!field.required && <span className="optional"> {texts.form.optional}</span>}
      </Label>
      <div className="radios">
        {options.map((option) => (
          <Radio key={option} value={option} className="radio">
            <span className="radio-dot" aria-hidden="true" />
            {nameWords(option)}
          </Radio>
        ))}
      </div>
      {hint !== undefined && (
        <Text slot="description" className="field-hint">
          {hint}
        </Text>
      )}
      <FieldError className="field-error">{error}</FieldError>
    </RadioGroup>
  );
}

function Group({ field, draft, onChange, errors, currency, path }: OneProps & { field: Extract<Field, { kind: 'group' }> }) {
  const record = typeof draft === 'object' && !Array.isArray(draft) ? (draft as Drafts) : {};
  return (
    <fieldset className="fieldset">
      <legend>{field.label}</legend>
      <SchemaFields fields={field.fields} draft={record} onChange={onChange} errors={errors} currency={currency} path={`${path}.`} />
    </fieldset>
  );
}

function List(props: OneProps & { field: Extract<Field, { kind: 'list' }> }) {
  const { field, draft, onChange, errors, path } = props;
  const items = Array.isArray(draft) ? (draft as readonly Draft[]) : [];
  return (
    <fieldset className="fieldset">
      <legend>{field.label}</legend>
      {items.map((item, index) => (
        <div key={index} className="list-item">
          <OneField
            {...props}
            field={field.item}
            draft={item}
            label={`${field.label} ${index + 1}`}
            path={`${path}.${index}`}
            hint={undefined}
            onChange={(next) => onChange(items.with(index, next))}
          />
          {items.length > field.least && (
            <Button
              className="button"
              data-kind="quiet"
              aria-label={texts.form.removeOne(`${field.label} ${index + 1}`)}
              onPress={() => onChange(items.toSpliced(index, 1))}
            >
              {texts.form.remove}
            </Button>
          )}
        </div>
      ))}
      {errors[path] !== undefined && <span className="field-error">{errors[path]}</span>}
      {(field.most === undefined || items.length < field.most) && (
        <Button className="button" data-kind="quiet" onPress={() => onChange([...items, emptyDraft(field.item)])}>
          {texts.form.add}
        </Button>
      )}
    </fieldset>
  );
}
