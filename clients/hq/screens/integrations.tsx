import { useState, type FormEvent } from 'react';
import { Link } from '@tanstack/react-router';
import { Button, FieldError, Form, Input, Label, TextArea, TextField } from 'react-aria-components';
import type { ListItem } from '../../../hub/protocol/messages.ts';
import { idOf } from '../../../machines/ids.ts';
import { formatNumber } from '../../core/format.ts';
import { Problem, toProblem } from '../../core/problem.ts';
import { callsOf } from '../figures.ts';
import { readObject } from '../letters.ts';
import { nounOf } from '../nouns.ts';
import { readItems } from '../office.ts';
import { Actions } from '../parts/actions.tsx';
import { useAnnounce } from '../parts/announcer.tsx';
import { Sheet } from '../parts/dialog.tsx';
import { Empty, ProblemNotice, Skeleton } from '../parts/notice.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { usePolled } from '../parts/use-polled.ts';
import { useActor, useList, useServices, useWho } from '../services.ts';
import { officeTexts } from '../texts-office.ts';
import { texts } from '../texts.ts';
import { useTitle } from '../title.ts';

type Setup = { readonly name: string; readonly title: string; readonly config: unknown; readonly secrets: readonly string[] };

const words = officeTexts.integrations;
const noun = nounOf('integration');
const READERS = ['operator', 'admin', 'developer', 'auditor'];
const MOST = 100;

/** What the hub calls outside: how each does, the switches of its circuit, and how it is set up. */
export function Integrations() {
  useTitle(words.title);
  const followed = useList({ type: noun.type, sort: 'title', limit: MOST });
  const setups = useSetups();
  return (
    <div className="page">
      <div className="page-head">
        <h1>{words.title}</h1>
      </div>
      <p className="muted">{words.about}</p>
      {followed.kind === 'waiting' && <Skeleton rows={6} label={texts.common.loading(words.title)} />}
      {followed.kind === 'refused' && (
        <ProblemNotice
          title={texts.common.cannotBeShown(words.title)}
          problem={new Problem(0, followed.code, followed.reason)}
          onRetry={followed.retry}
        />
      )}
      {followed.kind === 'here' && followed.copy.items.length === 0 && <Empty title={words.none}>{words.noneYet}</Empty>}
      <div className="integrations">
        {followed.kind === 'here' &&
          followed.copy.items.map((item) => (
            <Integration
              key={item.address}
              item={item}
              setup={setups.value?.find(({ name }) => name === idOf(item.address))}
              onConfigured={setups.again}
            />
          ))}
      </div>
      {setups.problem && <ProblemNotice title={texts.common.cannotBeShown(words.setup)} problem={setups.problem} onRetry={setups.again} />}
    </div>
  );
}

/** How they are set up is for those who run the hub; the others see only how they do. */
function useSetups() {
  const { office } = useServices();
  const who = useWho();
  const may = who?.roles.some((role) => READERS.includes(role)) ?? false;
  return usePolled(`setups ${may}`, async (signal) => (may ? readItems<Setup>(await office.get('/v1/integrations', signal)) : []));
}

type Props = { readonly item: ListItem; readonly setup: Setup | undefined; readonly onConfigured: () => void };

function Integration({ item, setup, onConfigured }: Props) {
  const who = useWho();
  const live = useActor(item.address);
  const [open, setOpen] = useState(false);
  const mayConfigure = who?.roles.some((role) => role === 'operator' || role === 'admin') ?? false;
  const counted = callsOf(item.context['window']);
  const figure = (value: unknown): string => (typeof value === 'number' ? formatNumber(value) : '—');
  return (
    <section className="card integration" aria-label={item.title}>
      <div className="card-head">
        <h2>
          <Link to={`/${item.address}`} className="row-link">
            {item.title}
          </Link>
        </h2>
        <StateBadge type={noun.type} state={item.state} tags={item.tags} />
      </div>
      <dl className="pulse-figures">
        <Figure name={words.calls} value={figure(counted?.calls)} />
        <Figure name={words.failed} value={figure(counted?.failed)} />
        <Figure name={words.trips} value={figure(item.context['trips'])} />
      </dl>
      <h3>{words.actions}</h3>
      {live.kind === 'here' && <Actions address={item.address} noun={noun} now={live.copy} />}
      {setup && (
        <>
          <h3>{words.setup}</h3>
          <pre className="config">{JSON.stringify(setup.config, undefined, 2)}</pre>
          <p className="muted">
            {words.secrets}: {setup.secrets.join(', ') || words.noSecrets}
          </p>
          {mayConfigure && (
            <Button className="button" onPress={() => setOpen(true)}>
              {words.configure}
            </Button>
          )}
        </>
      )}
      {open && setup && <ConfigureDialog setup={setup} onClose={() => setOpen(false)} onSaved={onConfigured} />}
    </section>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="number">{value}</dd>
    </div>
  );
}

function ConfigureDialog({ setup, onClose, onSaved }: { setup: Setup; onClose: () => void; onSaved: () => void }) {
  const { office } = useServices();
  const announce = useAnnounce();
  const [config, setConfig] = useState(() => JSON.stringify(setup.config ?? {}, undefined, 2));
  const [secrets, setSecrets] = useState<Readonly<Record<string, string>>>({});
  const [added, setAdded] = useState({ name: '', value: '' });
  const [wrong, setWrong] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const read = readObject(config);
    setWrong(read === undefined);
    if (read === undefined || busy) return;
    setBusy(true);
    const given = { ...secrets, ...(added.name === '' ? {} : { [added.name]: added.value }) };
    const filled = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
    try {
      await office.put(`/v1/integrations/${setup.name}`, { config: read, secrets: filled });
      announce(words.saved(setup.title));
      onSaved();
      onClose();
    } catch (error) {
      setProblem(toProblem(error));
      setBusy(false);
    }
  };
  return (
    <Sheet title={words.configureTitle(setup.title)} busy={busy} onClose={onClose}>
      {problem && <ProblemNotice title={words.saveFailed} problem={problem} />}
      <Form className="form" onSubmit={(event: FormEvent) => void submit(event)}>
        <TextField className="field" value={config} onChange={setConfig} isInvalid={wrong} validationBehavior="aria" autoFocus>
          <Label>{words.config}</Label>
          <TextArea className="input mono" rows={6} spellCheck="false" />
          <span className="field-hint">{words.configHint}</span>
          <FieldError className="field-error">{wrong ? words.notJson : undefined}</FieldError>
        </TextField>
        {setup.secrets.map((name) => (
          <Secret key={name} label={name} value={secrets[name] ?? ''} onChange={(value) => setSecrets({ ...secrets, [name]: value })} />
        ))}
        <TextField className="field" value={added.name} onChange={(name) => setAdded({ ...added, name })}>
          <Label>{words.newSecret}</Label>
          <Input className="input mono" autoComplete="off" spellCheck="false" />
        </TextField>
        {added.name !== '' && (
          <Secret label={words.newSecretValue} value={added.value} onChange={(value) => setAdded({ ...added, value })} />
        )}
        <div className="dialog-buttons">
          <Button className="button" onPress={onClose} isDisabled={busy}>
            {texts.common.back}
          </Button>
          <Button type="submit" className="button" data-kind="main" data-busy={busy || undefined}>
            {words.save}
          </Button>
        </div>
      </Form>
    </Sheet>
  );
}

function Secret({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  return (
    <TextField className="field" type="password" value={value} onChange={onChange}>
      <Label>{label}</Label>
      <Input className="input" autoComplete="new-password" />
      <span className="field-hint">{words.secretHint}</span>
    </TextField>
  );
}
