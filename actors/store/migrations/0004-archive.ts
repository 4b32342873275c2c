import { Migration } from '@mikro-orm/migrations';

/**
 * Where retention moves old contents. The two hashes stay in the row, so that the chain verifies without its contents; the
 * commit never writes them. What is packed is not packed again by PostgreSQL.
 */
export class Migration0004Archive extends Migration {
  override up(): void {
    this.addSql(`alter table "journal" add column "envelope_hash" text collate "C" null, add column "asked_hash" text collate "C" null`);
    this.addSql(`create table "journal_archive" (
      "actor" text collate "C" not null, "first" int not null, "last" int not null,
      "contents" bytea not null, "contents_hash" text collate "C" not null,
      constraint "journal_archive_pkey" primary key ("actor", "first"))`);
    this.addSql(`alter table "journal_archive" alter column "contents" set storage external`);
  }
}
