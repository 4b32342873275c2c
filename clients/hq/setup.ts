import { readFields, type Field } from '../core/schema.ts';
import { isRecord, type Problem } from '../core/problem.ts';
import { placeErrors } from './field-errors.ts';

/** A secret that an integration works with; what it is never comes here. */
export type Need = {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly required: boolean;
  readonly set: boolean;
};

/** How an integration is set up, and what it can be given. */
export type Setup = {
  readonly name: string;
  readonly title: string;
  readonly config: unknown;
  /** JSON Schema of the settings. */
  readonly schema: unknown;
  /** The names of those that are set. */
  readonly secrets: readonly string[];
  readonly needs: readonly Need[];
  /** What waits for it on the node that answered. */
  readonly waiting: { readonly queued: number; readonly under_way: number; readonly oldest_ms: number };
};

/** Sentences about fields: of the settings by their path, of the secrets by their names. */
export type Wrong = { readonly config: Readonly<Record<string, string>>; readonly secrets: Readonly<Record<string, string>> };

export const NOTHING_WRONG: Wrong = { config: {}, secrets: {} };

/** The fields of the settings. A choice that has a standard is always made; of what can be left empty the hint says what then holds. */
export function settingsOf({ schema }: Pick<Setup, 'schema'>, leftEmpty: (standard: string) => string): readonly Field[] {
  const rules = isRecord(schema) && isRecord(schema['properties']) ? schema['properties'] : {};
  return readFields(schema).map((field) => {
    const rule = rules[field.name];
    const standard = isRecord(rule) ? rule['default'] : undefined;
    if (typeof standard !== 'string' && typeof standard !== 'number') return field;
    if (field.kind === 'choice' || field.kind === 'currency') return { ...field, required: true };
    return { ...field, hint: [field.hint, leftEmpty(String(standard))].filter(Boolean).join(' ') };
  });
}

/** The secrets that are needed and neither there nor given. */
export function missingOf(needs: readonly Need[], given: Readonly<Record<string, string>>): readonly Need[] {
  return needs.filter(({ name, required, set }) => required && !set && (given[name] ?? '') === '');
}

type Form = {
  readonly fields: readonly Field[];
  readonly needs: readonly Need[];
  /** Said above the form where all that is wrong stands at its fields. */
  readonly lookBelow: string;
};

/** Puts what the hub found wrong to the fields that it names; the problem keeps what none of them can show. */
export function placeSetupErrors(
  problem: Problem,
  { fields, needs, lookBelow }: Form,
): { readonly wrong: Wrong; readonly problem: Problem } {
  const config: Record<string, string> = {};
  const secrets: Record<string, string> = {};
  const left = placeErrors(problem, lookBelow, ([part, name = '', ...rest], what) => {
    if (part === 'config' && fields.some((field) => field.name === name)) config[[name, ...rest].join('.')] = what;
    else if (part === 'secrets' && needs.some((need) => need.name === name)) secrets[name] = what;
    else return false;
    return true;
  });
  return { wrong: { config, secrets }, problem: left };
}
