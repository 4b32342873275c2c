import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { Visitor, parseSync } from 'vite';
import type { ESTree } from 'vite';

export const ROOT = join(import.meta.dirname, '..', '..');
/** What is no source, wherever it stands. */
const NOT_OURS = new Set(['node_modules', '.git', '.data', '.cache', 'dist']);
const FOLDERS = ['.ci', 'actors', 'bench', 'clients', 'docs', 'hub', 'machines', 'tests'];

/** Where a name is used: `global` for one that no object stands before (`setTimeout`), else `object.name` (`Date.now`). */
export type Use = { readonly name: string; readonly line: number };
export type Import = {
  readonly from: string;
  readonly line: number;
  readonly kind: 'import' | 'export';
  readonly names: readonly string[];
};
export type Text = { readonly text: string; readonly line: number };

/** A TypeScript file, with what the rules of the repository are about. */
export type Source = {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  readonly uses: readonly Use[];
  /** Every string, and every literal part of a template. */
  readonly strings: readonly Text[];
  readonly comments: readonly Text[];
  readonly functions: readonly { readonly line: number; readonly lines: number }[];
  readonly defaultExport: boolean;
};

/**
 * All files of the repository, as paths from its root: what git knows, and what is new in one of its folders. Without git,
 * as in an unpacked archive, all that is there.
 */
export function repositoryFiles(): readonly string[] {
  const known = gitFiles();
  const present = (known === undefined ? readdirSync(ROOT) : FOLDERS)
    .filter((name) => !NOT_OURS.has(name) && existsSync(join(ROOT, name)))
    .flatMap(filesBelow);
  return [...new Set([...present, ...(known ?? [])])].sort();
}

function gitFiles(): readonly string[] | undefined {
  const { status, stdout } = spawnSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0 || stdout === '') return undefined;
  return stdout.split('\0').filter((path) => path !== '' && existsSync(join(ROOT, path)));
}

function filesBelow(path: string): string[] {
  if (statSync(join(ROOT, path)).isFile()) return [path];
  return readdirSync(join(ROOT, path))
    .filter((name) => !NOT_OURS.has(name))
    .flatMap((name) => filesBelow(posix.join(path, name)));
}

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

export function readSource(path: string): Source {
  return toSource(path, readText(path));
}

/** The file that a relative import means, from the root; undefined for a package. */
export function importedFile(source: Source, from: string): string | undefined {
  return from.startsWith('.') ? posix.join(dirname(source.path), from) : undefined;
}

export function toSource(path: string, text: string): Source {
  const { program, comments, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path} cannot be parsed: ${errors[0]?.message}`);
  const lineAt = lineFinder(text);
  const found = collect(program, lineAt);
  return {
    path,
    lines: text.split('\n').length - 1,
    ...found,
    comments: comments.map(({ value, start }) => ({ text: value, line: lineAt(start) })),
  };
}

type Found = {
  -readonly [K in keyof Omit<Source, 'path' | 'lines' | 'comments'>]: Source[K] extends readonly (infer T)[] ? T[] : Source[K];
};

function collect(program: ESTree.Program, lineAt: (offset: number) => number): Found {
  const found: Found = { imports: [], uses: [], strings: [], functions: [], defaultExport: false };
  /** Names that are no use of anything: keys, members after a dot, what is being declared. */
  const declared = new Set<unknown>();
  const addFunction = ({ start, end }: { start: number; end: number }): void => {
    const line = lineAt(start);
    found.functions.push({ line, lines: lineAt(end) - line + 1 });
  };
  const addImport = (node: { source: unknown; start: number }, kind: Import['kind'], names: readonly string[] = []): void => {
    const source = node.source as { type: string; value?: unknown };
    if (typeof source?.value === 'string') found.imports.push({ from: source.value, line: lineAt(node.start), kind, names });
  };
  new Visitor({
    ImportDeclaration: (node) =>
      addImport(
        node,
        'import',
        node.specifiers.map((each) => importedName(each)),
      ),
    ImportExpression: (node) => addImport(node, 'import'),
    TSImportType: (node) => addImport(node, 'import'),
    ExportAllDeclaration: (node) => addImport(node, 'export'),
    ExportNamedDeclaration: (node) => {
      addImport(node, 'export');
      if (node.specifiers.some(({ exported }) => 'name' in exported && exported.name === 'default')) found.defaultExport = true;
    },
    ExportDefaultDeclaration: () => void (found.defaultExport = true),
    FunctionDeclaration: addFunction,
    FunctionExpression: addFunction,
    ArrowFunctionExpression: addFunction,
    MemberExpression: (node) => {
      const name = !node.computed ? node.property.name : node.property.type === 'Literal' ? String(node.property.value) : undefined;
      if (!node.computed) declared.add(node.property);
      if (name === undefined || node.object.type !== 'Identifier') return;
      found.uses.push({ name: `${node.object.name}.${name}`, line: lineAt(node.start) });
    },
    Property: (node) => void (!node.computed && !node.shorthand && declared.add(node.key)),
    PropertyDefinition: (node) => void (!node.computed && declared.add(node.key)),
    MethodDefinition: (node) => void (!node.computed && declared.add(node.key)),
    TSPropertySignature: (node) => void (!node.computed && declared.add(node.key)),
    TSMethodSignature: (node) => void (!node.computed && declared.add(node.key)),
    NewExpression: (node) => {
      if (node.callee.type !== 'Identifier' || node.arguments.length > 0) return;
      found.uses.push({ name: `new ${node.callee.name}()`, line: lineAt(node.start) });
    },
    Identifier: (node) => void (!declared.has(node) && found.uses.push({ name: node.name, line: lineAt(node.start) })),
    Literal: (node) => void (typeof node.value === 'string' && found.strings.push({ text: node.value, line: lineAt(node.start) })),
    TemplateElement: (node) => void found.strings.push({ text: node.value.cooked ?? node.value.raw, line: lineAt(node.start) }),
  }).visit(program);
  return found;
}

function importedName(specifier: ESTree.ImportDeclarationSpecifier): string {
  if (specifier.type !== 'ImportSpecifier') return specifier.type === 'ImportDefaultSpecifier' ? 'default' : '*';
  return 'name' in specifier.imported ? specifier.imported.name : specifier.imported.value;
}

function lineFinder(text: string): (offset: number) => number {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}
