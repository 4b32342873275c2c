import { Migration } from '@mikro-orm/migrations';

/** The ledger: one row for each leg of what machines post, written by the commit of the row that asked for it. */
export class Migration0003Postings extends Migration {
  override up(): void {
    this.addSql(`create table "posting" (
      "actor" text collate "C" not null, "version" int not null, "i" int not null, "leg" int not null,
      "partition" smallint not null, "account" text collate "C" not null, "currency" text collate "C" not null,
      "amount_minor" bigint not null, "at" bigint not null,
      constraint "posting_pkey" primary key ("actor", "version", "i", "leg"))`);
    this.addSql(`create index "posting_account" on "posting" ("account", "currency")`);
  }
}
