import { isRecord } from '../../core/problem.ts';

/** One place at which two values differ. What is missing on one side is undefined there. */
export type Change = {
  /** Names of fields and numbers of items, from the outside in. */
  readonly path: readonly (string | number)[];
  readonly before: unknown;
  readonly after: unknown;
};

/**
 * Where two contexts differ, as deep as both sides have the same shape: a field of a record within a list is one change, a record that
 * is new is one as a whole. Items of lists are compared by their places.
 */
export function toChanges(before: unknown, after: unknown, path: readonly (string | number)[] = []): readonly Change[] {
  if (Object.is(before, after)) return [];
  if (isRecord(before) && isRecord(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) => toChanges(before[name], after[name], [...path, name]));
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, index) => index).flatMap((index) =>
      toChanges((before as readonly unknown[])[index], (after as readonly unknown[])[index], [...path, index]),
    );
  }
  return [{ path, before, after }];
}
