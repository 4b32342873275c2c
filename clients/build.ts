import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const HERE = import.meta.dirname;
const ROOT = join(HERE, '..');
/** What the bundle is made of. */
const SOURCES = ['clients', 'hub/protocol', 'machines', 'package-lock.json'];
/** In the output folder: the fingerprint of the sources that it was built from. */
const STAMP = 'built-from.txt';

export type BuildOptions = {
  readonly outDir: string;
  /** Builds even when nothing has changed. */
  readonly force?: boolean;
  /** Gives up when it aborts. */
  readonly signal?: AbortSignal;
};

/**
 * Builds the HQ console into `outDir`, unless what stands there was built from the same sources. It works in a process of
 * its own, so that the hub keeps neither the bundler's memory nor its changes to the environment.
 */
export async function buildConsole({ outDir, force = false, signal }: BuildOptions): Promise<{ built: boolean }> {
  const fingerprint = await fingerprintOf(ROOT, SOURCES);
  const stamped = await readFile(join(outDir, STAMP), 'utf8').catch(() => undefined);
  if (!force && stamped === fingerprint) return { built: false };
  const fresh = `${resolve(outDir)}.new-${process.pid}`;
  await mkdir(fresh, { recursive: true });
  try {
    await runBundler(fresh, signal);
    await compressAll(fresh);
    await writeFile(join(fresh, STAMP), fingerprint);
    await replace(fresh, resolve(outDir));
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return { built: true };
}

/** A half-built console is never served: the finished folder takes the place of the old one. */
async function replace(fresh: string, outDir: string): Promise<void> {
  const old = `${outDir}.old-${process.pid}`;
  await rename(outDir, old).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(fresh, outDir).catch((error: NodeJS.ErrnoException) => {
    // Another hub that was started at the same moment was faster, with the same.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  await rm(old, { recursive: true, force: true });
}

function runBundler(outDir: string, signal: AbortSignal | undefined): Promise<void> {
  const child = spawn(process.execPath, [import.meta.filename, '--bundle', outDir], {
    cwd: ROOT,
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) => (code === 0 ? done() : fail(new Error(`The console could not be built (exit ${code}):\n${said}`))));
  });
}

/** Below this size what is saved is less than what the headers take. */
const WORTH_BYTES = 1024;
/** Quick enough for a first start, and nearly as small as it gets. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } };

/** Beside every text a compressed one of each kind that browsers take: on a slow network they are what is waited for. */
async function compressAll(folder: string): Promise<void> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => /\.(js|css|html|svg)$/.test(name));
  for (const path of names.map((name) => join(folder, name))) {
    const content = await readFile(path);
    if (content.length < WORTH_BYTES) continue;
    await writeFile(`${path}.br`, await promisify(brotliCompress)(content, BROTLI));
    await writeFile(`${path}.gz`, await promisify(gzip)(content, { level: 9 }));
  }
}

async function bundle(outDir: string): Promise<void> {
  const { build } = await import('vite');
  // Node reads the configuration as it is; bundled first, it would be written into node_modules, which may be read-only.
  await build({ configFile: join(HERE, 'vite.config.ts'), configLoader: 'native', logLevel: 'warn', build: { outDir, emptyOutDir: true } });
}

async function fingerprintOf(root: string, sources: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  const files = (await Promise.all(sources.map((source) => filesBelow(join(root, source))))).flat().sort();
  for (const file of files) {
    const content = await readFile(file);
    hash.update(`${relative(root, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

async function filesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (entries === undefined) return [path];
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  // Output that stands among the sources must not count as one; tests are not in the bundle.
  return files.filter((file) => !/\.test\.tsx?$/.test(file) && !/^clients\/dist\b/.test(relative(ROOT, file)));
}

if (import.meta.main) {
  if (process.argv[2] === '--bundle') {
    await bundle(process.argv[3] ?? join(HERE, 'dist'));
  } else {
    const started = performance.now();
    const outDir = join(HERE, 'dist');
    const { built } = await buildConsole({ outDir, force: process.argv.includes('--force') });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stdout.write(built ? `Built ${relative(ROOT, outDir)} in ${seconds} s\n` : `${relative(ROOT, outDir)} is up to date\n`);
  }
}
