import { Migration } from '@mikro-orm/migrations';

/**
 * Pending legs, and when a leg counts where that is not when it was recorded. What the release before writes meanwhile is posted, and
 * counts when it was recorded. A statement of an account is read in the order of its own index, which serves balances as the one before did;
 * the legs of a day are found by an index that costs a commit nothing.
 */
export class Migration0010TwoPhases extends Migration {
  override up(): void {
    this.addSql(`alter table "posting" add column "pending" boolean not null default false, add column "effective" bigint null,
      add column "kind" text collate "C" not null default 'posted', add column "of_version" int null, add column "of_i" int null`);
    this.addSql(`create index "posting_entry" on "posting" ("account", "currency", (coalesce("effective", "at")))`);
    this.addSql(`drop index "posting_account"`);
    this.addSql(`create index "posting_at" on "posting" using brin ("at")`);
  }
}
