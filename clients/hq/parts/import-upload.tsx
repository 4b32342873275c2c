import { useId, useRef, useState } from 'react';
import { useNavigate } from '@tanstack/react-router';
import { Button, DropZone, FileTrigger } from 'react-aria-components';
import { idOf } from '../../../machines/ids.ts';
import { DELIMITERS, ENCODINGS } from '../../../machines/import-words.ts';
import { Problem, toProblem } from '../../core/problem.ts';
import { newId } from '../browser.ts';
import { useServices } from '../services.ts';
import { texts as words } from '../texts-imports.ts';
import { Choose } from './choose.tsx';
import { ProblemNotice } from './notice.tsx';

const MOST_BYTES = 50 * 1024 * 1024;

/** What the file makes, and how it is read; empty where that is found out. */
type Given = { readonly type: string; readonly encoding: string; readonly delimiter: string };

/** Sends a file. The same choice sent again, as after an answer that was lost, is the same import. */
export function ImportUpload({ targets }: { targets: readonly string[] }) {
  const { office } = useServices();
  const navigate = useNavigate();
  const title = useId();
  const [file, setFile] = useState<File>();
  const [given, setGiven] = useState<Given>({ type: targets[0] ?? '', encoding: '', delimiter: '' });
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const key = useRef('');
  const change = (next: File | undefined, choices: Given): void => {
    key.current = newId('file');
    setProblem(next !== undefined && next.size > MOST_BYTES ? new Problem(413, 'too_large', words.tooLarge) : undefined);
    setFile(next);
    setGiven(choices);
  };
  const send = async (): Promise<void> => {
    if (busy || file === undefined || file.size > MOST_BYTES) return;
    setBusy(true);
    setProblem(undefined);
    try {
      const asked = Object.entries({ ...given, name: file.name }).filter(([, value]) => value !== '');
      const address = await office.upload(`/v1/imports?${new URLSearchParams(asked)}`, file, key.current);
      await navigate({ to: '/imports', search: { import: idOf(address) } as never });
    } catch (error) {
      setProblem(toProblem(error));
    }
    setBusy(false);
  };
  return (
    <section className="card" aria-labelledby={title}>
      <h2 id={title}>{words.new}</h2>
      {problem && <ProblemNotice title={words.notSent} problem={problem} />}
      <DropZone
        className="drop"
        aria-label={words.file}
        onDrop={({ items }) => {
          const dropped = items.find((item) => item.kind === 'file');
          void dropped?.getFile().then((one) => change(one, given));
        }}
      >
        <FileTrigger acceptedFileTypes={['.csv', '.txt', '.xlsx']} onSelect={(files) => change(files?.[0], given)}>
          <Button className="button">{words.choose}</Button>
        </FileTrigger>
        <p className="muted" role="status">
          {file === undefined ? words.drop : words.chosen(file.name, file.size)}
        </p>
      </DropZone>
      <Choices targets={targets} given={given} onChange={(choices) => change(file, choices)} />
      <Button
        className="button"
        data-kind="main"
        data-busy={busy || undefined}
        isDisabled={file === undefined || problem?.code === 'too_large'}
        onPress={() => void send()}
      >
        {busy ? words.sending : words.send}
      </Button>
    </section>
  );
}

type ChoicesProps = { readonly targets: readonly string[]; readonly given: Given; readonly onChange: (given: Given) => void };

function Choices({ targets, given, onChange }: ChoicesProps) {
  const choose = (name: keyof Given) => (value: string) => onChange({ ...given, [name]: value });
  return (
    <div className="import-choices">
      <Choose label={words.makes} value={given.type} options={targets.map((one) => [one, one])} onChange={choose('type')} />
      <Choose
        label={words.encoding}
        value={given.encoding}
        options={[['', words.found], ...ENCODINGS.map((one) => [one, one] as const)]}
        onChange={choose('encoding')}
      />
      <Choose
        label={words.delimiter}
        value={given.delimiter}
        options={[['', words.found], ...DELIMITERS.map((one) => [one, words.delimiters[one] ?? one] as const)]}
        onChange={choose('delimiter')}
      />
    </div>
  );
}
