/**
 * The places at which the death of a node is told from its death anywhere else: each stands in a gap between two things that
 * others can see. Tests and the simulation give ports that end the process there; the system's ports do nothing.
 */
export const POINTS = [
  // The way of an event: from a door to the journal, and back to whoever sent it.
  'received',
  'loaded',
  'stepped',
  'commit.before',
  'commit.after',
  'told.caller',
  'told.listeners',
  // What was asked for goes out.
  'tell.before',
  'tell.after',
  'events.published',
  'events.marked',
  'changes.published',
  'progress.saved',
  'effect.before',
  'effect.answered',
  'effect.recorded',
  'timer.before',
  'timer.after',
  // The intake of what other systems publish.
  'intake.taken',
  'receipt.before',
  'receipt.after',
  // A node begins, takes over, and carries on with what another left.
  'claim.before',
  'claim.after',
  'owned',
  'resumed',
  'repair.read',
  'repair.sent',
  // A commit whose outcome nobody knows.
  'recover.before',
  'recover.reclaimed',
  'recover.missed',
] as const;

export type Point = (typeof POINTS)[number];

/** Whom it is about, where it is about somebody; `event` is JSON as the journal keeps it. */
export type About = readonly { readonly address: string; readonly event?: string }[];
