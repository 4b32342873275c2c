import { basename, posix } from 'node:path';
import { expect, test } from 'vitest';
import { FAULTS } from '../machines/fault.ts';
import { importedFile, readSource, readText, repositoryFiles, toSource } from './support/sources.ts';
import type { Source } from './support/sources.ts';

const files = repositoryFiles();
const sources = files.filter((path) => /\.tsx?$/.test(path)).map(readSource);
const isTest = ({ path }: Source): boolean => /\.test\.tsx?$/.test(path);
const product = sources.filter((source) => /^(machines|actors|hub|clients)\//.test(source.path));
/** What runs in production: no test, and nothing that only a build or a bench runs. */
const shipped = product.filter((source) => !isTest(source));

/** Each finding as one line, `path:line why`, so that a failure reads as a list of what to mend. */
type Rule = (source: Source) => readonly (string | { readonly line: number; readonly why: string })[];

function findings(of: readonly Source[], rule: Rule): string[] {
  return of.flatMap((source) =>
    rule(source).map((found) => (typeof found === 'string' ? `${source.path} ${found}` : `${source.path}:${found.line} ${found.why}`)),
  );
}

/** Who may import from whom; the longest folder that a path begins with counts. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  machines: ['machines'],
  'hub/protocol': ['hub/protocol', 'machines'],
  actors: ['actors', 'machines'],
  hub: ['hub', 'hub/protocol', 'actors', 'machines'],
  clients: ['clients', 'hub/protocol', 'machines'],
};
/** Imports across the table that are meant, each with its reason. */
const CROSSING = new Set([
  'hub/http/console.ts clients/build.ts', // the hub that serves the console has it built
]);

function folderOf(path: string): string | undefined {
  return Object.keys(MAY_IMPORT)
    .filter((folder) => path.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length)[0];
}

const strayImports: Rule = (source) => {
  const folder = folderOf(source.path);
  if (folder === undefined) return [];
  const allowed = MAY_IMPORT[folder] ?? [];
  return source.imports.flatMap(({ from, line }) => {
    const target = importedFile(source, from);
    if (target === undefined || CROSSING.has(`${source.path} ${target}`)) return [];
    const into = folderOf(target);
    if (into !== undefined && allowed.includes(into)) return [];
    if (into === undefined && (isTest(source) ? /^tests\//.test(target) : target === 'package.json')) return [];
    return [{ line, why: `imports ${target}; ${folder} may import only ${allowed.join(', ')}` }];
  });
};

test('[TIDY-1] machines know nothing, actors know machines, the hub knows actors, clients know the protocol and the machines', () => {
  const stray = toSource(
    'machines/a.ts',
    "export { y } from '../actors/y.ts';\nawait import('../hub/z.ts');\ntype W = import('../clients/w.ts').W;\n",
  );
  expect(findings([stray], strayImports)).toEqual([
    'machines/a.ts:1 imports actors/y.ts; machines may import only machines',
    'machines/a.ts:2 imports hub/z.ts; machines may import only machines',
    'machines/a.ts:3 imports clients/w.ts; machines may import only machines',
  ]);
  expect(findings(product, strayImports)).toEqual([]);
});

/** Packages that one folder keeps to itself, and the other places that may use them. */
const KEPT_PACKAGES: readonly { readonly name: RegExp; readonly places: RegExp }[] = [
  // hub/embedded asks the server that it started whether it answers.
  { name: /^(@mikro-orm\/.*|pg|pg-.*|kysely)$/, places: /^actors\/store\/|^hub\/embedded\/postgres\.ts$/ },
  { name: /^@nats-io\//, places: /^actors\/bus\/|^hub\/embedded\// },
  { name: /^cockatiel$/, places: /^actors\/ports\// },
  { name: /^stripe$/, places: /^actors\/integrations\/stripe\// },
  { name: /^(fastify|@fastify\/.*|fastify-.*|socket\.io)$/, places: /^hub\/(?!protocol\/)/ },
  { name: /^(react|react-dom|react-aria-components|@tanstack\/.*|socket\.io-client)(\/|$)/, places: /^clients\// },
];

test('[TIDY-2] SQL and the ORM live in the store, NATS in the bus, HTTP in the hub, React in the clients', () => {
  const rule: Rule = ({ path, imports }) =>
    imports.flatMap(({ from, line }) =>
      KEPT_PACKAGES.filter(({ name, places }) => name.test(from) && !places.test(path)).map(() => ({ line, why: `imports ${from}` })),
    );
  expect(findings(shipped, rule)).toEqual([]);
});

/** They hand the environment, or the PATH in it, on to processes that they start; no setting is read from it. */
const HAND_ON_ENV = /^(hub\/embedded\/(nats-binary|process-identity|run-command)\.ts|clients\/build\.ts)$/;

test('[TIDY-3] the environment is read in hub/config.ts alone', () => {
  const rule: Rule = ({ path, uses, imports }) => {
    if (path === 'hub/config.ts' || HAND_ON_ENV.test(path)) return [];
    const named = imports.filter(({ from, names }) => from === 'node:process' && names.includes('env'));
    return [...uses.filter(({ name }) => name === 'process.env'), ...named].map(({ line }) => ({ line, why: 'reads the environment' }));
  };
  expect(findings(product, rule)).toEqual([]);
});

test('[TIDY-4] the subjects of NATS are written in actors/bus/subjects.ts alone', () => {
  // The server's own configuration names them too; it is checked against the running server.
  const places = new Set(['actors/bus/subjects.ts', 'hub/embedded/nats-config.ts']);
  const rule: Rule = ({ path, strings }) =>
    places.has(path)
      ? []
      : strings
          .filter(({ text }) => /\bgreenlines\.[a-z]+\./.test(text))
          .map(({ line, text }) => ({ line, why: `writes the subject ${JSON.stringify(text)}` }));
  expect(findings(shipped, rule)).toEqual([]);
});

/** Names that read a clock, make something random or wait. */
const IMPURE =
  /^(Date\.now|new Date\(\)|Math\.random|performance|performance\..*|setTimeout|setInterval|setImmediate|queueMicrotask|requestAnimationFrame|process\.(hrtime|uptime|nextTick)|AbortSignal\.timeout|crypto|crypto\..*|globalThis\.(setTimeout|setInterval|setImmediate|performance|crypto|Date))$/;
const RANDOM_NAMES = new Set([
  'randomUUID',
  'randomBytes',
  'randomInt',
  'webcrypto',
  'getRandomValues',
  'generateKeyPairSync',
  '*',
  'default',
]);

const impurities: Rule = ({ uses, imports }) => [
  ...uses.filter(({ name }) => IMPURE.test(name)).map(({ name, line }) => ({ line, why: `uses ${name}: take it from the ports` })),
  ...imports.flatMap(({ from, names, line }) => {
    if (/^node:(timers|perf_hooks|async_hooks)/.test(from)) return [{ line, why: `imports ${from}: take it from the ports` }];
    const random = from === 'node:crypto' ? names.filter((name) => RANDOM_NAMES.has(name)) : [];
    return random.map((name) => ({ line, why: `imports ${name} of ${from}: take it from the ports` }));
  }),
];

test('[TIDY-5] actors take clocks, timers and randomness from the ports, so that a simulation decides them all', () => {
  const impure = toSource(
    'actors/a.ts',
    "import { randomBytes } from 'node:crypto';\nconst at = Date.now() + Math.random();\nsetTimeout(() => at, 1);\nconst clock = { setTimeout: () => clock.setTimeout };\n",
  );
  expect(findings([impure], impurities)).toEqual([
    'actors/a.ts:2 uses Date.now: take it from the ports',
    'actors/a.ts:2 uses Math.random: take it from the ports',
    'actors/a.ts:3 uses setTimeout: take it from the ports',
    'actors/a.ts:1 imports randomBytes of node:crypto: take it from the ports',
  ]);
  const inside = shipped.filter(({ path }) => path.startsWith('actors/') && !path.startsWith('actors/ports/'));
  expect(findings(inside, impurities)).toEqual([]);
});

/** The platform: whatever is not the language itself. */
const PLATFORM =
  /^(process|process\..*|fetch|console|console\..*|Buffer|Buffer\..*|globalThis|localStorage|__dirname|require|WebSocket|XMLHttpRequest)$/;

test('[TIDY-6] machines are pure: no clock, no randomness, no Node, no network, no global of a platform', () => {
  const rule: Rule = (source) => [
    ...impurities(source),
    ...source.imports.filter(({ from }) => /^(node:|bun:|deno:)/.test(from)).map(({ from, line }) => ({ line, why: `imports ${from}` })),
    ...source.uses.filter(({ name }) => PLATFORM.test(name)).map(({ name, line }) => ({ line, why: `uses ${name}` })),
  ];
  const inside = shipped.filter(({ path }) => /^(machines|hub\/protocol)\//.test(path));
  expect(findings(inside, rule)).toEqual([]);
});

const LONGEST_FILE = 400;
/** A suite may be longer than what it proves, and still not endless. */
const LONGEST_SUITE = 600;
const LONGEST_FUNCTION = 70;

test('[TIDY-7] a file has at most 400 lines and a function at most 70', () => {
  const rule: Rule = (source) => [
    ...(source.lines > (isTest(source) ? LONGEST_SUITE : LONGEST_FILE) ? [`has ${source.lines} lines`] : []),
    // What a test file hands to `describe` is as long as the table that it proves.
    ...(isTest(source) || source.path.startsWith('tests/contract/')
      ? []
      : source.functions.filter(({ lines }) => lines > LONGEST_FUNCTION)
    ).map(({ line, lines }) => ({
      line,
      why: `a function of ${lines} lines`,
    })),
  ];
  expect(findings(sources, rule)).toEqual([]);
});

test('[TIDY-8] nothing is left to be done later, switched off or left out', () => {
  const marks = new RegExp(
    ['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', '@ts-' + 'ignore', '@ts-no' + 'check']
      .map((mark) => `(?<![A-Za-z])${mark}(?![A-Za-z])`)
      .join('|'),
  );
  const rule: Rule = ({ comments, uses }) => [
    ...comments.filter(({ text }) => marks.test(text)).map(({ line, text }) => ({ line, why: text.trim() })),
    ...uses
      .filter(({ name }) => /^(test|it|describe|suite)\.(only|skip|todo|fails)$/.test(name))
      .map(({ name, line }) => ({ line, why: name })),
  ];
  expect(findings(sources, rule)).toEqual([]);
  const pages = files.filter((path) => /\.(md|css|html|ya?ml|conf)$|Dockerfile$/.test(path));
  expect(pages.filter((path) => marks.test(readText(path)))).toEqual([]);
});

test('[TIDY-9] files are kebab-case nouns, and none is named for everything and nothing', () => {
  const vague = /^(utils?|helpers?|manager|data|info|common|misc|index)$/;
  const names = sources.flatMap(({ path }) =>
    path.split('/').map((part) => ({ path, part: part.replace(/(\.(test|pg|e2e|odoo|config|d))*\.tsx?$/, '') })),
  );
  expect(names.filter(({ part }) => vague.test(part)).map(({ path }) => path)).toEqual([]);
  expect(names.filter(({ part }) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(part)).map(({ path }) => path)).toEqual([]);
});

test('[TIDY-10] what a file exports has a name and is imported from that file: no default exports, no barrels, no bare paths', () => {
  const rule: Rule = ({ path, defaultExport, imports }) => [
    ...(defaultExport && !/(vite|vitest)\.config\.ts$/.test(path) ? ['has a default export'] : []),
    ...imports.filter(({ kind }) => kind === 'export').map(({ from, line }) => ({ line, why: `passes on ${from}` })),
    ...imports
      .filter(({ from }) => /^\.\.?\//.test(from) && !/\.(tsx?|css|json|mjs|svg)$/.test(from))
      .map(({ from, line }) => ({ line, why: `imports ${from} without its ending` })),
  ];
  expect(findings(sources, rule)).toEqual([]);
});

test('[TIDY-11] the top of the repository holds the four folders, what stands beside them, and nothing else', () => {
  const top = new Set(files.map((path) => path.split('/')[0] ?? ''));
  const known = [
    'actors',
    'bench',
    'clients',
    'docs',
    'hub',
    'machines',
    'tests',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'docker-compose.yml',
    'README.md',
  ];
  const hidden = ['.ci', '.dockerignore', '.gitignore', '.npmrc', '.oxfmtrc.json', '.oxlintrc.json'];
  expect([...top].filter((name) => !known.includes(name) && !hidden.includes(name))).toEqual([]);
  expect([...known, ...hidden].filter((name) => !top.has(name))).toEqual([]);
});

test('[TIDY-12] no file names a path of one machine, or a registry that packages came from', () => {
  const machine = /(?<![\w./~-])\/(work|root|tmp|home\/[a-z]+|Users\/[A-Za-z]+)\//;
  const registry =
    /\b(registry\.(npmjs|yarnpkg|npmmirror)|npm\.pkg\.github|deb\.debian|security\.debian|archive\.ubuntu|ports\.ubuntu|dl-cdn\.alpinelinux)\b/;
  // Corpora of bad input are others' words.
  const texts = files.filter((path) => !path.startsWith('tests/vectors/') && !/\.(png|jpe?g|ico|woff2?|gz|zip)$/.test(path));
  const found = texts.flatMap((path) =>
    readText(path)
      .split('\n')
      .flatMap((text, i) => (machine.test(text) || registry.test(text) ? [`${path}:${i + 1} ${text.trim()}`] : [])),
  );
  expect(found.filter((line) => !line.startsWith(`tests/${basename(import.meta.filename)}:`))).toEqual([]);
});

test('[TIDY-13] every rule of docs/SPEC.md has a test whose name begins with it, and every test proves a rule', () => {
  expect(files, 'docs/SPEC.md is missing: it holds the numbered rules').toContain('docs/SPEC.md');
  const rules = [...readText('docs/SPEC.md').matchAll(/^\s*[-*] \*\*([A-Z][A-Z0-9]*-\d+)\*\*/gm)].map(([, id]) => id ?? '');
  expect(
    rules.filter((id, i) => rules.indexOf(id) !== i),
    'numbered twice',
  ).toEqual([]);
  const proved = new Map<string, string>();
  for (const { path, strings } of sources.filter((source) => isTest(source) || source.path.startsWith('tests/'))) {
    for (const { text, line } of strings) for (const id of idsOf(text)) proved.set(id, `${path}:${line}`);
  }
  expect(
    rules.filter((id) => !proved.has(id)),
    'rules without a test',
  ).toEqual([]);
  expect(
    [...proved].filter(([id]) => !rules.includes(id)).map(([id, at]) => `${at} ${id}`),
    'tests of rules that docs/SPEC.md does not have',
  ).toEqual([]);
});

/** `[SYNC-4] …` and `[SYNC-4, SYNC-5] …` name rules. */
function idsOf(title: string): string[] {
  return /^\[([A-Z][A-Z0-9]*-\d+(?:, ?[A-Z][A-Z0-9]*-\d+)*)\]/.exec(title)?.[1]?.split(/, ?/) ?? [];
}

test('[TIDY-14] docs/FAULTS.md lists the codes of the fault table, each once, and no others', () => {
  expect(files, 'docs/FAULTS.md is missing: it holds each fault with its fix').toContain('docs/FAULTS.md');
  const listed = [...readText('docs/FAULTS.md').matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, code]) => code ?? '');
  expect(listed.toSorted()).toEqual(Object.keys(FAULTS).toSorted());
});

test('[TIDY-15] a test stands beside its source or in tests/, and the links of the documents lead somewhere', () => {
  expect(sources.filter((source) => isTest(source) && /^(bench|docs)\//.test(source.path)).map(({ path }) => path)).toEqual([]);
  const broken = files
    .filter((path) => path.endsWith('.md'))
    .flatMap((path) =>
      [...readText(path).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
        .map(([, link]) => posix.normalize(posix.join(posix.dirname(path), link ?? '')).replace(/\/$/, ''))
        .filter((target) => !files.some((file) => file === target || file.startsWith(`${target}/`)))
        .map((target) => `${path} links to ${target}`),
    );
  expect(broken).toEqual([]);
});
