import { Link } from '@tanstack/react-router';
import { isId } from '../../../machines/ids.ts';
import { formatMoney } from '../../core/format.ts';
import { amountOfOperation, readAttempts, readLooks, readProposal, textIn, type Look } from '../payment.ts';
import { useWho } from '../services.ts';
import { paymentTexts } from '../texts-payment.ts';
import type { Shown } from './actor-past.ts';
import { moment, Part, showProposed } from './payment-values.tsx';
import { Time } from './time.tsx';
import type { History } from './use-history.ts';

const words = paymentTexts.unknown;
/** So many are in sight; those before are a press away. */
const SHOWN = 3;

type UnknownProps = { readonly address: string; readonly shown: Pick<Shown, 'context' | 'state'>; readonly rows: History['rows'] };

/** All that is known of an operation whose outcome is not: what decides about it needs no other page. */
export function Unknown({ address, shown: { context, state }, rows }: UnknownProps) {
  const isDeciding = state.includes('unknown.deciding');
  const attempt = readAttempts(context).at(-1);
  const gateway = context['gateway'];
  const tries = typeof context['tries'] === 'number' ? context['tries'] : 0;
  const amount = formatMoney(amountOfOperation(context) ?? 0, textIn(context, 'currency') ?? '');
  return (
    <section className="card unknown-card" aria-labelledby="unknown-title" data-tone={isDeciding ? 'asking' : 'wrong'}>
      <h2 id="unknown-title">{words.title}</h2>
      <p>{isDeciding ? words.deciding : words.finding}</p>
      <dl className="fields unknown-facts">
        <Part label={words.fields.operation}>
          {words.begun(paymentTexts.operation(textIn(context, 'operation') ?? ''), amount)}
          {attempt && (
            <>
              {' '}
              <span className="mono">{attempt.id}</span>
            </>
          )}
        </Part>
        {attempt && (
          <Part label={words.fields.begun}>
            <Time at={moment(attempt.at)} />
          </Part>
        )}
        {isId(gateway) && (
          <Part label={words.fields.gateway}>
            <Link to={`/integration/${gateway}`} className="link">
              {gateway}
            </Link>
          </Part>
        )}
        <Part label={words.fields.reference}>
          <span className="mono">{textIn(context, 'gateway_reference') ?? words.noReference}</span>
        </Part>
        {tries > 0 && <Part label={words.fields.tries}>{words.tries(tries)}</Part>}
      </dl>
      <Looks address={address} looks={readLooks(rows)} />
      {isDeciding && <Proposed context={context} />}
    </section>
  );
}

function Looks({ address, looks }: { address: string; looks: readonly Look[] }) {
  if (looks.length === 0) return null;
  const earlier = looks.slice(SHOWN);
  return (
    <>
      <h3>{words.looks}</h3>
      <LookList address={address} looks={looks.slice(0, SHOWN)} />
      {earlier.length > 0 && (
        <details>
          <summary>{words.earlier(earlier.length)}</summary>
          <LookList address={address} looks={earlier} />
        </details>
      )}
    </>
  );
}

function LookList({ address, looks }: { address: string; looks: readonly Look[] }) {
  return (
    <ul className="values">
      {looks.map(({ version, at, isAnswered, what }) => (
        <li key={version}>
          <Link to={`/${address}`} search={{ at: String(version) } as never} className="link">
            <Time at={at} />
          </Link>{' '}
          {words.look[what]}: {isAnswered ? words.answered : words.unanswered}
        </li>
      ))}
    </ul>
  );
}

function Proposed({ context }: Pick<Shown, 'context'>) {
  const who = useWho();
  const proposal = readProposal(context);
  return (
    <>
      {proposal === undefined ? (
        <p className="muted">{words.none}</p>
      ) : (
        <>
          {showProposed(context)}
          <p className="muted">{proposal.by === who?.username ? words.own : words.another}</p>
        </>
      )}
    </>
  );
}
