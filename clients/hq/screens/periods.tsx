import { Link, useSearch } from '@tanstack/react-router';
import { idOf } from '../../../machines/ids.ts';
import { Problem } from '../../core/problem.ts';
import { nounOf } from '../nouns.ts';
import { ProblemNotice, Skeleton } from '../parts/notice.tsx';
import { PeriodCard } from '../parts/period-card.tsx';
import { PlainTable } from '../parts/plain-table.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { Ago } from '../parts/time.tsx';
import { isOver, monthName, monthsFrom } from '../periods.ts';
import type { Search } from '../screen.ts';
import { useList, useNow } from '../services.ts';
import { texts as words } from '../texts-periods.ts';
import { texts } from '../texts.ts';
import { useTitle } from '../title.ts';

const noun = nounOf('period');
/** More months than anybody keeps open to look at. */
const MOST = 100;

/** The months of the ledger: which are closed, and how one is closed or opened again. */
export function Periods() {
  useTitle(words.title);
  const { month: asked } = useSearch({ strict: false }) as Search;
  const now = useNow();
  const list = useList({ type: noun.type, sort: '-title', limit: MOST });
  const items = list.kind === 'here' ? list.copy.items : [];
  const known = new Map(items.map((item) => [idOf(item.address) as string, item]));
  const months = monthsFrom([...known.keys()], now);
  const month = asked !== undefined && months.includes(asked) ? asked : undefined;
  return (
    <div className="page ledger">
      <div className="page-head">
        <h1>{words.title}</h1>
      </div>
      <p className="muted">{words.about}</p>
      {list.kind === 'refused' && (
        <ProblemNotice
          title={texts.common.cannotBeShown(words.title)}
          problem={new Problem(0, list.code, list.reason)}
          onRetry={list.retry}
        />
      )}
      {list.kind === 'waiting' && <Skeleton rows={6} label={texts.common.loading(words.title)} />}
      {list.kind === 'here' && (
        <section className="card" aria-labelledby="months-title">
          <h2 id="months-title">{words.months}</h2>
          <PlainTable
            label={words.list}
            columns={[
              {
                key: 'month',
                label: words.columns.month,
                show: (one) => (
                  <Link
                    to="/periods"
                    search={{ month: one } as never}
                    className="link"
                    aria-current={one === month ? 'true' : undefined}
                    resetScroll={false}
                  >
                    {monthName(one)}
                  </Link>
                ),
              },
              { key: 'state', label: words.columns.state, show: (one) => <Standing month={one} item={known.get(one)} now={now} /> },
              { key: 'summary', label: words.columns.summary, show: (one) => <span className="number">{known.get(one)?.summary}</span> },
              { key: 'changed', label: words.columns.changed, show: (one) => <Changed at={known.get(one)?.updatedAt} /> },
            ]}
            rows={months}
            keyOf={(one) => one}
          />
        </section>
      )}
      {list.kind === 'here' && month !== undefined && <PeriodCard key={month} month={month} isSetUp={known.has(month)} />}
    </div>
  );
}

type Item = { readonly state: readonly string[]; readonly tags: readonly string[] };

function Standing({ month, item, now }: { month: string; item: Item | undefined; now: number }) {
  if (item !== undefined) return <StateBadge type={noun.type} state={item.state} tags={item.tags} />;
  return <span className="muted">{isOver(month, now) ? words.notOpened : words.running}</span>;
}

function Changed({ at }: { at: string | undefined }) {
  return at === undefined ? null : <Ago at={at} />;
}
