import { Migration } from '@mikro-orm/migrations';
import { sandboxSchema } from '../../integrations/sandbox/schema.ts';

/** The sandbox gateway's own journal, in a schema of its own. */
export class Migration0002Sandbox extends Migration {
  override up(): void {
    for (const statement of sandboxSchema) this.addSql(statement);
  }
}
