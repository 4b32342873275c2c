/** One place at which two values differ; `path` as a person reads it: `context.approvals[0].by`. */
export type Difference = {
  readonly path: string;
  readonly kind: 'added' | 'removed' | 'changed';
  readonly before: unknown;
  readonly after: unknown;
};

type Members = Readonly<Record<string, unknown>>;

/** Every place at which two JSON values differ, the deepest that says it, in the order of the newer one. */
export function differencesOf(before: unknown, after: unknown, path = ''): readonly Difference[] {
  if (Object.is(before, after)) return [];
  if (before === undefined) return [{ path, kind: 'added', before, after }];
  if (after === undefined) return [{ path, kind: 'removed', before, after }];
  const [was, is] = [membersOf(before), membersOf(after)];
  if (was === undefined || is === undefined || Array.isArray(before) !== Array.isArray(after))
    return [{ path, kind: 'changed', before, after }];
  const names = [...Object.keys(is), ...Object.keys(was).filter((name) => !Object.hasOwn(is, name))];
  return names.flatMap((name) => differencesOf(was[name], is[name], joined(path, name, Array.isArray(after))));
}

function joined(path: string, name: string, isIndex: boolean): string {
  if (isIndex) return `${path}[${name}]`;
  return path === '' ? name : `${path}.${name}`;
}

function membersOf(value: unknown): Members | undefined {
  return typeof value === 'object' && value !== null ? (value as Members) : undefined;
}
