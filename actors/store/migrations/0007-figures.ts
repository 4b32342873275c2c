import { Migration } from '@mikro-orm/migrations';

/**
 * How many actors stand where and how they moved, written behind by the nodes that own them. The index holds parked actors alone, so
 * that no commit pays for it.
 */
export class Migration0007Figures extends Migration {
  override up(): void {
    this.addSql(`create table "tally" ("partition" smallint not null primary key, "seq" bigint not null, "counts" text not null)`);
    this.addSql(`create table "flow" ("bucket" bigint not null, "node" text collate "C" not null, "counts" text not null,
      constraint "flow_pkey" primary key ("bucket", "node"))`);
    this.addSql(`create index "actor_parked" on "actor" ("type", "updated_at") where "parked"`);
  }
}
