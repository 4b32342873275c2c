import { fileImport } from './import.ts';
import type { Counts, FileFound, FileRead, ImportContext, Mapping, RowsTaken } from './import-terms.ts';
import { answer, begin, play, send } from './rehearsal.ts';
import type { Cue, Stage } from './rehearsal.ts';

/** What tests of imports begin with. Nothing here is used by the hub itself. */

export const FILE: FileFound = {
  ...{ sha256: 'ab'.repeat(32), bytes: 100, format: 'csv', encoding: 'utf-8', delimiter: ',' },
  ...{ rows: 3, columns: ['Name', 'Land'] },
};

export const READ: FileRead = {
  file: FILE,
  fields: [
    { field: 'name', required: true, as: 'text', names: ['name'] },
    { field: 'country', required: true, as: 'country', names: ['country'] },
    { field: 'note', required: false, as: 'text', names: [] },
  ],
};

export const MAPPING: Mapping = {
  fields: [
    { field: 'name', column: 0, otherwise: null, as: 'text', currency: null },
    { field: 'country', column: 1, otherwise: null, as: 'country', currency: null },
  ],
  key: null,
};

export const contextOf = ({ snapshot }: Stage): ImportContext => snapshot.context as ImportContext;
export const hashOf = (stage: Stage): string => contextOf(stage).payload_hash ?? '';
export const taken = (after: number, ended: boolean, counts: Partial<Counts> = { good: 1 }): RowsTaken => {
  return { ...{ good: 0, bad: 0, already: 0 }, ...counts, after, ended };
};

export const made = (settings: object = {}): Stage => begin(fileImport, { name: 'clients.csv', target: 'client' }, { settings });
export const read = (stage: Stage, what: FileRead = READ): Stage => answer(stage, 'file', what);
export const map = (stage: Stage, mapping: Mapping = MAPPING, more: Partial<Cue> = {}): Stage =>
  send(stage, { type: 'MAP', ...mapping, ...more });
export const preview = (stage: Stage): Stage => send(stage, { type: 'PREVIEW' });
export const rows = (stage: Stage, what: RowsTaken): Stage => answer(stage, 'rows', what);
export const start = (stage: Stage, more: Partial<Cue> = {}): Stage => send(stage, { type: 'START', hash: hashOf(stage), ...more });
export const approve = (stage: Stage, more: Partial<Cue> = {}): Stage =>
  send(stage, { type: 'APPROVE', by: 'approver', hash: hashOf(stage), ...more });

export const draft = (settings: object = {}): Stage => read(made(settings));
export const mapped = (settings: object = {}): Stage => map(draft(settings));
export const previewing = (settings: object = {}): Stage => preview(mapped(settings));
export const previewed = (settings: object = {}): Stage => rows(previewing(settings), taken(4, true, { good: 2, bad: 1 }));
export const proposed = (): Stage => start(previewed({ approve_from_rows: 3 }));
export const running = (): Stage => start(previewed());
export const stopped = (): Stage => play(running(), (stage) => send(stage, { type: 'STOP', by: 'operator' }));
export const done = (): Stage => rows(running(), taken(4, true, { good: 2, bad: 1 }));
