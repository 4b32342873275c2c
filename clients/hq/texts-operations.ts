import { counted } from './texts.ts';

/* The texts of what operators do beside sending events. */

export const operationTexts = {
  title: 'Operators’ actions',
  about:
    'What people did beside sending events: stopped actors, let them go on, forced states, dealt with dead letters, looked as somebody else. Each gave a reason, which was written down first.',
  fields: {
    by: 'Person',
    action: 'What was done',
    target: 'On what',
    targetHint: 'payment/pay_1, or a kind like payment',
  },
  anything: 'Anything',
  search: 'Show',
  clear: 'Clear',
  list: 'Newest first',
  count: (count: number, isAll: boolean) =>
    isAll ? counted(count, 'action', 'actions') : `The newest ${counted(count, 'action', 'actions')}`,
  older: 'Show older ones',
  none: 'Nobody has done anything of this kind yet.',
  noneYet: 'What operators do will appear here by itself.',
  noMatch: 'Nothing was done that fits.',
  noMatchHint: 'Ask for less: a person, a kind or a target alone.',
  columns: { at: 'When', by: 'Who', action: 'What', target: 'On what', reason: 'Why', fate: 'What came of it' },
  actions: {
    pause: 'Paused',
    resume: 'Let go on',
    step: 'One step',
    propose: 'Proposed a state',
    force: 'Confirmed a state',
    resubmit: 'Sent a dead letter again',
    edit: 'Sent another event in a letter’s place',
    discard: 'Discarded a dead letter',
    replay: 'Sent all letters of a cause again',
    see_as: 'Looked as somebody else',
  } as Readonly<Record<string, string>>,
  allOf: (many: string) => `All ${many}`,
  letterOf: (address: string) => `Letter for ${address}`,
  letter: 'A dead letter',
  fates: {
    done: 'Done',
    refused: (sentence: string) => `Refused. ${sentence}`,
    kept: 'Kept: the actor still stands still',
    underWay: 'Under way',
    unknown: 'Nobody wrote down what came of it',
    waits: (state: string) => `Waits for a second person: ${state}`,
    confirmed: (by: string) => `Confirmed by ${by}`,
    lapsed: 'No longer stands: something else happened to the actor first',
    proposedBy: (by: string) => `Proposed by ${by}`,
    shown: (as: string) => `Shown ${as}`,
    hidden: (as: string, sentence: string) => `Shown nothing ${as}. ${sentence}`,
    version: (version: number) => `Version ${version}`,
  },
  waiting: {
    title: 'States that wait for a second person',
    about:
      'Somebody proposed to force an actor into another state. Somebody else has to look at it and confirm; whatever happens to the actor first ends the proposal.',
    none: 'No forced state waits for anybody.',
    proposal: (by: string, state: string) => `${by} proposes ${state}`,
    own: 'You proposed it: somebody else has to confirm.',
    decide: 'Look and decide',
    open: 'Open its page',
    at: (verb: string, address: string) => `${verb}: ${address}`,
    more: 'There are more; they are in the list of operators’ actions.',
  },
} as const;
