import { counted } from './texts.ts';

/* The texts of what somebody decides, and of what stands in the way of it. */

export const decisionTexts = {
  gone: 'This can no longer be done.',
  left: 'It has left your queue.',
  hidden: 'It is no longer shown to you',
  changed: 'It has been changed since you opened this.',
  changedWhy: (fields: string) => `No longer as it stands above: ${fields}.`,
  showNow: 'Show what it is now',
  bulkChanged: (count: number) => `${counted(count, 'has', 'have')} been changed since you picked ${count === 1 ? 'it' : 'them'}.`,
  bulkTick: 'They stand below as they are now, and are left out until you tick them.',
  bulkNow: 'They stand below as they are now.',
  rowChanged: (before: string) => `Changed since you picked it. It was ${before}.`,
  takeAlong: 'Approve it as it is now',
  leftOut: 'Changed since you picked it, and left out',
} as const;
