import { Migration } from '@mikro-orm/migrations';

/**
 * Lists by state look for the state anywhere in a text, which this index cannot answer; every commit paid for it all the same, about a
 * tenth of what a row costs PostgreSQL.
 */
export class Migration0006FewerIndexes extends Migration {
  override up(): void {
    this.addSql(`drop index "actor_state"`);
  }
}
