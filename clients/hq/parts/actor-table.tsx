import { useEffect, useRef, useState, type RefObject } from 'react';
import { Link } from '@tanstack/react-router';
import { defaultRangeExtractor, useVirtualizer, type Range, type Virtualizer } from '@tanstack/react-virtual';
import type { ListItem } from '../../../hub/protocol/messages.ts';
import { useKeys } from '../keys.ts';
import { useServices } from '../services.ts';
import { texts } from '../texts.ts';
import { columnsOf, type Column } from './columns.tsx';
import type { Selection } from './selection.ts';
import { useMedia } from './use-media.ts';
import type { Rows } from './use-rows.ts';

export type TableProps = {
  readonly type: string;
  readonly label: string;
  readonly rows: Rows;
  readonly total: number;
  readonly sort: string;
  readonly onSort: (sort: string) => void;
  readonly selection: Selection;
  /** Called when the pointer comes over the rows and when it goes. */
  readonly onHover: (over: boolean) => void;
};

/** Both heights are those of the styles: rows are fixed, so that fast changes never make the list jump. */
const ROW_PX = { wide: 44, narrow: 76 };
const NARROW = '(max-width: 840px)';
/** Rows that are drawn beyond those in sight. */
const OVERSCAN = 12;

type Scroller = Virtualizer<HTMLDivElement, Element>;

/** A list of any length. Only the rows in sight exist; j, k and the arrows go from row to row, x selects. */
export function ActorTable({ type, label, rows, total, sort, onSort, selection, onHover }: TableProps) {
  const columns = columnsOf(type);
  const body = useRef<HTMLDivElement>(null);
  const narrow = useMedia(NARROW);
  const [current, setCurrent] = useState(-1);
  const scroller: Scroller = useVirtualizer({
    count: total,
    getScrollElement: () => body.current,
    estimateSize: () => (narrow ? ROW_PX.narrow : ROW_PX.wide),
    overscan: OVERSCAN,
    rangeExtractor: (range) => withCurrent(range, current),
    onChange: ({ range }) => range && rows.look(range.startIndex, range.endIndex),
  });
  useEffect(() => {
    scroller.measure();
  }, [scroller, narrow]);
  useOverRows(body, onHover, setCurrent);
  useRowKeys({ body, current, onCurrent: setCurrent, scroller, total, rows, selection });
  const shown = new Set<string>();
  return (
    <div className="table" role="table" aria-label={label} aria-rowcount={total + 1} data-type={type}>
      <div role="rowgroup" className="table-head">
        <div role="row" className="table-row" aria-rowindex={1}>
          <span role="columnheader" data-column="select">
            <input
              type="checkbox"
              className="box"
              aria-label={selection.size > 0 ? texts.list.unselectAll : texts.list.selectShown}
              checked={selection.size > 0}
              onChange={() => (selection.size > 0 ? selection.clear() : selection.addAll(rows.loaded))}
            />
          </span>
          <ColumnHeader column={{ key: 'title', label, sort: 'title' }} sort={sort} onSort={onSort} />
          {columns.map((column) => (
            <ColumnHeader key={column.key} column={column} sort={sort} onSort={onSort} />
          ))}
        </div>
      </div>
      <div role="rowgroup" className="table-body" ref={body} data-scroll-restoration-id="rows">
        <div className="table-space" role="presentation" style={{ height: scroller.getTotalSize() }}>
          {scroller.getVirtualItems().map(({ index, start }) => {
            const item = rows.rowAt(index);
            // A row that has moved between two answers may be in both; each stands under its own key all the same.
            const key = item === undefined || shown.has(item.address) ? `at ${index}` : item.address;
            shown.add(key);
            return <Row key={key} item={item} index={index} start={start} columns={columns} selection={selection} />;
          })}
        </div>
      </div>
    </div>
  );
}

/** The row with the focus exists even while it is out of sight, so that the keyboard does not lose its place. */
function withCurrent(range: Range, current: number): number[] {
  const indexes = defaultRangeExtractor(range);
  if (current < 0 || current >= range.count || indexes.includes(current)) return indexes;
  return [...indexes, current].sort((a, b) => a - b);
}

/** Whether the pointer is over the rows, and which row has the focus. */
function useOverRows(body: RefObject<HTMLElement | null>, onHover: (over: boolean) => void, onCurrent: (index: number) => void): void {
  useEffect(() => {
    const rows = body.current;
    if (rows === null) return;
    const stop = new AbortController();
    const { signal } = stop;
    rows.addEventListener('pointerenter', ({ pointerType }) => pointerType === 'mouse' && onHover(true), { signal });
    rows.addEventListener('pointerleave', () => onHover(false), { signal });
    rows.addEventListener(
      'focusin',
      ({ target }) => {
        const index = target instanceof Element ? indexOf(target) : undefined;
        if (index !== undefined) onCurrent(index);
      },
      { signal },
    );
    return () => {
      stop.abort();
      onHover(false);
    };
  }, [body, onHover, onCurrent]);
}

function indexOf(target: Element): number | undefined {
  const row = target.closest<HTMLElement>('[data-index]');
  return row === null ? undefined : Number(row.dataset['index']);
}

type KeysOptions = {
  readonly body: RefObject<HTMLDivElement | null>;
  readonly current: number;
  readonly onCurrent: (index: number) => void;
  readonly scroller: Scroller;
  readonly total: number;
  readonly rows: Rows;
  readonly selection: Selection;
};

function useRowKeys({ body, current, onCurrent, scroller, total, rows, selection }: KeysOptions): void {
  const wanted = useRef<number>(undefined);
  // The row may not have come yet: whenever something is drawn it is looked for again.
  useEffect(() => {
    if (wanted.current === undefined) return;
    const link = body.current?.querySelector<HTMLElement>(`[data-index="${wanted.current}"] .row-link`);
    if (!link) return;
    wanted.current = undefined;
    link.focus({ preventScroll: true });
  });
  const goTo = (index: number): boolean => {
    if (index < 0 || index >= total) return true;
    wanted.current = index;
    onCurrent(index);
    scroller.scrollToIndex(index);
    return true;
  };
  useKeys((event) => {
    const inTable = body.current?.contains(event.target as Node) === true;
    // Elsewhere on the page the arrows scroll, and Home and End too.
    if (!inTable && event.key !== 'j' && event.key !== 'k') return event.key === 'Escape' && selection.clear();
    switch (event.key) {
      case 'ArrowDown':
      case 'j':
        return goTo(current + 1);
      case 'ArrowUp':
      case 'k':
        return goTo(Math.max(0, current - 1));
      case 'Home':
        return goTo(0);
      case 'End':
        return goTo(total - 1);
      case 'x': {
        const item = rows.rowAt(current);
        if (item !== undefined) selection.toggle(item);
        return true;
      }
      case 'Escape':
        return selection.clear();
      default:
        return false;
    }
  });
}

/** Times are looked at from the newest; everything else from its beginning. */
const FIRST_DOWN = new Set(['updatedAt', 'createdAt']);

type HeaderProps = {
  readonly column: Pick<Column, 'key' | 'label' | 'sort'>;
  readonly sort: string;
  readonly onSort: (sort: string) => void;
};

function ColumnHeader({ column, sort, onSort }: HeaderProps) {
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
  /** Undefined while it is on its way. */
  readonly item: ListItem | undefined;
  readonly index: number;
  /** Pixels from the top of the list. */
  readonly start: number;
  readonly columns: readonly Column[];
  readonly selection: Selection;
};

function Row({ item, index, start, columns, selection }: RowProps) {
  const place = { 'aria-rowindex': index + 2, 'data-index': index, style: { transform: `translateY(${start}px)` } };
  if (item === undefined) {
    return (
      <div role="row" className="table-row" data-loading {...place}>
        <span role="cell" data-column="select" />
        <span role="cell" data-column="title">
          <span className="visually-hidden">{texts.list.rowLoading}</span>
          <span className="row-blank" aria-hidden="true" />
        </span>
      </div>
    );
  }
  const selected = selection.has(item.address);
  return (
    <div role="row" className="table-row" data-selected={selected || undefined} {...place}>
      <span role="cell" data-column="select">
        <input
          type="checkbox"
          className="box"
          tabIndex={-1}
          checked={selected}
          onChange={() => selection.toggle(item)}
          aria-label={texts.list.select(item.title)}
        />
      </span>
      <span role="cell" data-column="title">
        <Link to={`/${item.address}`} className="row-link" preload={false}>
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
  const { connection } = useServices();
  const [first] = useState(() => (connection.time.now() - Date.parse(updatedAt) < FRESH_MS ? -1 : version));
  return version === first ? null : <span key={version} className="changed" aria-hidden="true" />;
}
