import { Link } from '@tanstack/react-router';
import { formatNumber, stateWords } from '../../core/format.ts';
import { formatSum, type MoneyFigure } from '../figures.ts';
import { nounOf, toneOf } from '../nouns.ts';
import { readItems } from '../office.ts';
import { useServices } from '../services.ts';
import { texts } from '../texts.ts';
import { Empty, ProblemNotice, Skeleton } from './notice.tsx';
import { ToneGlyph } from './state-badge.tsx';
import { usePolled } from './use-polled.ts';

const EVERY_MS = 6_000;
const noun = nounOf('payment');

/** How much money stands in which state. Currencies stand side by side; they are never added. */
export function MoneyCard() {
  const { office } = useServices();
  const { value, problem, again } = usePolled(
    'money',
    async (signal) => readItems<MoneyFigure>(await office.get('/v1/overview/money', signal)),
    EVERY_MS,
  );
  const byState = Object.groupBy(value ?? [], ({ state }) => state);
  const states = Object.keys(noun.tones).filter((state) => byState[state] !== undefined);
  return (
    <section className="card" aria-labelledby="money-title">
      <h2 id="money-title">{texts.money.title}</h2>
      {problem && <ProblemNotice title={texts.common.cannotBeShown(texts.money.title)} problem={problem} onRetry={again} />}
      {value === undefined && !problem && <Skeleton rows={5} label={texts.common.loading(texts.money.title)} />}
      {value !== undefined && states.length === 0 && <Empty title={texts.money.none} />}
      <dl className="money">
        {states.map((state) => {
          const figures = byState[state] ?? [];
          return (
            <div key={state} data-tone={toneOf(noun, state, [])}>
              <dt>
                <ToneGlyph tone={toneOf(noun, state, [])} />
                <Link to={noun.path} search={{ state } as never} className="count-name">
                  {stateWords(state)}
                </Link>
                <span className="muted number">{formatNumber(figures.reduce((sum, { count }) => sum + count, 0))}</span>
              </dt>
              <dd>
                {figures.map(({ currency, amount_minor }) => (
                  <span key={currency} className="number">
                    {formatSum(amount_minor, currency)}
                  </span>
                ))}
              </dd>
            </div>
          );
        })}
      </dl>
    </section>
  );
}
