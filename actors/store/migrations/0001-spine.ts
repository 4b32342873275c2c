import { Migration } from '@mikro-orm/migrations';

/** The journal, the lean actor rows, and what stands around them. Also the tables of the embedded sandbox gateway. */
export class Migration0001Spine extends Migration {
  override up(): void {
    this.addSql(`create table "partition" ("id" int not null primary key, "owner" text null, "epoch" bigint not null)`);
    this.addSql(`insert into "partition" ("id", "owner", "epoch") select n, null, 0 from generate_series(0, 31) n`);
    this.addSql(`create table "node" ("id" text not null primary key, "url" text not null, "release" text not null,
      "since" timestamptz not null, "lease_until" timestamptz not null)`);
    this.addSql(`create table "journal" (
      "actor" text collate "C" not null, "version" int not null, "partition" smallint not null, "seq" bigint not null,
      "event_id" text collate "C" not null, "event" text not null, "body_hash" text collate "C" not null,
      "caller" text not null, "causation" text null, "correlation" text null, "traceparent" text null,
      "at" bigint not null, "machine_version" int not null, "envelope" text not null, "asked" text null,
      "hash" text collate "C" not null,
      constraint "journal_pkey" primary key ("actor", "version"),
      constraint "journal_event" unique ("actor", "event_id"),
      constraint "journal_seq" unique ("partition", "seq"))`);
    this.addSql(`create table "actor" (
      "address" text collate "C" not null primary key, "partition" smallint not null, "type" text collate "C" not null,
      "version" int not null, "state" text collate "C" not null, "tags" text null, "due_at" bigint null,
      "pending" int not null, "parked" boolean not null, "title" text null, "summary" text null,
      "client" text collate "C" null, "agent" text collate "C" null, "created_at" bigint not null, "updated_at" bigint not null
      ) with (fillfactor = 70)`);
    this.addSql(`create index "actor_updated" on "actor" ("type", "updated_at")`);
    this.addSql(`create index "actor_state" on "actor" ("type", "state", "updated_at")`);
    this.addSql(`create index "actor_due" on "actor" ("due_at") where "due_at" is not null`);
    this.addSql(`create index "actor_pending" on "actor" ("address") where "pending" > 0`);
    this.addSql(`create index "actor_client" on "actor" ("client") where "client" is not null`);
    this.addSql(`create table "refusal" (
      "actor" text collate "C" not null, "event_id" text collate "C" not null, "body_hash" text collate "C" not null,
      "reason" text not null, "detail" text null, "version" int not null, "at" bigint not null,
      primary key ("actor", "event_id"))`);
    this.addSql(`create table "creation" (
      "caller" text collate "C" not null, "key" text collate "C" not null, "body_hash" text collate "C" not null,
      "actor" text collate "C" not null, primary key ("caller", "key"))`);
    this.addSql(`create table "dead_letter" (
      "id" text collate "C" not null primary key, "actor" text collate "C" not null, "event_id" text collate "C" not null,
      "event" text not null, "caller" text not null, "reason" text not null, "detail" text null, "at" bigint not null)`);
    this.addSql(`create index "dead_letter_at" on "dead_letter" ("at")`);
    this.addSql(`create table "progress" (
      "partition" smallint not null primary key, "epoch" bigint not null, "stream" text not null,
      "cursor" bigint not null, "published" bigint not null)`);
    this.addSql(`insert into "progress" select n, 0, '', 0, 0 from generate_series(0, 31) n`);
    this.addSql(
      `create table "actor_text" ("address" text collate "C" not null primary key, "type" text collate "C" not null, "text" text not null)`,
    );
    this.addSql(`create index "actor_text_words" on "actor_text" using gin (to_tsvector('simple', "text"))`);
    this.addSql(`create table "person" (
      "username" text collate "C" not null primary key, "password_hash" text null, "roles" text[] not null,
      "client" text null, "disabled" boolean not null, "demo" boolean not null, "generation" int not null,
      "created_at" timestamptz not null, "updated_at" timestamptz not null)`);
    this.addSql(`create table "refresh_token" (
      "hash" text collate "C" not null primary key, "family" text collate "C" not null, "username" text collate "C" not null,
      "expires_at" timestamptz not null, "used_at" timestamptz null, "revoked_at" timestamptz null)`);
    this.addSql(`create index "refresh_token_family" on "refresh_token" ("family")`);
    this.addSql(`create table "setting" ("name" text collate "C" not null primary key, "value" text not null)`);
  }
}
