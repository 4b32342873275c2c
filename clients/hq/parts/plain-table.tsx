import type { ReactNode } from 'react';

export type PlainColumn<Row> = {
  readonly key: string;
  readonly label: string;
  readonly show: (row: Row) => ReactNode;
  readonly align?: 'end';
};

type Props<Row> = {
  readonly label: string;
  readonly columns: readonly PlainColumn<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** What stands below each column, in their order: totals, as a rule. */
  readonly foot?: readonly ReactNode[];
};

/** A table of some dozens of rows. Where it is narrow each row stands as a card, with the labels beside the values. */
export function PlainTable<Row>({ label, columns, rows, keyOf, foot }: Props<Row>) {
  return (
    <div className="plain-wrap">
      <table className="plain-table" aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.key} scope="col" data-align={column.align}>
                {column.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column) => (
                <td key={column.key} data-label={column.label} data-align={column.align}>
                  <div>{column.show(row)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
        {foot && (
          <tfoot>
            <tr>
              {columns.map((column, index) => (
                <td key={column.key} data-label={column.label} data-align={column.align}>
                  <div>{foot[index]}</div>
                </td>
              ))}
            </tr>
          </tfoot>
        )}
      </table>
    </div>
  );
}
