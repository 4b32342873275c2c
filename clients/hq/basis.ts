import type { Noun } from './nouns.ts';

/** The fields on which somebody decides about an event: they stand above its form. */
export function basisOf({ basis }: Pick<Noun, 'basis'>, event: string): readonly string[] {
  return basis[event] ?? basis['*'] ?? [];
}

type Context = Readonly<Record<string, unknown>>;

/** Which of the fields are not any more as they were. */
export function changedIn(names: readonly string[], before: Context, after: Context): readonly string[] {
  return names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}
