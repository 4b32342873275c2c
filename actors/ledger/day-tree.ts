import { inclusionProof, rootOf } from './merkle.ts';

export type DayTree = { readonly leaves: number; readonly root: Buffer; readonly proof: readonly Buffer[] };

/**
 * The root over leaves that come in pieces, and the proof for the one at `index`. All pieces but the last have the same number of
 * leaves, a power of two: so each is a subtree of the whole tree, and between them `rest` lets others go first.
 */
export async function toDayTree(
  pieces: readonly (readonly Buffer[])[],
  index: number | undefined,
  rest: () => Promise<void>,
): Promise<DayTree> {
  const size = pieces[0]?.length ?? 1;
  const within = index === undefined ? undefined : Math.floor(index / size);
  const roots: Buffer[] = [];
  const proof: Buffer[] = [];
  for (const [n, leaves] of pieces.entries()) {
    roots.push(rootOf(leaves));
    if (n === within && index !== undefined) proof.push(...inclusionProof(leaves, index % size));
    await rest();
  }
  if (within !== undefined) proof.push(...inclusionProof(roots, within));
  return { leaves: pieces.reduce((sum, { length }) => sum + length, 0), root: rootOf(roots), proof };
}
