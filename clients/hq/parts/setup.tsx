import { useState } from 'react';
import { Button, FieldError, Input, Label, Text, TextField } from 'react-aria-components';
import { formatNumber, nameWords } from '../../core/format.ts';
import { isRecord, toProblem } from '../../core/problem.ts';
import { readDraft, toDraft, type Field } from '../../core/schema.ts';
import { useServices } from '../services.ts';
import { missingOf, NOTHING_WRONG, placeSetupErrors, settingsOf, type Need, type Setup } from '../setup.ts';
import { officeTexts } from '../texts-office.ts';
import { texts } from '../texts.ts';
import { useAnnounce } from './announcer.tsx';
import { FormDialog } from './form-dialog.tsx';
import { SchemaFields } from './schema-form.tsx';

const words = officeTexts.integrations;

type SetupProps = { readonly setup: Setup; readonly mayConfigure: boolean; readonly onConfigured: () => void };

/** How an integration is set up, and the way to change that. */
export function SetupPart({ setup, mayConfigure, onConfigured }: SetupProps) {
  const [open, setOpen] = useState(false);
  const fields = settingsOf(setup, words.leftEmpty);
  const { needs } = setup;
  return (
    <>
      <h3>{words.setup}</h3>
      {fields.length === 0 && needs.length === 0 && <p className="muted">{words.nothingToSet}</p>}
      {(fields.length > 0 || needs.length > 0) && (
        <dl className="rows">
          <Settings fields={fields} config={setup.config} />
          {needs.map((need) => (
            <div key={need.name} className="row">
              <dt>{need.title}</dt>
              <dd>
                <Standing need={need} />
              </dd>
            </div>
          ))}
        </dl>
      )}
      {mayConfigure && (fields.length > 0 || needs.length > 0) && (
        <Button className="button" onPress={() => setOpen(true)}>
          {words.configure}
        </Button>
      )}
      {open && <SetupDialog setup={setup} fields={fields} onClose={() => setOpen(false)} onSaved={onConfigured} />}
    </>
  );
}

function Settings({ fields, config }: { fields: readonly Field[]; config: unknown }) {
  const values = isRecord(config) ? config : {};
  return fields.map((field) => (
    <div key={field.name} className="row">
      <dt>{field.label}</dt>
      <dd>{shown(field, values[field.name])}</dd>
    </div>
  ));
}

function shown({ kind }: Field, value: unknown): string {
  if (value === undefined || value === '') return words.unset;
  if (typeof value === 'boolean') return value ? words.yes : words.no;
  if (typeof value === 'number') return formatNumber(value);
  if (typeof value !== 'string') return JSON.stringify(value);
  return kind === 'choice' ? nameWords(value) : value;
}

function Standing({ need: { set, required } }: { need: Need }) {
  if (set) return words.secretSet;
  return required ? <span className="free">{words.secretNotSet}</span> : words.secretUnused;
}

type DialogProps = {
  readonly setup: Setup;
  readonly fields: readonly Field[];
  readonly onClose: () => void;
  readonly onSaved: () => void;
};

/** Everything that can be set, as it is now; of the secrets only what is typed is sent. */
function SetupDialog({ setup, fields, onClose, onSaved }: DialogProps) {
  const { office } = useServices();
  const announce = useAnnounce();
  const [draft, setDraft] = useState(() => toDraft(fields, setup.config, ''));
  const [secrets, setSecrets] = useState<Readonly<Record<string, string>>>({});
  const [wrong, setWrong] = useState(NOTHING_WRONG);
  const { name, title, needs } = setup;
  const save = async (): Promise<boolean> => {
    const read = readDraft(fields, draft, '');
    const missing = missingOf(needs, secrets).map((need) => [need.name, words.needed(need.title)] as const);
    setWrong({ config: read.ok ? {} : read.errors, secrets: Object.fromEntries(missing) });
    if (!read.ok || missing.length > 0) return false;
    const typed = Object.fromEntries(Object.entries(secrets).filter(([, value]) => value !== ''));
    try {
      await office.put(`/v1/integrations/${name}`, { config: read.value, secrets: typed });
    } catch (error) {
      const placed = placeSetupErrors(toProblem(error), { fields, needs, lookBelow: texts.form.lookBelow });
      setWrong(placed.wrong);
      throw placed.problem;
    }
    announce(words.saved(title));
    onSaved();
    return true;
  };
  return (
    <FormDialog title={words.configureTitle(title)} verb={words.save} failed={words.saveFailed} onSend={save} onClose={onClose}>
      <SchemaFields fields={fields} draft={draft} onChange={(next) => setDraft({ ...next })} errors={wrong.config} currency="" />
      {needs.map((need) => (
        <Secret
          key={need.name}
          need={need}
          value={secrets[need.name] ?? ''}
          error={wrong.secrets[need.name]}
          onChange={(value) => setSecrets({ ...secrets, [need.name]: value })}
        />
      ))}
    </FormDialog>
  );
}

type SecretProps = {
  readonly need: Need;
  readonly value: string;
  readonly error: string | undefined;
  readonly onChange: (value: string) => void;
};

function Secret({ need: { title, about, required, set }, value, error, onChange }: SecretProps) {
  return (
    <TextField
      className="field"
      type="password"
      value={value}
      onChange={onChange}
      isRequired={required && !set}
      isInvalid={error !== undefined}
      validationBehavior="aria"
    >
      <Label>
        {title}
        {!required && <span className="optional"> {texts.form.optional}</span>}
      </Label>
      <Input className="input" autoComplete="new-password" spellCheck="false" />
      <Text slot="description" className="field-hint">
        {about} {set ? words.secretKept : words.secretAsked}
      </Text>
      <FieldError className="field-error">{error}</FieldError>
    </TextField>
  );
}
