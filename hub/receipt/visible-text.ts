import bidiFactory from 'bidi-js';
import type { Bidi } from 'bidi-js';

/* What people wrote, as ink on paper: nothing invisible, nothing left out, broken into lines, each in the order that is seen. */

type Direction = 'ltr' | 'rtl';

// Its types are those of its CommonJS build; Node takes the other, whose default is the function itself.
const bidi = (bidiFactory as unknown as () => Bidi)();
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
const INVISIBLE = /[\p{C}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]/u;
/** Between letters of Arabic script these two decide how the letters join, as Persian spells. */
const JOINING = /(?<=\p{Script=Arabic})[\u200C\u200D](?=\p{Script=Arabic})/gu;

/** The text with everything that would leave no ink named by its code point: what the font lacks, and what is invisible. */
export function toVisible(text: string, hasGlyph: (codePoint: number) => boolean): string {
  const joining = new Set([...text.matchAll(JOINING)].map(({ index }) => index));
  let visible = '';
  let index = 0;
  for (const character of text) {
    const codePoint = character.codePointAt(0) ?? 0;
    const leavesInk = hasGlyph(codePoint) && (!INVISIBLE.test(character) || joining.has(index));
    visible += leavesInk ? character : `[U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}]`;
    index += character.length;
  }
  return visible;
}

/** Breaks between words, and within a word that alone is wider than a line. */
export function toLines(text: string, width: number, measure: (text: string) => number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<= )(?! )/).flatMap((each) => toFitting(each, width, measure))) {
    if (line !== '' && measure((line + word).trimEnd()) > width) {
      lines.push(line.trimEnd());
      line = '';
    }
    line += word;
  }
  return [...lines, line.trimEnd()];
}

/** The word, or the longest parts of it that fit; what people see as one character is never parted. */
function toFitting(word: string, width: number, measure: (text: string) => number): string[] {
  if (measure(word.trimEnd()) <= width) return [word];
  const parts: string[] = [];
  let part = '';
  for (const segment of charactersOf(word)) {
    if (part !== '' && measure(part + segment) > width) {
      parts.push(part);
      part = '';
    }
    part += segment;
  }
  return [...parts, part];
}

/** Which way a text as a whole runs: as its first letter does. */
export function directionOf(text: string): Direction {
  return (bidi.getEmbeddingLevels(text, 'auto').paragraphs[0]?.level ?? 0) % 2 === 1 ? 'rtl' : 'ltr';
}

type Run = { readonly text: string; readonly level: number };

/**
 * The pieces of a line from left to right (Unicode Bidirectional Algorithm, rule L2). A piece that has letters of a right-to-left
 * script stays in the order of reading, for whoever draws it shapes and turns it.
 */
export function toRuns(line: string, direction: Direction): string[] {
  const { levels } = bidi.getEmbeddingLevels(line, direction);
  const runs: Run[] = [];
  for (let i = 0; i < line.length; i++) {
    const level = levels[i] ?? 0;
    const last = runs.at(-1);
    if (last !== undefined && last.level === level) runs[runs.length - 1] = { text: last.text + line.charAt(i), level };
    else runs.push({ text: line.charAt(i), level });
  }
  const highest = Math.max(0, ...runs.map(({ level }) => level));
  let ordered = runs;
  for (let level = highest; level >= 1; level--) ordered = reverseFrom(ordered, level);
  return ordered.map(({ text, level }) => (level % 2 === 1 ? toTurned(text) : text));
}

/** Every stretch of pieces at this level or above, turned round. */
function reverseFrom(runs: readonly Run[], level: number): Run[] {
  const ordered: Run[] = [];
  let stretch: Run[] = [];
  for (const run of runs) {
    if (run.level >= level) stretch.unshift(run);
    else {
      ordered.push(...stretch, run);
      stretch = [];
    }
  }
  return [...ordered, ...stretch];
}

/** Brackets face the other way; signs without a letter have nobody else to turn them. */
function toTurned(text: string): string {
  const mirrored = charactersOf(text).map((character) => bidi.getMirroredCharacter(character) ?? character);
  return (RIGHT_TO_LEFT.test(text) ? mirrored : mirrored.toReversed()).join('');
}

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** What people see as one character each, marks and all. */
function charactersOf(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}
