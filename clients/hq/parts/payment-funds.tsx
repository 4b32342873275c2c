import { Link } from '@tanstack/react-router';
import type { TimerView } from '../../../hub/protocol/messages.ts';
import { isId } from '../../../machines/ids.ts';
import { formatMoney } from '../../core/format.ts';
import { costOf, readFailedTries, readFunding, type FailedTry } from '../payment.ts';
import { paymentTexts } from '../texts-payment.ts';
import type { Shown } from './actor-past.ts';
import { moment, Part } from './payment-values.tsx';
import { Left, Time } from './time.tsx';
import type { History } from './use-history.ts';
import { sentenceOf } from './value.tsx';

const words = paymentTexts.funds;
/** So many are in sight; those before are a press away. */
const SHOWN = 3;
const TONES = { quoting: 'moving', asking: 'moving', no_money: 'asking', no_rate: 'asking', expired: 'wrong' } as const;

type FundsProps = {
  readonly address: string;
  readonly shown: Pick<Shown, 'context' | 'state'>;
  /** None of a version that is past. */
  readonly timers: readonly TimerView[];
  readonly rows: History['rows'];
};

/** What a payment waits for before it can leave its account, until when, and what has come of its tries. */
export function Funds({ address, shown: { context, state }, timers, rows }: FundsProps) {
  const funding = readFunding({ state, context, timers });
  if (funding === undefined) return null;
  const { kind, until, next, reason } = funding;
  const account = context['account'];
  const cost = costOf(context);
  return (
    <section className="card funds-card" aria-labelledby="funds-title" data-tone={TONES[kind]}>
      <h2 id="funds-title">{words.titles[kind]}</h2>
      <p>{words.about[kind]}</p>
      <dl className="fields funds-facts">
        {reason !== undefined && kind !== 'quoting' && kind !== 'asking' && (
          <Part label={words.fields.why}>
            <Why reason={reason} />
          </Part>
        )}
        {isId(account) && (
          <Part label={words.fields.account}>
            <Link to={`/account/${account}`} className="link">
              {account}
            </Link>
          </Part>
        )}
        {cost && (
          <Part label={words.fields.cost}>
            <span className="number">{formatMoney(cost.amount_minor, cost.currency)}</span>
          </Part>
        )}
        {until !== undefined && (
          <Part label={kind === 'expired' ? words.fields.waited : words.fields.until}>
            <Time at={moment(until)} />
          </Part>
        )}
        {next !== undefined && (
          <Part label={words.fields.next}>
            <Left until={next} />
          </Part>
        )}
      </dl>
      <Tries address={address} tries={readFailedTries(rows)} />
    </section>
  );
}

function Why({ reason }: { reason: string }) {
  return (
    <>
      {sentenceOf(reason)} <code className="code">{reason}</code>
    </>
  );
}

function Tries({ address, tries }: { address: string; tries: readonly FailedTry[] }) {
  if (tries.length === 0) return null;
  const earlier = tries.slice(SHOWN);
  return (
    <>
      <h3>{words.tries}</h3>
      <TryList address={address} tries={tries.slice(0, SHOWN)} />
      {earlier.length > 0 && (
        <details>
          <summary>{words.earlier(earlier.length)}</summary>
          <TryList address={address} tries={earlier} />
        </details>
      )}
    </>
  );
}

function TryList({ address, tries }: { address: string; tries: readonly FailedTry[] }) {
  return (
    <ul className="values">
      {tries.map(({ version, at, reason }) => (
        <li key={version}>
          <Link to={`/${address}`} search={{ at: String(version) } as never} className="link">
            <Time at={at} />
          </Link>{' '}
          {reason === undefined ? words.noReason : <Why reason={reason} />}
        </li>
      ))}
    </ul>
  );
}
