import { useEffect, useRef, useState } from 'react';
import { Link } from '@tanstack/react-router';
import type { Can, ListItem } from '../../../hub/protocol/messages.ts';
import { nextAfter, nextOf, type Queue } from '../approvals.ts';
import { useKeys } from '../keys.ts';
import type { Noun } from '../nouns.ts';
import { texts } from '../texts.ts';
import { useAnnounce } from './announcer.tsx';
import { summaryOf } from './columns.tsx';
import { Decision } from './decision.tsx';
import { Empty } from './notice.tsx';
import { Ago } from './time.tsx';

/** The one in sight, its place in the queue, and whether it came there because the one before had gone. */
type Sight = { readonly address: string; readonly place: number; readonly cameByItself: boolean };

type DecidingProps = {
  readonly noun: Noun;
  /** Undefined while it is not known: what somebody was at is remembered, and nothing is shown. */
  readonly queue: Queue | undefined;
  readonly onDecided: (address: string, version: number) => void;
};

const NOTHING: Queue = { mine: [], others: [] };

/** Goes through the queue, one in sight at a time. While something is asked about that one, nothing takes its place. */
export function Deciding({ noun, queue, onDecided }: DecidingProps) {
  const { mine, others } = queue ?? NOTHING;
  const announce = useAnnounce();
  const [sight, setSight] = useState<Sight>();
  const [open, setOpen] = useState<Can>();
  const addresses = mine.map(({ address }) => address);
  const chosen = open !== undefined ? sight?.address : nextOf(addresses, sight?.address, sight?.place ?? 0);
  const found = chosen === undefined ? -1 : addresses.indexOf(chosen);
  const place = found >= 0 ? found : (sight?.place ?? 0);
  const choose = (address: string | undefined): void => {
    if (address !== undefined) setSight({ address, place: addresses.indexOf(address), cameByItself: false });
  };
  // What stands there by itself is remembered too, so that the next one in its place is found when it goes.
  if (chosen !== undefined && (sight?.address !== chosen || sight.place !== place)) {
    const isSame = sight?.address === chosen;
    setSight({ address: chosen, place, cameByItself: isSame ? sight.cameByItself : sight !== undefined });
  }
  const done = (sentence: string, version: number): void => {
    if (chosen === undefined) return;
    setOpen(undefined);
    onDecided(chosen, version);
    choose(nextAfter(addresses, chosen));
    announce(`${sentence} ${texts.approvals.left(addresses.filter((address) => address !== chosen).length)}`);
  };
  useKeys((event) => {
    const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    if (step === undefined) return false;
    choose(addresses[place + step]);
    return true;
  });
  if (queue === undefined) return null;
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
      {chosen !== undefined && (
        <Decision
          key={chosen}
          noun={noun}
          address={chosen}
          cameByItself={sight?.cameByItself ?? false}
          open={open}
          onOpen={setOpen}
          onDone={done}
        />
      )}
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
