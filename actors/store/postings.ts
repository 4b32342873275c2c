import type { Database } from '../integrations/integration.ts';

/** What the posted legs of an account in one currency add up to, however large; pending ones are in no balance. */
export type Balance = { readonly account: string; readonly currency: string; readonly amount_minor: bigint };

/** The balances of these accounts, or of all; an account that nothing was posted to has none. */
export async function readBalances(database: Database, accounts?: readonly string[]): Promise<readonly Balance[]> {
  const rows = await database.query(
    accounts === undefined ? 'balances_all' : 'balances',
    `select account, currency, sum(amount_minor)::text as amount_minor from posting
      where not pending ${accounts === undefined ? '' : 'and account = any($1::text[])'} group by account, currency order by account, currency`,
    accounts === undefined ? [] : [accounts],
  );
  return rows.map(({ account, currency, amount_minor }) => ({
    account: String(account),
    currency: String(currency),
    amount_minor: BigInt(String(amount_minor)),
  }));
}
