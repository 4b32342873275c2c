import { createHash } from 'node:crypto';
import { z } from 'zod';
import { positionSchema } from '../protocol/messages.ts';
import type { Position } from '../protocol/messages.ts';

/* Where the copies of a one-way stream stand, as the id that its client sends back when it comes again (`Last-Event-ID`). */

const LONGEST = 12_000;

/** What the topics are called, the epochs, and of each topic that has a copy its epoch's index and its version. */
const packed = z.tuple([
  z.string(),
  z.array(positionSchema.shape.epoch).max(200),
  z.array(z.union([z.tuple([z.int().min(0), positionSchema.shape.version]), z.literal(0)])).max(200),
]);

export function writePositions(topics: readonly string[], positions: readonly (Position | undefined)[]): string {
  const epochs = [...new Set(positions.flatMap((position) => (position === undefined ? [] : [position.epoch])))];
  const places = positions.map((position) => (position === undefined ? 0 : [epochs.indexOf(position.epoch), position.version]));
  return Buffer.from(JSON.stringify([nameOf(topics), epochs, places])).toString('base64url');
}

/** Of these topics, in their order. An id that cannot be read, or is of other topics, says nothing: the copies begin anew. */
export function readPositions(text: string | undefined, topics: readonly string[]): readonly (Position | undefined)[] {
  const unknown = topics.map(() => undefined);
  if (text === undefined || text.length > LONGEST) return unknown;
  const parsed = packed.safeParse(parse(Buffer.from(text, 'base64url').toString()));
  if (!parsed.success || parsed.data[0] !== nameOf(topics) || parsed.data[2].length !== topics.length) return unknown;
  const [, epochs, places] = parsed.data;
  return places.map((place) => {
    const epoch = place === 0 ? undefined : epochs[place[0]];
    return place === 0 || epoch === undefined ? undefined : { epoch, version: place[1] };
  });
}

function nameOf(topics: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(topics)).digest('base64url').slice(0, 12);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
