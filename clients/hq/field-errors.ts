import { isRecord, Problem } from '../core/problem.ts';
import type { Field } from '../core/schema.ts';

/** Sentences about fields, by path as `readDraft` has them. */
export type FieldErrors = Readonly<Record<string, string>>;

/**
 * Puts each thing that the hub found wrong to where `take` has room for it; the problem that comes back keeps what it has none for, and
 * says `lookBelow` where that is nothing.
 */
export function placeErrors(problem: Problem, lookBelow: string, take: (path: readonly string[], what: string) => boolean): Problem {
  const { errors, ...extra } = problem.extra;
  const all: readonly unknown[] = Array.isArray(errors) ? errors : [];
  const others = all.filter((error) => {
    const { where, what } = isRecord(error) ? error : {};
    return !take(
      String(where)
        .replace(/^body\./, '')
        .split('.'),
      String(what),
    );
  });
  const sentence = others.length === 0 && all.length > 0 ? lookBelow : problem.message;
  return new Problem(problem.status, problem.code, sentence, { ...extra, errors: others }, problem.retryAfterMs);
}

/** Of a form whose fields are those of an actor's input. */
export function placeInputErrors(
  problem: Problem,
  fields: readonly Field[],
  lookBelow: string,
): { readonly errors: FieldErrors; readonly problem: Problem } {
  const errors: Record<string, string> = {};
  const left = placeErrors(problem, lookBelow, (path, what) => {
    const [name = '', ...rest] = path[0] === 'input' ? path.slice(1) : path;
    if (!fields.some((field) => field.name === name)) return false;
    errors[[name, ...rest].join('.')] = what;
    return true;
  });
  return { errors, problem: left };
}
