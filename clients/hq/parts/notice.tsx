import { useEffect, useRef, type ReactNode } from 'react';
import { isRecord, type Problem } from '../../core/problem.ts';
import { firstTexts } from '../texts-first.ts';

/** What went wrong: the hub's sentence and its code, and a way on if there is one. */
export function ProblemNotice({
  title,
  problem,
  onRetry,
}: {
  title: string;
  problem: Pick<Problem, 'message' | 'code'> & Partial<Pick<Problem, 'extra'>>;
  onRetry?: () => void;
}) {
  const notice = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // In a long dialog whoever has sent it stands at the other end.
    if (notice.current?.closest('[role="dialog"]')) notice.current.scrollIntoView({ block: 'nearest' });
  }, []);
  return (
    <div className="notice" data-tone="wrong" role="alert" ref={notice}>
      <p className="notice-title">{title}</p>
      <p>
        {problem.message} <code className="code">{problem.code}</code>
      </p>
      <Errors errors={problem.extra?.['errors']} />
      {onRetry && (
        <button type="button" className="button" onClick={onRetry}>
          {firstTexts.tryAgain}
        </button>
      )}
    </div>
  );
}

/** The single things that were wrong with what was sent, where the hub names them: `{ where, what }`. */
function Errors({ errors }: { errors: unknown }) {
  const named = Array.isArray(errors) ? errors.filter(isRecord) : [];
  if (named.length === 0) return null;
  return (
    <ul className="errors">
      {named.map((error, index) => (
        <li key={index}>
          <code className="code">{String(error['where'])}</code> {String(error['what'])}
        </li>
      ))}
    </ul>
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
