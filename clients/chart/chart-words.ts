import type { ChartTransition } from '../../hub/protocol/chart.ts';
import { formatLeft, nameWords, stateWords } from '../core/format.ts';
import { chartTexts as texts } from './texts.ts';

/** What makes a transition be taken, as a person would say it: what happens, and on which condition. */
export type Words = { readonly what: string; readonly condition: string | undefined };

/** `{ what: 'Approve', condition: 'if completes approval' }` */
export function transitionWords(transition: ChartTransition): Words {
  const { trigger, guard } = transition;
  const condition = guard === undefined ? undefined : texts.if(guardWords(guard));
  switch (trigger.kind) {
    case 'event':
      return { what: transition.event === '*' ? texts.anything : nameWords(transition.event), condition };
    case 'after':
      return { what: texts.after(trigger.ms === undefined ? lower(trigger.delay) : spanWords(trigger.ms)), condition };
    case 'done':
      return { what: texts.answered(nameWords(trigger.invoke)), condition };
    case 'error':
      return { what: texts.unanswered(nameWords(trigger.invoke)), condition };
    case 'complete':
      return { what: texts.complete, condition };
    case 'always':
      return { what: condition === undefined ? texts.otherwise : capital(condition), condition: undefined };
  }
}

/** As one line: `Approve, if completes approval`. */
export function transitionLine(transition: ChartTransition): string {
  const { what, condition } = transitionWords(transition);
  return condition === undefined ? what : `${what}, ${condition}`;
}

/** The last part of a path as a name: `authorizing.calling` → `Calling`. */
export function keyWords(path: string): string {
  return stateWords(path.slice(path.lastIndexOf('.') + 1));
}

/** The whole path as a name: `Authorizing › calling`. */
export function pathWords(path: string): string {
  return stateWords(path);
}

/** `isDone and isManual` → `done and manual`, `haveAllPassed` → `all passed`, `mayAskAgain` → `may ask again`. */
function guardWords(guard: string): string {
  return guard
    .split(/ (?=and |or |not )|(?<=and|or|not) |(?<=\()|(?=\))/)
    .map((part) => lower(part).replace(/^(is|has|have) /, ''))
    .join(' ')
    .replaceAll('( ', '(')
    .replaceAll(' )', ')');
}

function lower(name: string): string {
  return nameWords(name).toLowerCase();
}

function spanWords(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : formatLeft(new Date(ms).toISOString(), 0);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
