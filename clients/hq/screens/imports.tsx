import { useEffect, useState } from 'react';
import { Link, useSearch } from '@tanstack/react-router';
import { idOf, isId } from '../../../machines/ids.ts';
import { isRecord, Problem, toProblem } from '../../core/problem.ts';
import { nounOf } from '../nouns.ts';
import { readItems } from '../office.ts';
import { ImportCard } from '../parts/import-card.tsx';
import { ImportUpload } from '../parts/import-upload.tsx';
import { Empty, ProblemNotice, Skeleton } from '../parts/notice.tsx';
import { PlainTable } from '../parts/plain-table.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { Ago } from '../parts/time.tsx';
import type { Search } from '../screen.ts';
import { useList, useServices, useWho } from '../services.ts';
import { texts as words } from '../texts-imports.ts';
import { texts } from '../texts.ts';
import { useTitle } from '../title.ts';

const noun = nounOf('import');
const MOST = 50;

/** Files whose rows make actors: sent, mapped, tried, run. */
export function Imports() {
  useTitle(words.title);
  const { import: asked } = useSearch({ strict: false }) as Search;
  const id = asked !== undefined && isId(asked) ? asked : undefined;
  const who = useWho();
  const isMaker = who?.roles.some((role) => noun.makers.includes(role)) === true;
  return (
    <div className="page ledger">
      <div className="page-head">
        <h1>{words.title}</h1>
        {id !== undefined && isMaker && (
          <Link to="/imports" className="button">
            {words.new}
          </Link>
        )}
      </div>
      <p className="muted">{words.about}</p>
      {id === undefined && isMaker && <Upload />}
      {id !== undefined && <ImportCard key={id} id={id} />}
      <Earlier shown={id} />
    </div>
  );
}

function Upload() {
  const { office } = useServices();
  const [targets, setTargets] = useState<readonly string[]>();
  const [problem, setProblem] = useState<Problem>();
  useEffect(() => {
    const controller = new AbortController();
    office.get('/v1/imports/targets', controller.signal).then(
      (answer) => setTargets(readItems<unknown>(answer).flatMap((one) => (isRecord(one) ? [String(one['type'])] : []))),
      (error: unknown) => controller.signal.aborted || setProblem(toProblem(error)),
    );
    return () => controller.abort();
  }, [office]);
  if (problem) return <ProblemNotice title={texts.common.cannotBeShown(words.new)} problem={problem} />;
  return targets === undefined ? <Skeleton rows={3} label={texts.common.loading(words.new)} /> : <ImportUpload targets={targets} />;
}

function Earlier({ shown }: { shown: string | undefined }) {
  const list = useList({ type: noun.type, sort: '-updatedAt', limit: MOST });
  if (list.kind === 'waiting') return <Skeleton rows={4} label={texts.common.loading(words.title)} />;
  if (list.kind === 'refused')
    return (
      <ProblemNotice
        title={texts.common.cannotBeShown(words.title)}
        problem={new Problem(0, list.code, list.reason)}
        onRetry={list.retry}
      />
    );
  const { items } = list.copy;
  return (
    <section className="card" aria-labelledby="imports-title">
      <h2 id="imports-title">{words.earlier}</h2>
      {items.length === 0 && <Empty title={words.none}>{words.noneYet}</Empty>}
      {items.length > 0 && (
        <PlainTable
          label={words.list}
          columns={[
            {
              key: 'name',
              label: words.columns.name,
              show: ({ address, title }) => (
                <Link
                  to="/imports"
                  search={{ import: idOf(address) } as never}
                  className="link"
                  aria-current={idOf(address) === shown ? 'true' : undefined}
                >
                  {title}
                </Link>
              ),
            },
            {
              key: 'state',
              label: words.columns.state,
              show: ({ state, tags }) => <StateBadge type={noun.type} state={state} tags={tags} />,
            },
            { key: 'summary', label: words.columns.summary, show: ({ summary }) => summary },
            { key: 'changed', label: words.columns.changed, show: ({ updatedAt }) => <Ago at={updatedAt} /> },
          ]}
          rows={items}
          keyOf={({ address }) => address}
        />
      )}
    </section>
  );
}
