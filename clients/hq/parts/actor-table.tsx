import { useRef, useState, type KeyboardEvent } from 'react';
import { Link } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import type { ListItem } from '../../../hub/protocol/messages.ts';
import { columnsOf, type Column } from './columns.tsx';

export type TableProps = {
  readonly type: string;
  readonly label: string;
  readonly items: readonly ListItem[];
  readonly total: number;
  readonly sort: string;
  readonly onSort: (sort: string) => void;
  /** Called when the end comes in sight and there is more. */
  readonly onEnd: () => void;
};

/** Both heights are those of the styles: rows are fixed, so that fast changes never make the list jump. */
const ROW_PX = { wide: 44, narrow: 76 };
const NARROW = '(max-width: 720px)';

/** A long list of actors. Only the rows in sight exist; arrow keys, j and k go from row to row. */
export function ActorTable({ type, label, items, total, sort, onSort, onEnd }: TableProps) {
  const columns = columnsOf(type);
  const scroller = useRef<HTMLDivElement>(null);
  const [narrow] = useState(() => matchMedia(NARROW).matches);
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (narrow ? ROW_PX.narrow : ROW_PX.wide),
    getItemKey: (index) => items[index]?.address ?? index,
    overscan: 12,
    onChange: (instance) => {
      const last = instance.getVirtualItems().at(-1);
      if (last !== undefined && last.index >= items.length - 5 && items.length < total) onEnd();
    },
  });
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' || event.key === 'j' ? 1 : event.key === 'ArrowUp' || event.key === 'k' ? -1 : 0;
    const row = (event.target as HTMLElement).closest<HTMLElement>('[data-index]');
    if (step === 0 || row === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = Number(row.dataset['index']) + step;
    if (next < 0 || next >= items.length) return;
    event.preventDefault();
    rows.scrollToIndex(next);
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-index="${next}"] a`)?.focus());
  };
  return (
    <div className="table" role="table" aria-label={label} aria-rowcount={total + 1} data-type={type}>
      <div role="rowgroup" className="table-head">
        <div role="row" className="table-row" aria-rowindex={1}>
          <ColumnHeader column={{ key: 'title', label, sort: 'title' }} sort={sort} onSort={onSort} />
          {columns.map((column) => (
            <ColumnHeader key={column.key} column={column} sort={sort} onSort={onSort} />
          ))}
        </div>
      </div>
      <div role="rowgroup" className="table-body" ref={scroller} data-scroll-restoration-id="rows">
        <div className="table-space" role="presentation" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map(({ index, start, key }) => {
            const item = items[index];
            return item && <Row key={key} item={item} index={index} start={start} columns={columns} onKeyDown={onKeyDown} />;
          })}
        </div>
      </div>
    </div>
  );
}

/** Times are looked at from the newest; everything else from its beginning. */
const FIRST_DOWN = new Set(['updatedAt', 'createdAt']);

function ColumnHeader({
  column,
  sort,
  onSort,
}: {
  column: Pick<Column, 'key' | 'label' | 'sort'>;
  sort: string;
  onSort: (sort: string) => void;
}) {
  const { key, label, sort: by } = column;
  if (by === undefined) {
    return (
      <span role="columnheader" data-column={key}>
        {label}
      </span>
    );
  }
  const down = sort === `-${by}`;
  const direction = down ? 'descending' : sort === by ? 'ascending' : 'none';
  return (
    <span role="columnheader" data-column={key} aria-sort={direction}>
      <button
        type="button"
        className="sort"
        onClick={() => onSort(sort === by ? `-${by}` : down ? by : FIRST_DOWN.has(by) ? `-${by}` : by)}
      >
        {label}
        <span aria-hidden="true">{direction === 'none' ? '' : down ? ' ↓' : ' ↑'}</span>
      </button>
    </span>
  );
}

type RowProps = {
  readonly item: ListItem;
  readonly index: number;
  /** Pixels from the top of the list. */
  readonly start: number;
  readonly columns: readonly Column[];
  readonly onKeyDown: (event: KeyboardEvent) => void;
};

function Row({ item, index, start, columns, onKeyDown }: RowProps) {
  return (
    <div role="row" className="table-row" aria-rowindex={index + 2} data-index={index} style={{ transform: `translateY(${start}px)` }}>
      <span role="cell" data-column="title">
        <Link to={`/${item.address}`} className="row-link" onKeyDown={onKeyDown}>
          {item.title}
        </Link>
        <Changed version={item.version} updatedAt={item.updatedAt} />
      </span>
      {columns.map((column) => (
        <span key={column.key} role="cell" data-column={column.key}>
          {column.show(item)}
        </span>
      ))}
    </div>
  );
}

/** How fresh a row must be, when it comes into the list, to be taken for a change and not for a part of what was there. */
const FRESH_MS = 4_000;

/** A light that fades, over a row that has just changed. */
export function Changed({ version, updatedAt }: { version: number; updatedAt: string }) {
  const [first] = useState(() => (Date.now() - Date.parse(updatedAt) < FRESH_MS ? -1 : version));
  return version === first ? null : <span key={version} className="changed" aria-hidden="true" />;
}
