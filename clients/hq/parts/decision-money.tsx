import type { ReactNode } from 'react';
import { Link } from '@tanstack/react-router';
import { isId } from '../../../machines/ids.ts';
import { formatMoney } from '../../core/format.ts';
import { expectedCost, type Expected } from '../expected-cost.ts';
import { leftToday, readLimits } from '../limits.ts';
import { textIn, type Context, type Cost } from '../payment.ts';
import { useActor, type Followed } from '../services.ts';
import { limitTexts } from '../texts-limits.ts';
import { paymentTexts, rateSentence } from '../texts-payment.ts';
import { texts } from '../texts.ts';
import { StateBadge } from './state-badge.tsx';

const words = paymentTexts.deciding;

/** What somebody who approves a payment has to know of its money: what it would cost, whether that is there, and what the limits leave. */
export function DecisionMoney({ context }: { context: Context }) {
  const client = context['client'];
  const account = context['account'];
  if (!isId(account)) return null;
  return (
    <>
      <h2>{words.title}</h2>
      <dl className="rows decision-money">
        <Account address={`account/${account}`} context={context} />
        {isId(client) && <LimitsLeft client={client} currency={textIn(context, 'currency') ?? ''} />}
      </dl>
    </>
  );
}

function Account({ address, context }: { address: string; context: Context }) {
  const followed = useActor(address);
  const rates = useActor(`rates/${textIn(context, 'rates') ?? ''}`);
  const expected = expectedCost(context, rates.kind === 'here' ? rates.copy : undefined);
  const copy = followed.kind === 'here' ? followed.copy : undefined;
  const available = copy && availableOf(copy.context);
  const cost = expected === undefined || expected.kind === 'no_rate' ? undefined : expected.cost;
  const isShort = cost !== undefined && available?.currency === cost.currency && available.amount_minor < cost.amount_minor;
  return (
    <>
      <Row label={words.account}>
        <Link to={`/${address}`} className="link">
          {textIn(copy?.context ?? {}, 'name') ?? address}
        </Link>{' '}
        {copy && <StateBadge type="account" state={copy.state} tags={copy.tags} />}
        {followed.kind === 'refused' && <Refused what={followed} />}
      </Row>
      {available && (
        <Row label={words.available}>
          <Money of={available} />
        </Row>
      )}
      {/* As long as the rates are not here nobody knows that there are none. */}
      {(expected?.kind !== 'no_rate' || rates.kind !== 'waiting') && (
        <Row label={words.cost}>
          {expected?.kind === 'no_rate' && rates.kind === 'refused' ? <Refused what={rates} /> : <ExpectedCost expected={expected} />}
        </Row>
      )}
      {cost && available?.currency === cost.currency && (
        <Row label={words.thereafter}>
          <Money of={{ ...available, amount_minor: available.amount_minor - cost.amount_minor }} />
          {isShort && <strong className="decision-short"> {words.short}</strong>}
        </Row>
      )}
    </>
  );
}

/** One of several things, so that its failing does not take the place of the others. */
function Refused({ what: { reason, retry } }: { what: Extract<Followed<unknown>, { kind: 'refused' }> }) {
  return (
    <>
      <span className="decision-short">{reason}</span>{' '}
      <button type="button" className="link" onClick={retry}>
        {texts.common.tryAgain}
      </button>
    </>
  );
}

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="row">
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function availableOf({ available_minor: minor, currency }: Context): Cost | undefined {
  return typeof minor === 'number' && typeof currency === 'string' ? { amount_minor: minor, currency } : undefined;
}

function Money({ of: { amount_minor, currency } }: { of: Cost }) {
  return <span className="number">{formatMoney(amount_minor, currency)}</span>;
}

function ExpectedCost({ expected }: { expected: Expected | undefined }) {
  switch (expected?.kind) {
    case undefined:
      return <span className="muted">{words.unknown}</span>;
    case 'no_rate':
      return <strong className="decision-short">{words.noRate}</strong>;
    case 'plain':
      return <Money of={expected.cost} />;
    case 'exchanged':
      return (
        <>
          <Money of={expected.cost} /> <span className="muted">{rateSentence(expected.conversion)}</span>
        </>
      );
  }
}

/** What is left with this payment counted: it has counted since it was submitted. */
function LimitsLeft({ client, currency }: { client: string; currency: string }) {
  const followed = useActor(`limit/${client}`);
  if (followed.kind === 'waiting') return null;
  if (followed.kind === 'refused') {
    return <Row label={words.limits}>{followed.code === 'not_found' ? limitTexts.noneFor : <Refused what={followed} />}</Row>;
  }
  const limits = readLimits(followed.copy.context);
  return (
    <Row label={words.limits}>
      {limits && (
        <>
          <span className="number">{formatMoney(leftToday(limits, currency), currency)}</span>,{' '}
          {words.payments(limits.count_today, limits.per_day_count)}{' '}
        </>
      )}
      <StateBadge type="limit" state={followed.copy.state} tags={followed.copy.tags} />{' '}
      <Link to={`/limit/${client}`} className="link">
        {words.openLimits}
      </Link>
    </Row>
  );
}
