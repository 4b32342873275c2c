import { assign, emit, setup } from 'xstate';
import * as rules from './import-rules.ts';
import type {
  Approve,
  FileRead,
  ImportBirth,
  ImportContext,
  ImportEvent,
  ImportFact,
  MapColumns,
  ReadFile,
  RowsTaken,
  Start,
  TakeRows,
} from './import-terms.ts';
import { effect } from './machine.ts';
import type { EffectError, Stamp } from './machine.ts';
import { must } from './must.ts';

/** The words that the chart of an import is written in. */
export const importSetup = setup({
  types: {
    context: {} as ImportContext,
    events: {} as ImportEvent,
    input: {} as ImportBirth,
    emitted: {} as ImportFact,
    tags: {} as 'needs_somebody' | 'final',
  },
  actors: {
    'imports.read_file': effect<FileRead, ReadFile>(),
    'imports.try_rows': effect<RowsTaken, TakeRows>(),
    'imports.send_rows': effect<RowsTaken, TakeRows>(),
  },
  guards: {
    canMap: ({ context }, event: MapColumns) => rules.refuseMapping(context, event) === undefined,
    canStart: ({ context }, event: Start) => rules.refuseStart(context, event) === undefined,
    canStartAlone: ({ context }, event: Start) => rules.refuseStart(context, event) === undefined && !rules.needsApproval(context),
    canApprove: ({ context }, event: Approve) => rules.refuseApproval(context, event) === undefined,
    isLast: (_, { ended }: RowsTaken) => ended,
  },
  actions: {
    noteFile: assign(({ context }, read: FileRead) => rules.withFile(context, read)),
    map: assign(({ context }, event: MapColumns) => rules.withMapping(context, event)),
    beginPreview: assign(({ context }, { by }: Stamp) => rules.beginPass(context, by)),
    beginRun: assign(({ context }) => rules.beginPass(context, must(context.started, 'who started an import').by)),
    noteRows: assign(({ context }, taken: RowsTaken) => rules.withRows(context, taken)),
    notePreview: assign(({ context }) => rules.withPreview(context)),
    start: assign(({ context }, event: Stamp) => rules.start(context, event)),
    approve: assign(({ context }, event: Stamp) => rules.approve(context, event)),
    noteTrouble: assign(({ context }, error: EffectError) => rules.withTrouble(context, error)),
    forgetTrouble: assign({ trouble: null }),
    announceStarted: emit(({ context }) => rules.toStarted(context)),
    announceDone: emit(({ context }) => rules.toEnded('import.done', context)),
    announceCanceled: emit(({ context }) => rules.toEnded('import.canceled', context)),
  },
});
