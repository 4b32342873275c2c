/* The texts of what somebody decides, and of what stands in the way of it. */

export const decisionTexts = {
  gone: 'This can no longer be done.',
  left: 'It has left your queue.',
  hidden: 'It is no longer shown to you',
  changed: 'It has been changed since you opened this.',
  changedWhy: (fields: string) => `No longer as it stands above: ${fields}.`,
  showNow: 'Show what it is now',
} as const;
