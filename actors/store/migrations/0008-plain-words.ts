import { Migration } from '@mikro-orm/migrations';

/** Texts are kept as plain words from now on; what was kept otherwise is made again by the nodes as they start. */
export class Migration0008PlainWords extends Migration {
  override up(): void {
    this.addSql(`truncate table "actor_text"`);
  }
}
