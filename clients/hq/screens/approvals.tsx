import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Link, useNavigate } from '@tanstack/react-router';
import { Button } from 'react-aria-components';
import type { ActorView, Can, ListItem } from '../../../hub/protocol/messages.ts';
import { idOf } from '../../../machines/ids.ts';
import { nameWords } from '../../core/format.ts';
import { Problem } from '../../core/problem.ts';
import type { ActorCopy } from '../../core/store.ts';
import { APPROVE, canOf, DENY, nextOf, toQueue, type Queue } from '../approvals.ts';
import { useKeys } from '../keys.ts';
import { nounOf, type Noun } from '../nouns.ts';
import { useAnnounce } from '../parts/announcer.tsx';
import { summaryOf } from '../parts/columns.tsx';
import { EventDialog } from '../parts/event-dialog.tsx';
import { Empty, ProblemNotice, Skeleton } from '../parts/notice.tsx';
import { Proposals } from '../parts/proposals.tsx';
import { Ago } from '../parts/time.tsx';
import { Timers } from '../parts/timers.tsx';
import { fieldLabel, Value } from '../parts/value.tsx';
import { useActor, useList, useServices, useWho } from '../services.ts';
import { texts } from '../texts.ts';
import { useTitle } from '../title.ts';

/** The oldest of so many stand in the queue; the others follow as these are decided. */
const MOST = 100;
const noun = nounOf('payment');

/** What needs this person's approval: payments, and of those who operate the hub the states that somebody wants to force. */
export function Approvals() {
  useTitle(texts.approvals.title);
  const roles = useWho()?.roles ?? [];
  const operates = roles.some((role) => role === 'operator' || role === 'admin');
  const decides = roles.some((role) => role === 'approver' || role === 'cfo');
  return (
    <div className="page approvals-page">
      {decides || !operates ? (
        <Payments>{operates && <Proposals quiet />}</Payments>
      ) : (
        <>
          <div className="page-head">
            <h1>{texts.approvals.title}</h1>
          </div>
          <Proposals />
        </>
      )}
    </div>
  );
}

/** The queue, what exactly would be approved, and the keys to decide one after another. */
function Payments({ children }: { children: ReactNode }) {
  const followed = useList({ type: noun.type, state: 'needs_approval', sort: 'updatedAt', limit: MOST });
  const items = followed.kind === 'here' ? followed.copy.items : undefined;
  const queue = toQueue(items ?? [], useViews(items ?? NONE));
  return (
    <>
      <div className="page-head">
        <h1>{texts.approvals.title}</h1>
        {items !== undefined && <p className="muted">{texts.approvals.wait(queue.mine.length)}</p>}
      </div>
      {children}
      {followed.kind === 'waiting' && <Skeleton rows={6} label={texts.common.loading(texts.approvals.title)} />}
      {followed.kind === 'refused' && (
        <ProblemNotice
          title={texts.common.cannotBeShown(texts.approvals.title)}
          problem={new Problem(0, followed.code, followed.reason)}
          onRetry={followed.retry}
        />
      )}
      {items !== undefined && <Deciding queue={queue} />}
    </>
  );
}

const NONE: readonly ListItem[] = [];
/** Whoever changes several at once is asked about once. */
const PAUSE_MS = 150;

/** What may be done to each of the queue; asked again whenever one of them has changed. */
function useViews(items: readonly ListItem[]): ReadonlyMap<string, ActorView> {
  const { office } = useServices();
  const [views, setViews] = useState<ReadonlyMap<string, ActorView>>(new Map());
  const asked = items.map(({ address, version }) => `${address}@${version}`).join();
  useEffect(() => {
    if (asked === '') return;
    const stop = new AbortController();
    const ids = asked.split(',').map((one) => idOf(one.slice(0, one.indexOf('@'))));
    const timer = setTimeout(() => {
      office.views(noun.type, ids, stop.signal).then(
        (found) => setViews(new Map(found.map((view) => [view.address, view]))),
        () => undefined, // the queue stands as it is; the hub refuses what may not be approved
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [office, asked]);
  return views;
}

function Deciding({ queue: { mine, others } }: { queue: Queue }) {
  const [asked, setAsked] = useState<{ address: string; place: number }>();
  const addresses = mine.map(({ address }) => address);
  const chosen = nextOf(addresses, asked?.address, asked?.place ?? 0);
  const place = chosen === undefined ? 0 : addresses.indexOf(chosen);
  const choose = (address: string | undefined): void => {
    if (address !== undefined) setAsked({ address, place: addresses.indexOf(address) });
  };
  // What stands there by itself is remembered too, so that the next one in its place is found when it goes.
  if (chosen !== undefined && (asked?.address !== chosen || asked.place !== place)) setAsked({ address: chosen, place });
  useKeys((event) => {
    const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    if (step === undefined) return false;
    choose(addresses[place + step]);
    return true;
  });
  return (
    <div className="approvals">
      <nav className="card queue" aria-label={texts.approvals.queue}>
        {mine.length === 0 && <Empty title={texts.approvals.none}>{texts.approvals.noneYet}</Empty>}
        <ul>
          {mine.map((item) => (
            <QueueItem key={item.address} item={item} chosen={item.address === chosen} onChoose={() => choose(item.address)} />
          ))}
        </ul>
        {others.length > 0 && <Others others={others} />}
      </nav>
      {chosen !== undefined && <Decision key={chosen} address={chosen} left={mine.length} />}
    </div>
  );
}

function QueueItem({ item, chosen, onChoose }: { item: ListItem; chosen: boolean; onChoose: () => void }) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (chosen) button.current?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  return (
    <li>
      <button type="button" ref={button} className="queue-item" aria-current={chosen || undefined} onClick={onChoose}>
        <span className="queue-title">{item.title}</span>
        <span className="number">{summaryOf(item)}</span>
        <span className="muted">
          {typeof item.context['maker'] === 'string' && `${item.context['maker']} · `}
          <Ago at={item.updatedAt} />
        </span>
      </button>
    </li>
  );
}

function Others({ others }: Pick<Queue, 'others'>) {
  return (
    <details className="queue-others">
      <summary>{texts.approvals.others(others.length)}</summary>
      <ul>
        {others.map(({ item, why }) => (
          <li key={item.address}>
            <Link to={`/${item.address}`} className="row-link">
              {item.title}
            </Link>
            <span className="muted">{why}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** The one that is decided now. It takes the focus, so that the next one is read out and the keys go on. */
function Decision({ address, left }: { address: string; left: number }) {
  const followed = useActor(address);
  const navigate = useNavigate();
  const announce = useAnnounce();
  const [open, setOpen] = useState<Can>();
  const region = useRef<HTMLElement>(null);
  useEffect(() => {
    // Whoever is in the list with the pointer or the keys stays there.
    if (document.activeElement?.closest('.queue') === null) region.current?.focus({ preventScroll: true });
  }, []);
  const copy = followed.kind === 'here' ? followed.copy : undefined;
  const ask = (type: string): boolean => {
    const can = copy && canOf(copy, type);
    if (can?.ok === true) setOpen(can);
    return true;
  };
  useKeys((event) => {
    if (event.key === 'a') return ask(APPROVE);
    if (event.key === 'd') return ask(DENY);
    if (event.key !== 'o') return false;
    void navigate({ to: `/${address}` });
    return true;
  });
  return (
    <section className="card decision" ref={region} tabIndex={-1} aria-label={texts.approvals.decision}>
      {followed.kind === 'waiting' && <Skeleton rows={6} label={texts.common.loading(address)} />}
      {followed.kind === 'refused' && (
        <ProblemNotice
          title={texts.common.cannotBeShown(address)}
          problem={new Problem(0, followed.code, followed.reason)}
          onRetry={followed.retry}
        />
      )}
      {copy && <Exactly noun={noun} address={address} copy={copy} onAsk={ask} />}
      {copy && open && (
        <EventDialog
          address={address}
          noun={noun}
          can={open}
          now={copy}
          onClose={() => setOpen(undefined)}
          onDone={(sentence) => {
            setOpen(undefined);
            announce(`${sentence} ${texts.approvals.left(left - 1)}`);
          }}
        />
      )}
    </section>
  );
}

/** Beside what is approved: who has approved already, and what has been changed on the way. */
const BESIDE = ['approvals_needed', 'approvals', 'amended_by', 'revision', 'note'];

type ExactlyProps = {
  readonly noun: Noun;
  readonly address: string;
  readonly copy: ActorCopy;
  readonly onAsk: (type: string) => void;
};

function Exactly({ noun: { basis }, address, copy, onAsk }: ExactlyProps) {
  const { context } = copy;
  const currency = typeof context['currency'] === 'string' ? context['currency'] : undefined;
  const hash = typeof context['payload_hash'] === 'string' ? context['payload_hash'] : '';
  const fields = (basis[APPROVE] ?? []).filter((name) => name in context && name !== 'payload_hash');
  return (
    <>
      <h2>{texts.approvals.exactly}</h2>
      <dl className="basis">
        {fields.map((name) => (
          <div key={name} data-field={name}>
            <dt>{fieldLabel(name)}</dt>
            <dd>
              <Value name={name} value={context[name]} currency={currency} />
            </dd>
          </div>
        ))}
        <div data-field="payload_hash">
          <dt>{texts.approvals.hash}</dt>
          <dd className="whole-hash">
            {hash.match(/.{1,8}/g)?.map((part, index) => (
              <span key={index}>{part}</span>
            ))}
          </dd>
        </div>
      </dl>
      <div className="decision-buttons">
        <Decide can={canOf(copy, APPROVE)} kind="main" letter="a" onAsk={onAsk} />
        <Decide can={canOf(copy, DENY)} kind="grave-quiet" letter="d" onAsk={onAsk} />
        <Link to={`/${address}`} className="button">
          {texts.approvals.open} <kbd aria-hidden="true">o</kbd>
        </Link>
      </div>
      <h2>{texts.approvals.beside}</h2>
      <dl className="fields">
        {BESIDE.filter((name) => name in context).map((name) => (
          <div key={name}>
            <dt>{fieldLabel(name)}</dt>
            <dd>
              <Value name={name} value={context[name]} currency={currency} />
            </dd>
          </div>
        ))}
      </dl>
      <Timers timers={copy.timers} />
    </>
  );
}

type DecideProps = {
  readonly can: Can | undefined;
  readonly kind: string;
  readonly letter: string;
  readonly onAsk: (type: string) => void;
};

function Decide({ can, kind, letter, onAsk }: DecideProps) {
  if (can === undefined) return null;
  if (!can.ok) return <p className="muted">{can.sentence}</p>;
  return (
    <Button className="button" data-kind={kind} onPress={() => onAsk(can.type)}>
      {nameWords(can.type)}… <kbd aria-hidden="true">{letter}</kbd>
    </Button>
  );
}
