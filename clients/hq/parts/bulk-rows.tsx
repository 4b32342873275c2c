import { useId } from 'react';
import type { ActorView, ListItem } from '../../../hub/protocol/messages.ts';
import { idOf } from '../../../machines/ids.ts';
import { decisionTexts as decisions } from '../texts-decisions.ts';
import { texts } from '../texts.ts';
import { titleOf } from '../titles.ts';
import { summaryOf } from './columns.tsx';
import { StateBadge } from './state-badge.tsx';
import type { Fate } from './use-many.ts';

export type BulkRowsProps = {
  readonly type: string;
  readonly views: readonly ActorView[];
  /** As they stood in the list when somebody picked them. */
  readonly picked: readonly ListItem[];
  readonly changed: ReadonlySet<string>;
  /** Those of the changed ones that are taken along; undefined where all are. */
  readonly looked: ReadonlySet<string> | undefined;
  readonly fates: ReadonlyMap<string, Fate>;
  readonly onLooked: (looked: ReadonlySet<string>) => void;
};

/** Each of many as it is now, which is what is acted on, and what became of it. */
export function BulkRows({ type, views, picked, changed, looked, fates, onLooked }: BulkRowsProps) {
  const items = new Map(picked.map((item) => [item.address, item]));
  const toggle = (address: string): void => {
    const next = new Set(looked);
    if (!next.delete(address)) next.add(address);
    onLooked(next);
  };
  return (
    <ul className="bulk-rows" aria-label={texts.bulk.each}>
      {views.map((view) => {
        const { address } = view;
        const item = items.get(address);
        if (item === undefined) return null;
        return (
          <Row
            key={address}
            type={type}
            view={view}
            item={item}
            differs={changed.has(address)}
            looked={looked?.has(address)}
            begun={fates.size > 0}
            fate={fates.get(address)}
            onToggle={() => toggle(address)}
          />
        );
      })}
    </ul>
  );
}

type RowProps = {
  readonly type: string;
  readonly view: ActorView;
  readonly item: ListItem;
  /** It is another than the one that was picked. */
  readonly differs: boolean;
  /** Undefined where nobody has to look. */
  readonly looked: boolean | undefined;
  readonly begun: boolean;
  readonly fate: Fate | undefined;
  readonly onToggle: () => void;
};

function Row({ type, view, item, differs, looked, begun, fate, onToggle }: RowProps) {
  const id = useId();
  const before = [item.title, summaryOf(item)].filter((part) => part !== '').join(', ');
  return (
    <li data-fate={fate?.kind}>
      <span className="bulk-title" id={`${id}-title`}>
        {differs ? titleOf(type, idOf(view.address), view.context) : item.title}
      </span>
      <span className="number">{summaryOf(differs ? { ...item, summary: '', context: view.context } : item)}</span>
      {fate === undefined ? <StateBadge type={type} state={view.state} tags={view.tags} /> : <FateText fate={fate} />}
      {differs && !begun && (
        <p className="bulk-changed">
          <span>{decisions.rowChanged(before)}</span>
          {looked !== undefined && (
            <label className="tick">
              <input type="checkbox" className="box" checked={looked} aria-labelledby={`${id}-tick ${id}-title`} onChange={onToggle} />
              <span id={`${id}-tick`}>{decisions.takeAlong}</span>
            </label>
          )}
        </p>
      )}
      {differs && begun && fate === undefined && <span className="bulk-changed">{decisions.leftOut}</span>}
    </li>
  );
}

function FateText({ fate }: { fate: Fate }) {
  return (
    <span className="fate" data-fate={fate.kind}>
      {texts.bulk.fates[fate.kind]}
      {fate.kind === 'refused' && `: ${fate.sentence}`}
    </span>
  );
}
