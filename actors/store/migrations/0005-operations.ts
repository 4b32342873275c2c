import { Migration } from '@mikro-orm/migrations';

/** How dead letters ended, kinds of actors that are paused, and a list of what operators did. */
export class Migration0005Operations extends Migration {
  override up(): void {
    this.addSql(`alter table "dead_letter" add column "resolution" text null, add column "resolved_by" text null,
      add column "resolved_at" bigint null, add column "note" text null, add column "edits" int not null default 0,
      add column "n" bigserial not null`);
    this.addSql(`create index "dead_letter_open" on "dead_letter" ("n") where "resolution" is null`);
    this.addSql(`create index "dead_letter_n" on "dead_letter" ("n")`);
    this.addSql(`create index "dead_letter_actor" on "dead_letter" ("actor", "n")`);
    this.addSql(`create table "type_pause" (
      "type" text collate "C" not null primary key, "person" text not null, "reason" text not null, "at" bigint not null)`);
    this.addSql(`create table "operation" (
      "id" text collate "C" not null primary key, "at" bigint not null, "person" text not null, "action" text not null,
      "target" text collate "C" not null, "reason" text not null, "outcome" text null, "detail" text null)`);
    this.addSql(`create index "operation_at" on "operation" ("at", "id")`);
    this.addSql(`create index "operation_target" on "operation" ("target", "at")`);
  }
}
