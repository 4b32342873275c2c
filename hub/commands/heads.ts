import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { SignedHead } from '../../actors/signed-heads.ts';
import type { Config } from '../config.ts';
import { headsKeyOf, readSignedHeads } from '../signed-heads.ts';

export type OutsideHeads = {
  readonly expected: ReadonlyMap<number, readonly SignedHead[]>;
  /** What to say of them: how many there are, or why there are none. */
  readonly note: string;
  /** What is wrong with the files themselves, a line each. */
  readonly troubles: readonly string[];
};

/** The heads that were signed into these data directories: of every node's, since each signs what it owned. */
export function readOutsideHeads(config: Config, directories: readonly string[], hubId: string | undefined): OutsideHeads {
  const expected = new Map<number, SignedHead[]>();
  const troubles: string[] = [];
  const notes: string[] = [];
  for (const directory of directories) {
    if (!existsSync(join(directory, 'heads'))) {
      notes.push(`${directory} has no signed heads: a tail that was cut off everywhere at once would not be seen`);
      continue;
    }
    const read = readSignedHeads(directory, headsKeyOf(config).publicKey);
    troubles.push(...read.troubles.map(({ line, why }) => `signed heads of ${directory}, line ${line}: ${SAYS[why]}`));
    const last = read.records.at(-1);
    if (last !== undefined && hubId !== undefined && last.hub_id !== hubId) {
      notes.push(`the heads in ${directory} were signed of another database (${last.hub_id}, and this one is ${hubId})`);
      continue;
    }
    for (const [partition, heads] of read.expected) expected.set(partition, [...(expected.get(partition) ?? []), ...heads]);
    notes.push(`${[...read.expected.values()].flat().length} heads were signed in ${directory}`);
  }
  return { expected, note: notes.join('; '), troubles };
}

const SAYS = {
  unreadable: 'cannot be read',
  forged: 'was changed: its signature does not fit',
  other_key: 'was signed with another key than this HUB_SECRET_KEY gives',
  gap: 'a line before it is missing',
} as const;
