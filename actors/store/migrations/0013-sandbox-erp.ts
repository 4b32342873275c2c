import { Migration } from '@mikro-orm/migrations';
import { sandboxErpSchema } from '../../integrations/sandbox-erp/schema.ts';

/** The sandbox ERP's records, in a schema of its own. */
export class Migration0013SandboxErp extends Migration {
  override up(): void {
    for (const statement of sandboxErpSchema) this.addSql(statement);
  }
}
