import type { Noun } from './nouns.ts';

/* How the console shows what is kept in step with an ERP. */

export const binding: Noun = {
  type: 'binding',
  path: '/records',
  one: 'record',
  many: 'records',
  course: { line: ['meeting', 'comparing', 'pushing', 'applying', 'agreed'], ends: ['agreed', 'released'] },
  tones: {
    meeting: 'moving',
    creating: 'moving',
    linking: 'moving',
    comparing: 'moving',
    pushing: 'moving',
    looking: 'moving',
    waiting: 'moving',
    applying: 'moving',
    conflict: 'asking',
    refused: 'wrong',
    agreed: 'well',
    gone: 'wrong',
    released: 'resting',
  },
  sections: [
    { title: 'Record', fields: ['actor', 'integration', 'model', 'external_id', 'agreed_at', 'tries'] },
    { title: 'To decide', fields: ['conflicts', 'problem'] },
    { title: 'The two sides', fields: ['ours', 'theirs', 'base'] },
    { title: 'Values that gave way', fields: ['overruled'] },
    { title: 'Who decides', fields: ['owners', 'decided'] },
  ],
  grave: ['RELEASE'],
  main: ['DECIDE', 'RETRY', 'RECREATE'],
  basis: { DECIDE: ['conflicts', 'actor'], '*': ['actor', 'problem'] },
  makers: ['operator', 'admin'],
  references: [{ field: 'integration', type: 'integration', title: 'Integration' }],
  relatives: [],
};

export const feed: Noun = {
  type: 'feed',
  path: '/feeds',
  one: 'feed',
  many: 'feeds',
  tones: {
    'reading.pulling': 'moving',
    'reading.breathing': 'moving',
    'reading.idle': 'well',
    'reading.pausing': 'wrong',
    'reading.paused': 'resting',
    'lag.current': 'well',
    'lag.stalled': 'wrong',
  },
  sections: [
    { title: 'Feed', fields: ['integration', 'model', 'current_at', 'backfilling', 'told', 'unreadable'] },
    { title: 'Where it stands', fields: ['cursor', 'failure', 'tries', 'rules'] },
  ],
  grave: ['BACKFILL'],
  main: ['PULL', 'RESUME'],
  basis: { '*': ['integration', 'model', 'told'] },
  makers: ['operator', 'admin'],
  references: [{ field: 'integration', type: 'integration', title: 'Integration' }],
  relatives: [],
};
