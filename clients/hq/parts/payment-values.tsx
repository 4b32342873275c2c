import type { ReactNode } from 'react';
import { Link } from '@tanstack/react-router';
import { isId } from '../../../machines/ids.ts';
import { formatDay, formatMoney } from '../../core/format.ts';
import type { Noun } from '../nouns.ts';
import {
  currencyAt,
  isConversion,
  readAttempts,
  readCredits,
  readDisputes,
  readFundsUntil,
  readProposal,
  readScreening,
  textIn,
  type Attempt,
  type Context,
} from '../payment.ts';
import { conversionSentence, findingSentence, paymentTexts as words } from '../texts-payment.ts';
import { limitTexts } from '../texts-limits.ts';
import { Time } from './time.tsx';
import { fieldLabel, Value } from './value.tsx';

type Show = (context: Context) => ReactNode;

/** Fields of a payment that are not shown as any other value would be. */
const SHOWN: Readonly<Record<string, Show>> = {
  operations: showAttempts,
  conversion: showExchange,
  charged_minor: showCharged,
  disputes: showDisputes,
  credits: showCredits,
  account: showAccount,
  funds_until: showFundsUntil,
  execute_on: showExecuteOn,
  proposal: showProposed,
  screening: showScreening,
};

/** Those that need the whole width. */
const WIDE: readonly string[] = ['operations', 'conversion', 'proposal', 'screening'];

export function isWide({ type }: Pick<Noun, 'type'>, name: string): boolean {
  return type === 'payment' && WIDE.includes(name);
}

/** A field as this kind of actor shows it; undefined where nothing is special about it. */
export function showField({ type }: Pick<Noun, 'type'>, name: string, context: Context): ReactNode {
  return type === 'payment' && Object.hasOwn(SHOWN, name) ? SHOWN[name]?.(context) : undefined;
}

const LABELS: Readonly<Record<string, Readonly<Record<string, string>>>> = { payment: words.labels, limit: limitTexts.labels };

/** What a field is called: as the texts have it, or else by its own name. */
export function labelFor({ type }: Pick<Noun, 'type'>, name: string): string {
  const labels = LABELS[type] ?? {};
  return (Object.hasOwn(labels, name) ? labels[name] : undefined) ?? fieldLabel(name);
}

export function moment(at: number): string {
  return new Date(at).toISOString();
}

function Nothing() {
  return <span className="muted">{words.attempts.open}</span>;
}

function showAttempts(context: Context): ReactNode {
  const attempts = readAttempts(context);
  if (attempts.length === 0) return <Nothing />;
  return (
    <ol className="attempts" aria-label={words.attempts.label}>
      {attempts.map((attempt) => (
        <AttemptRow key={attempt.n} attempt={attempt} />
      ))}
    </ol>
  );
}

const TONES = { INIT: 'moving', PENDING: 'asking', SUCCESS: 'well', FAILED: 'wrong', ERRORED: 'wrong' } as const;

function AttemptRow({ attempt: { n, operation, gateway, state, at, ended, answer, id } }: { attempt: Attempt }) {
  const { columns } = words.attempts;
  return (
    <li className="attempt" data-tone={TONES[state]}>
      <p className="attempt-what">
        <span className="number muted">{n}</span>
        <strong>{words.operation(operation)}</strong>
        <span className="attempt-state">{words.state(state)}</span>
      </p>
      <dl className="fields">
        <Part label={columns.id}>
          <span className="mono">{id}</span>
        </Part>
        <Part label={columns.gateway}>
          <Value name="gateway" value={gateway} currency={undefined} />
        </Part>
        <Part label={columns.begun}>
          <Time at={moment(at)} />
        </Part>
        <Part label={columns.ended}>{ended === undefined ? <Nothing /> : <Time at={moment(ended)} />}</Part>
        <Part label={columns.answer}>{typeof answer !== 'string' ? <Nothing /> : <span className="mono">{answer}</span>}</Part>
      </dl>
    </li>
  );
}

export function Part({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function showExchange(context: Context): ReactNode {
  const { conversion, charged_minor: charged } = context;
  if (!isConversion(conversion)) return <Nothing />;
  return <span className="conversion">{conversionSentence(conversion, typeof charged === 'number' ? charged : 0)}</span>;
}

function showCharged(context: Context): ReactNode {
  const { charged_minor: charged } = context;
  const currency = currencyAt(['charged_minor'], context);
  if (typeof charged !== 'number' || currency === undefined) return <Nothing />;
  return <span className="number">{formatMoney(charged, currency)}</span>;
}

function showDisputes(context: Context): ReactNode {
  const disputes = readDisputes(context);
  const currency = textIn(context, 'currency') ?? '';
  if (disputes.length === 0) return <Nothing />;
  return (
    <ul className="values">
      {disputes.map(({ dispute, amount_minor, state }) => (
        <li key={dispute}>
          <Link to={`/dispute/${dispute}`} className="link mono">
            {dispute}
          </Link>{' '}
          <span className="number">{formatMoney(amount_minor, currency)}</span>, {words.disputeStates[state]}
        </li>
      ))}
    </ul>
  );
}

function showCredits(context: Context): ReactNode {
  const credits = readCredits(context);
  const currency = currencyAt(['credits'], context) ?? '';
  if (credits.length === 0) return <Nothing />;
  return (
    <ul className="values">
      {credits.map(({ credit, amount_minor, state }) => (
        <li key={credit} data-owed={state === 'owed' || undefined}>
          <span className="mono">{credit}</span> <span className="number">{formatMoney(amount_minor, currency)}</span>,{' '}
          {words.creditStates[state]}
        </li>
      ))}
    </ul>
  );
}

function showAccount(context: Context): ReactNode {
  const { account, account_currency: currency } = context;
  if (!isId(account)) return <Nothing />;
  return (
    <>
      <Link to={`/account/${account}`} className="link">
        {account}
      </Link>
      {typeof currency === 'string' && currency !== '' && (
        <>
          {' · '}
          <StatementLink account={`account/${account}`} currency={currency}>
            {words.statement}
            <span className="visually-hidden">{words.statementOf(account)}</span>
          </StatementLink>
        </>
      )}
    </>
  );
}

export function StatementLink({ account, currency, children }: { account: string; currency: string; children: ReactNode }) {
  return (
    <Link to="/ledger/statement" search={{ account, currency } as never} className="link">
      {children}
    </Link>
  );
}

function showFundsUntil(context: Context): ReactNode {
  const until = readFundsUntil(context);
  return until !== undefined ? <Time at={moment(until)} /> : <Nothing />;
}

function showExecuteOn(context: Context): ReactNode {
  const day = textIn(context, 'execute_on');
  return day === undefined ? <Nothing /> : <time dateTime={day}>{formatDay(day)}</time>;
}

function showScreening(context: Context): ReactNode {
  const found = readScreening(context);
  if (found === undefined) return <Nothing />;
  return (
    <div className="proposed">
      <ul aria-label={words.screening.label}>
        {found.findings.map((finding) => (
          <li key={finding}>{findingSentence(finding)}</li>
        ))}
      </ul>
      {found.cleared_by !== undefined && (
        <p>
          {words.screening.clearedBy(found.cleared_by)} <q>{found.because}</q>
        </p>
      )}
    </div>
  );
}

export function showProposed(context: Context): ReactNode {
  const proposal = readProposal(context);
  if (proposal === undefined) return <Nothing />;
  const { outcome, by, at, evidence, gateway_reference: reference } = proposal;
  return (
    <div className="proposed">
      <p>
        {words.unknown.proposed} <strong>{words.unknown.says[outcome]}</strong>, {words.unknown.by(by)}, <Time at={moment(at)} />
      </p>
      <dl className="fields">
        <Part label={words.unknown.evidence}>{evidence}</Part>
        {reference !== null && (
          <Part label={words.unknown.gatewayReference}>
            <span className="mono">{reference}</span>
          </Part>
        )}
      </dl>
    </div>
  );
}
