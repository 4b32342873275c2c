import { useRef, useState, type FormEvent } from 'react';
import { Button, Input, Label, TextField } from 'react-aria-components';
import { toProblem, type Problem } from '../../core/problem.ts';
import { useServices } from '../services.ts';
import { auditTexts } from '../texts-audit.ts';
import { ProblemNotice } from './notice.tsx';

type Finding = {
  readonly partition: number | null;
  readonly seq: number | null;
  readonly actor: string | null;
  readonly version: number | null;
  readonly column: string | null;
  readonly what: string;
};

type Answer = { readonly rows: number; readonly findings: readonly Finding[]; readonly next: string | null };

type Check = {
  readonly kind: 'running' | 'stopped' | 'over';
  readonly rows: number;
  readonly findings: readonly Finding[];
};

const words = auditTexts.verify;
const PARTITIONS = 32;

/** Has a stretch checked, a piece after the other. */
function useCheck() {
  const { office } = useServices();
  const [check, setCheck] = useState<Check>();
  const [problem, setProblem] = useState<Problem>();
  const stopped = useRef(false);
  const run = async (body: object): Promise<void> => {
    stopped.current = false;
    setProblem(undefined);
    let [rows, findings] = [0, [] as readonly Finding[]];
    setCheck({ kind: 'running', rows, findings });
    try {
      for (let cursor: string | null | undefined; cursor !== null && !stopped.current;) {
        const answer = (await office.post('/v1/audit/verify', cursor === undefined ? body : { ...body, cursor })) as Answer;
        rows += answer.rows;
        findings = [...findings, ...answer.findings];
        cursor = answer.next;
        setCheck({ kind: cursor === null ? 'over' : 'running', rows, findings });
      }
    } catch (error) {
      setProblem(toProblem(error));
    }
    setCheck((before) => (before?.kind === 'running' ? { ...before, kind: 'stopped' } : before));
  };
  return { check, problem, run, stop: () => (stopped.current = true) };
}

/** Has a stretch of the hash chains computed anew, and says what came of it. */
export function VerifyCard() {
  const [draft, setDraft] = useState({ partition: '', from: '1', to: '' });
  const [wrong, setWrong] = useState(false);
  const { check, problem, run, stop } = useCheck();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const isRow = (text: string): boolean => /^[1-9]\d{0,14}$/.test(text);
    const good = isRow(draft.from) && (draft.to === '' || isRow(draft.to));
    setWrong(!good);
    if (!good || check?.kind === 'running') return;
    void run({
      from: Number(draft.from),
      ...(draft.to === '' ? {} : { to: Number(draft.to) }),
      ...(draft.partition === '' ? {} : { partitions: [Number(draft.partition)] }),
    });
  };

  return (
    <section className="card" aria-labelledby="verify-title">
      <h2 id="verify-title">{words.title}</h2>
      <p className="muted">{words.about}</p>
      <form className="verify-form" onSubmit={submit}>
        <div className="field">
          <label htmlFor="verify-partition">{words.partition}</label>
          <select
            id="verify-partition"
            className="input"
            value={draft.partition}
            onChange={(event) => setDraft({ ...draft, partition: event.target.value })}
          >
            <option value="">{words.all}</option>
            {Array.from({ length: PARTITIONS }, (_, partition) => (
              <option key={partition} value={partition}>
                {partition}
              </option>
            ))}
          </select>
        </div>
        <RowField label={words.from} value={draft.from} onChange={(from) => setDraft({ ...draft, from })} />
        <RowField label={words.to} value={draft.to} onChange={(to) => setDraft({ ...draft, to })} />
        {check?.kind === 'running' ? (
          <Button className="button" onPress={stop}>
            {words.stop}
          </Button>
        ) : (
          <Button type="submit" className="button" data-kind="main">
            {words.begin}
          </Button>
        )}
      </form>
      {wrong && <p className="field-error">{words.notNumber}</p>}
      {problem && <ProblemNotice title={words.failed} problem={problem} />}
      <div role="status">{check && !problem && <Outcome check={check} />}</div>
    </section>
  );
}

function RowField({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  return (
    <TextField className="field" value={value} onChange={onChange}>
      <Label>{label}</Label>
      <Input className="input" inputMode="numeric" autoComplete="off" />
    </TextField>
  );
}

function Outcome({ check: { kind, rows, findings } }: { check: Check }) {
  if (findings.length > 0) {
    return (
      <div className="notice" data-tone="wrong">
        <p className="notice-title">{words.bad(findings.length, rows)}</p>
        <ul className="errors" aria-label={words.findings}>
          {findings.map(({ partition, seq, actor, version, column, what }, index) => (
            <li key={index}>
              <code className="code">{words.finding(partition, seq)}</code> {actor !== null && `${actor}@${version ?? '?'} `}
              {column !== null && `${column} `}
              {what}
            </li>
          ))}
        </ul>
      </div>
    );
  }
  return (
    <p className={kind === 'over' ? 'well' : 'muted'}>
      {{ running: words.progress, stopped: words.stopped, over: words.well }[kind](rows)}
    </p>
  );
}
