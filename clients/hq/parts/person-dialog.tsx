import { useState } from 'react';
import { FieldError, Input, Label, TextField } from 'react-aria-components';
import { ROLES, type Person } from '../people.ts';
import { useServices } from '../services.ts';
import { peopleTexts as words } from '../texts-audit.ts';
import { useAnnounce } from './announcer.tsx';
import { FormDialog } from './form-dialog.tsx';

type Draft = { username: string; roles: readonly string[]; client: string; disabled: boolean; password: string };

/** Who somebody is and what he may do, all of it at once: what is taken away here is gone at once. */
export function PersonDialog({ person, onClose, onSaved }: { person: Person; onClose: () => void; onSaved: () => void }) {
  const { office } = useServices();
  const announce = useAnnounce();
  const isNew = person.username === '';
  const [draft, setDraft] = useState<Draft>({ ...person, client: person.client ?? '', password: '' });
  const save = async (): Promise<void> => {
    const { username, roles, client, disabled, password } = draft;
    const body = { roles, disabled, ...(client === '' ? {} : { client }), ...(password === '' ? {} : { password }) };
    await office.put(`/v1/people/${encodeURIComponent(username.trim())}`, body);
    announce(words.saved(username));
    onSaved();
  };
  return (
    <FormDialog
      title={isNew ? words.addTitle : words.editTitle(person.username)}
      verb={words.save}
      failed={words.failed}
      onSend={save}
      onClose={onClose}
    >
      <PersonFields isNew={isNew} draft={draft} onChange={setDraft} />
    </FormDialog>
  );
}

function PersonFields({ isNew, draft, onChange }: { isNew: boolean; draft: Draft; onChange: (draft: Draft) => void }) {
  return (
    <>
      {isNew && (
        <Text
          label={words.username}
          hint={words.usernameHint}
          value={draft.username}
          isRequired
          autoFocus
          onChange={(username) => onChange({ ...draft, username })}
        />
      )}
      <fieldset className="fieldset roles">
        <legend>{words.roles}</legend>
        {ROLES.map((role) => (
          <label key={role} className="tick">
            <input
              type="checkbox"
              className="box"
              checked={draft.roles.includes(role)}
              onChange={({ target }) =>
                onChange({ ...draft, roles: target.checked ? [...draft.roles, role] : draft.roles.filter((one) => one !== role) })
              }
            />
            {role}
          </label>
        ))}
      </fieldset>
      <Text label={words.client} hint={words.clientHint} value={draft.client} onChange={(client) => onChange({ ...draft, client })} />
      <Text
        label={words.password}
        hint={words.passwordHint}
        type="password"
        minLength={8}
        value={draft.password}
        onChange={(password) => onChange({ ...draft, password })}
      />
      {!isNew && (
        <label className="tick">
          <input
            type="checkbox"
            className="box"
            checked={draft.disabled}
            onChange={({ target }) => onChange({ ...draft, disabled: target.checked })}
          />
          {words.switchOff}
        </label>
      )}
    </>
  );
}

type TextProps = {
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly type?: 'password';
  readonly minLength?: number;
  readonly isRequired?: boolean;
  readonly autoFocus?: boolean;
};

function Text({ label, hint, type, ...rest }: TextProps) {
  return (
    <TextField className="field" {...rest} {...(type === undefined ? {} : { type })}>
      <Label>{label}</Label>
      <Input className="input" autoComplete={type === 'password' ? 'new-password' : 'off'} />
      <span className="field-hint">{hint}</span>
      <FieldError className="field-error" />
    </TextField>
  );
}
