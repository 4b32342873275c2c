import { Migration0001Spine } from './0001-spine.ts';
import { Migration0002Sandbox } from './0002-sandbox.ts';
import { Migration0003Postings } from './0003-postings.ts';
import { Migration0004Archive } from './0004-archive.ts';
import { Migration0005Operations } from './0005-operations.ts';
import { Migration0006FewerIndexes } from './0006-fewer-indexes.ts';
import { Migration0007Figures } from './0007-figures.ts';
import { Migration0008PlainWords } from './0008-plain-words.ts';
import { Migration0009ChangedPeople } from './0009-changed-people.ts';
import { Migration0010TwoPhases } from './0010-two-phases.ts';
import { Migration0011ClosedPeriods } from './0011-closed-periods.ts';
import { Migration0012Imports } from './0012-imports.ts';
import { Migration0013SandboxErp } from './0013-sandbox-erp.ts';

/** Every migration in order; a released one is never changed. */
export const migrations = [
  { name: '0001-spine', class: Migration0001Spine },
  { name: '0002-sandbox', class: Migration0002Sandbox },
  { name: '0003-postings', class: Migration0003Postings },
  { name: '0004-archive', class: Migration0004Archive },
  { name: '0005-operations', class: Migration0005Operations },
  { name: '0006-fewer-indexes', class: Migration0006FewerIndexes },
  { name: '0007-figures', class: Migration0007Figures },
  { name: '0008-plain-words', class: Migration0008PlainWords },
  { name: '0009-changed-people', class: Migration0009ChangedPeople },
  { name: '0010-two-phases', class: Migration0010TwoPhases },
  { name: '0011-closed-periods', class: Migration0011ClosedPeriods },
  { name: '0012-imports', class: Migration0012Imports },
  { name: '0013-sandbox-erp', class: Migration0013SandboxErp },
];
