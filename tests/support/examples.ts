import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './sources.ts';

/** A piece of code of a document. `run`: it is a program that ends by itself. */
export type Example = { readonly name: string; readonly language: string; readonly run: boolean; readonly code: string };

/** The pieces of TypeScript in a document, in their order. */
export async function examplesOf(path: string): Promise<readonly Example[]> {
  const text = await readFile(join(ROOT, path), 'utf8');
  return [...text.matchAll(/^```(tsx?)( run)?\n([^]*?)^```$/gm)].map(([, language = '', run, code = ''], i) => ({
    name: `example-${i + 1}.${language}`,
    language,
    run: run !== undefined,
    code,
  }));
}

/** Writes examples where the repository's packages and types are found; paths in them are meant from its root. */
export async function writeExamples(
  name: string,
  examples: readonly Example[],
): Promise<{ readonly folder: string; readonly remove: () => Promise<void> }> {
  const folder = join(ROOT, '.cache', `${name}-${process.pid}`);
  await mkdir(folder, { recursive: true });
  for (const example of examples) await writeFile(join(folder, example.name), example.code.replaceAll(`'./`, `'../../`));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
