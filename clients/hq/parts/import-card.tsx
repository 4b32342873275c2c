import { useEffect, useState } from 'react';
import { Link } from '@tanstack/react-router';
import type { ActorView } from '../../../hub/protocol/messages.ts';
import { sentenceFor } from '../../../machines/fault.ts';
import { isRecord, Problem } from '../../core/problem.ts';
import { countsIn, doneOf, fieldsIn, fileIn, guessMapping, mappingIn, readRows } from '../imports.ts';
import type { FileShown, RowShown } from '../imports.ts';
import { nounOf } from '../nouns.ts';
import { byIn } from '../periods.ts';
import { useActor, useServices } from '../services.ts';
import { texts as words } from '../texts-imports.ts';
import { texts } from '../texts.ts';
import { Actions } from './actions.tsx';
import { CopyHash } from './copy-hash.tsx';
import { ImportMapping } from './import-mapping.tsx';
import { BadRows } from './import-rows.tsx';
import { ProblemNotice, Skeleton } from './notice.tsx';
import { PlainTable } from './plain-table.tsx';
import { StateBadge } from './state-badge.tsx';

const noun = nounOf('import');
const SAMPLES = 5;

/** One file on its way: what is in it, what its fields are made from, what its rows came to, and what can be done. */
export function ImportCard({ id }: { id: string }) {
  const address = `import/${id}`;
  const live = useActor(address);
  if (live.kind === 'waiting') return <Skeleton rows={8} label={texts.common.loading(words.file)} />;
  if (live.kind === 'refused')
    return (
      <ProblemNotice title={texts.common.cannotBeShown(words.file)} problem={new Problem(0, live.code, live.reason)} onRetry={live.retry} />
    );
  const { copy } = live;
  const file = fileIn(copy.context);
  return (
    <section className="card" aria-labelledby="import-title">
      <div className="card-head">
        <h2 id="import-title">{textOf(copy.context['name'], id)}</h2>
        <Link to={`/${address}` as never} className="link">
          {words.history}
        </Link>
      </div>
      <StateBadge type={noun.type} state={copy.state} tags={copy.tags} />
      {copy.state.includes('reading') && <p role="status">{words.reading}</p>}
      <Trouble context={copy.context} />
      {file && <File file={file} context={copy.context} />}
      {file && <Stages id={id} address={address} file={file} copy={copy} />}
      <h3>{words.actions}</h3>
      {/* How it is mapped is said above, where the columns are. */}
      <Actions address={address} noun={noun} now={{ ...copy, can: copy.can.filter(({ type }) => type !== 'MAP') }} />
    </section>
  );
}

type Context = ActorView['context'];

function textOf(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise;
}

function Trouble({ context: { trouble } }: { context: Context }) {
  if (!isRecord(trouble)) return null;
  const { code, detail } = trouble;
  return (
    <div className="notice" data-tone="wrong" role="alert">
      <p className="notice-title">{words.stands}</p>
      <p>{typeof detail === 'string' ? detail : sentenceFor(String(code))}</p>
    </div>
  );
}

function File({ file, context }: { file: FileShown; context: Context }) {
  const { target, maker, started, approved, payload_hash } = context;
  const between = file.delimiter === null ? undefined : words.delimiters[file.delimiter];
  const facts = [
    [words.facts.target, textOf(target)],
    [words.facts.rows, String(file.rows)],
    [words.facts.read, [file.format.toUpperCase(), file.encoding, between].filter((one) => typeof one === 'string').join(', ')],
    [words.facts.maker, textOf(maker)],
    [words.facts.started, byIn(started)],
    [words.facts.approved, byIn(approved)],
  ] as const;
  return (
    <dl className="standings">
      {facts.map(([label, value]) => value !== undefined && <Fact key={label} label={label} value={value} />)}
      {typeof payload_hash === 'string' && (
        <div className="wide">
          <dt>{words.facts.hash}</dt>
          <dd>
            <CopyHash hash={payload_hash} />
          </dd>
        </div>
      )}
    </dl>
  );
}

function Fact({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

type StagesProps = {
  readonly id: string;
  readonly address: string;
  readonly file: FileShown;
  readonly copy: Pick<ActorView, 'context' | 'can' | 'state'>;
};

function Stages({ id, address, file, copy: { context, can, state } }: StagesProps) {
  const samples = useSamples(id);
  const counts = countsIn(context['counts']);
  const mapping = mappingIn(context);
  const done = doneOf(counts);
  const isRun = ['running', 'stopped', 'done', 'canceled'].some((one) => state.includes(one)) && isRecord(context['started']);
  return (
    <>
      {mapping === undefined && samples !== undefined && <Samples columns={file.columns} rows={samples} />}
      {can.some(({ type, ok }) => type === 'MAP' && ok) && samples !== undefined && (
        <details className="import-stage" key={JSON.stringify(mapping ?? null)} open={mapping === undefined}>
          <summary>
            <h3>{words.mapping}</h3>
          </summary>
          <ImportMapping
            address={address}
            fields={fieldsIn(context)}
            columns={file.columns}
            mapping={mapping ?? guessMapping(fieldsIn(context), file.columns)}
            first={samples[0]}
            isNew={mapping === undefined}
          />
        </details>
      )}
      {(done > 0 || state.includes('running') || state.includes('previewing')) && (
        <>
          <h3>{words.rows}</h3>
          <progress className="import-progress" max={file.rows} value={done} aria-label={words.progress(done, file.rows)} />
          <dl className="standings">
            <Fact label={words.rows} value={words.progress(done, file.rows)} />
            <Fact label={isRun ? words.counts.made : words.counts.good} value={String(counts.good)} />
            <Fact label={words.counts.bad} value={String(counts.bad)} />
            <Fact label={words.counts.already} value={String(counts.already)} />
          </dl>
        </>
      )}
      {counts.bad > 0 && <BadRows id={id} known={`${String(context['pass'])} ${state.join()} ${Math.min(counts.bad, 51)}`} />}
    </>
  );
}

/** The first rows as they came; undefined until they are there. */
function useSamples(id: string): readonly RowShown[] | undefined {
  const { office } = useServices();
  const [samples, setSamples] = useState<readonly RowShown[]>();
  useEffect(() => {
    const controller = new AbortController();
    office.get(`/v1/imports/${id}/rows?status=all&limit=${SAMPLES}`, controller.signal).then(
      (answer) => setSamples(readRows(answer).items),
      // The mapping can be made without them.
      () => controller.signal.aborted || setSamples([]),
    );
    return () => controller.abort();
  }, [office, id]);
  return samples;
}

function Samples({ columns, rows }: { columns: readonly string[]; rows: readonly RowShown[] }) {
  return (
    <>
      <h3>{words.samples}</h3>
      <PlainTable
        label={words.samples}
        columns={[
          { key: 'row', label: words.row, show: ({ row }) => <span className="number">{row}</span> },
          ...columns.map((label, index) => ({
            key: String(index),
            label,
            show: ({ values }: RowShown) => (
              <span className="import-cell">{values?.[index] === null ? words.withheld : values?.[index]}</span>
            ),
          })),
        ]}
        rows={rows}
        keyOf={({ row }) => String(row)}
      />
    </>
  );
}
