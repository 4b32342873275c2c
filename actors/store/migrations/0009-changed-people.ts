import { Migration } from '@mikro-orm/migrations';

/** Every node asks several times a second whose rights have just changed. */
export class Migration0009ChangedPeople extends Migration {
  override up(): void {
    this.addSql(`create index "person_updated" on "person" ("updated_at")`);
  }
}
