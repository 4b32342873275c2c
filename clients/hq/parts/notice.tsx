import type { ReactNode } from 'react';
import type { Problem } from '../../core/problem.ts';

/** What went wrong: the hub's sentence and its code, and a way on if there is one. */
export function ProblemNotice({
  title,
  problem,
  onRetry,
}: {
  title: string;
  problem: Pick<Problem, 'message' | 'code'>;
  onRetry?: () => void;
}) {
  return (
    <div className="notice" data-tone="wrong" role="alert">
      <p className="notice-title">{title}</p>
      <p>
        {problem.message} <code className="code">{problem.code}</code>
      </p>
      {onRetry && (
        <button type="button" className="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Nothing to show, and why that is all right. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <svg viewBox="0 0 64 24" className="empty-line" aria-hidden="true" focusable="false">
        <path d="M2 12h60" />
        <circle cx="32" cy="12" r="5" />
      </svg>
      <p className="empty-title">{title}</p>
      {children !== undefined && <p>{children}</p>}
    </div>
  );
}

/** Stands where content will be. A screen reader hears one word, not a row of boxes. */
export function Skeleton({ rows, label }: { rows: number; label: string }) {
  return (
    <div className="skeleton" role="status">
      <span className="visually-hidden">{label}</span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="skeleton-row" aria-hidden="true" />
      ))}
    </div>
  );
}
