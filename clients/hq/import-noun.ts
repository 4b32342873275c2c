import type { Noun } from './nouns.ts';

/** How the console shows what is made from a file. */
export const fileImport: Noun = {
  type: 'import',
  path: '/imports',
  one: 'import',
  many: 'imports',
  course: { line: ['reading', 'draft', 'mapped', 'previewing', 'previewed', 'running', 'done'], ends: ['done', 'canceled'] },
  tones: {
    reading: 'moving',
    unreadable: 'wrong',
    draft: 'asking',
    mapped: 'asking',
    previewing: 'moving',
    previewed: 'asking',
    proposed: 'asking',
    running: 'moving',
    stopped: 'wrong',
    done: 'well',
    canceled: 'lost',
  },
  sections: [
    { title: 'File', fields: ['name', 'target', 'maker', 'file'] },
    { title: 'Mapping', fields: ['mapping', 'mapped', 'payload_hash'] },
    { title: 'Rows', fields: ['position', 'counts', 'preview', 'started', 'approved', 'trouble'] },
  ],
  grave: ['CANCEL', 'STOP'],
  main: ['PREVIEW', 'START', 'APPROVE', 'RESUME'],
  basis: { APPROVE: ['name', 'target', 'file', 'mapping', 'preview', 'started', 'payload_hash'], '*': ['name', 'target', 'counts'] },
  makers: ['clerk'],
  references: [],
  relatives: [],
};
