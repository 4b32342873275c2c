import { Migration } from '@mikro-orm/migrations';

/** Files that actors are made from: what each is, its rows in bounded pieces, which id a row came with first, and the rows that could not be taken. */
export class Migration0012Imports extends Migration {
  override up(): void {
    this.addSql(`create table "import_file" ("id" text collate "C" not null, "person" text not null, "sha256" text not null, "bytes" int not null,
      "found" text not null, "at" bigint not null, primary key ("id"))`);
    this.addSql(`create table "import_piece" ("file" text collate "C" not null, "sha256" text collate "C" not null, "n" int not null,
      "last_row" int not null, "rows" text not null, primary key ("file", "sha256", "n"))`);
    this.addSql(`create table "import_key" ("file" text collate "C" not null, "pass" int not null, "key" text collate "C" not null,
      "row" int not null, primary key ("file", "pass", "key"))`);
    this.addSql(`create table "import_bad" ("file" text collate "C" not null, "pass" int not null, "row" int not null,
      "reasons" text not null, primary key ("file", "pass", "row"))`);
  }
}
