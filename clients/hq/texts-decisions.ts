import { formatNumber } from '../core/format.ts';

/* The texts of what somebody decides, and of what stands in the way of it. */

export const decisionTexts = {
  gone: 'This can no longer be done.',
  left: 'It has left your queue.',
  hidden: 'It is no longer shown to you',
  changed: 'It has been changed since you opened this.',
  changedWhy: (fields: string) => `No longer as it stands above: ${fields}.`,
  showNow: 'Show what it is now',
  unanswered: (verb: string) => `${verb}: the hub has not answered`,
  unansweredWhy: 'It may or may not have been done. Trying again is safe: it carries the same id and takes effect once.',
  notKnown: 'Whether it was done is not known',
  held: (verb: string) => `${verb}: the hub keeps it, and has not done it`,
  heldWhy: 'It stands still here until somebody lets it go on; then it may be done. Trying again is safe: it carries the same id.',
  createHeld: (one: string) => `The ${one} is not created yet: the hub keeps what was sent`,
  unansweredAnew: 'If it was done after all, a different one comes on top of it.',
  anew: 'Send a different one',
  createUnanswered: (one: string) => `Whether the ${one} was created is not known: the hub has not answered`,
  createUnansweredWhy: 'Trying again is safe: what stands below is created once, however often you try.',
  createAnew: 'Create a different one',
  bulkChanged: (count: number, leftOut: boolean) =>
    count === 1
      ? `1 has been changed since you picked it. It stands below as it is now${leftOut ? ', and is left out until you tick it' : ''}.`
      : `${formatNumber(count)} have been changed since you picked them. They stand below as they are now${leftOut ? ', and are left out until you tick them' : ''}.`,
  rowChanged: (before: string) => `Changed since you picked it. It was ${before}.`,
  takeAlong: 'Approve it as it is now',
  leftOut: 'Changed since you picked it, and left out',
} as const;
