import { isRecord } from '../core/problem.ts';

export type Change = { readonly part: string; readonly change: string; readonly was: string | null; readonly is: string | null };
export type Deed = { readonly at: number; readonly what: string; readonly detail: string | null };

/** What an integration's actor knows of how it does. Moments are epoch milliseconds; what there is nothing of is undefined. */
export type Care = {
  readonly open_since: number | undefined;
  readonly succeeded_at: number | undefined;
  readonly failed_at: number | undefined;
  readonly limited_until: number | undefined;
  readonly share: number | undefined;
  readonly quarantined_because: string | undefined;
  readonly looked_at: number | undefined;
  readonly look_failed: string | undefined;
  readonly expires_at: number | undefined;
  readonly rotated_at: number | undefined;
  readonly rotation_failed: string | undefined;
  readonly version: string | undefined;
  /** The most frequent first. */
  readonly errors: readonly (readonly [code: string, count: number])[];
  readonly changes: readonly Change[];
  readonly did: readonly Deed[];
};

const MOST_DEEDS = 5;

export function careOf(context: Readonly<Record<string, unknown>>): Care {
  const { credentials, looking, contract } = {
    credentials: recordOf(context['credentials']),
    looking: recordOf(context['looking']),
    contract: recordOf(context['contract']),
  };
  const errors = Object.entries(recordOf(context['errors'])).filter((one): one is [string, number] => typeof one[1] === 'number');
  const share = numberOf(context['share']);
  return {
    open_since: numberOf(context['open_since']),
    succeeded_at: numberOf(context['succeeded_at']),
    failed_at: numberOf(context['failed_at']),
    limited_until: numberOf(context['limited_until']),
    share: share === 100 ? undefined : share,
    quarantined_because: textOf(context['quarantined_because']),
    looked_at: numberOf(looking['at']),
    look_failed: textOf(recordOf(looking['failure'])['code']),
    expires_at: numberOf(credentials['expires_at']),
    rotated_at: numberOf(credentials['rotated_at']),
    rotation_failed: textOf(credentials['failure']),
    version: textOf(contract['version']),
    errors: errors.toSorted(([, one], [, other]) => other - one),
    changes: (Array.isArray(contract['changes']) ? contract['changes'] : []) as Change[],
    did: (Array.isArray(context['did']) ? context['did'] : []).slice(0, MOST_DEEDS) as Deed[],
  };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
