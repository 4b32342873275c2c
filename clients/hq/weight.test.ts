import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildConsole } from '../build.ts';

/** Bytes after gzip: the sign-in form, and all that is loaded until the overview stands. */
const MOST = { signIn: 90_000, console: 250_000 };

let folder: string;
let files: ReadonlyMap<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'console-weight-'));
  await buildConsole({ outDir: folder });
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const read = names.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    return [path.slice(folder.length + 1), await readFile(path, 'utf8')] as const;
  });
  files = new Map(await Promise.all(read));
}, 60_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

const textOf = (name: string): string => files.get(name) ?? '';

/** The page itself, and what it names: scripts, styles, the icon. */
function ofPage(): readonly string[] {
  const named = [...textOf('index.html').matchAll(/(?:src|href)="\/hq\/([^"]+)"/g)].map((match) => match[1] ?? '');
  return ['index.html', ...named];
}

/** With every module that they import before they run. */
function withImports(names: readonly string[]): ReadonlySet<string> {
  const all = new Set<string>();
  const add = (name: string): void => {
    if (all.has(name)) return;
    all.add(name);
    if (!name.endsWith('.js')) return;
    for (const match of textOf(name).matchAll(/(?:\bfrom|\bimport) ?["'`]\.\/([^"'`]+\.js)["'`]/g)) add(`assets/${match[1]}`);
  };
  names.forEach(add);
  return all;
}

const chunk = (name: string): string => [...files.keys()].find((file) => file.startsWith(`assets/${name}-`) && file.endsWith('.js')) ?? '';
const naming = (names: Iterable<string>, what: RegExp): string[] =>
  [...names].filter((name) => name.endsWith('.js') && what.test(textOf(name)));
const weigh = (names: Iterable<string>): number => [...names].reduce((sum, name) => sum + gzipSync(textOf(name)).length, 0);

test('[DESK-1] the sign-in form loads less than 90 kB: neither the router nor the live connection nor the library of controls', () => {
  const loaded = withImports(ofPage());
  expect([...loaded].filter((name) => !files.has(name))).toEqual([]);
  expect(weigh(loaded)).toBeLessThan(MOST.signIn);
  expect(naming(loaded, /react-aria-|engine\.io|scrollRestoration/i)).toEqual([]);
});

test('[DESK-2] the console is there after at most 250 kB, the overview included, and no statechart is among it', () => {
  const styles = [...files.keys()].filter((name) => /^assets\/(console|overview)-[^/]*\.css$/.test(name));
  expect(styles).not.toEqual([]);
  const loaded = withImports([...ofPage(), chunk('console'), chunk('overview'), ...styles]);
  expect([...loaded].some((name) => name.startsWith('assets/console-'))).toBe(true);
  expect(weigh(loaded)).toBeLessThan(MOST.console);
  expect(naming(loaded, /react-flow|elk\.layered|uplot/i)).toEqual([]);
  expect(naming(loaded, /scrollRestoration/i)).not.toEqual([]);
});

test('[DESK-2] every screen is a file of its own, fetched when somebody goes there', () => {
  const first = withImports([...ofPage(), chunk('console')]);
  for (const name of ['overview', 'payments', 'actor']) {
    expect(chunk(name), name).not.toBe('');
    expect(first.has(chunk(name)), name).toBe(false);
  }
});
