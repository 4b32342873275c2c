import { execFileSync, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Sabotage } from './sabotage.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LONGEST_OUTPUT = 100_000;

export type Run = { readonly code: number | 'too late'; readonly seconds: number; readonly output: string };

/** How often the text that a sabotage replaces stands in this source. */
export function countOf({ find }: Sabotage, source: string): number {
  return source.split(find).length - 1;
}

/** A copy of the repository as it lies here, in which bugs may be planted; what is installed is shared. */
export class Copy {
  readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async make(): Promise<Copy> {
    const dir = await mkdtemp(join(tmpdir(), 'green-lines-sabotage-'));
    const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' });
    for (const path of listed.split('\0').filter((name) => name !== '')) {
      await mkdir(dirname(join(dir, path)), { recursive: true });
      await cp(join(ROOT, path), join(dir, path)).catch(() => undefined); // listed, and deleted since
    }
    await symlink(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
    return new Copy(dir);
  }

  remove(): Promise<void> {
    return rm(this.dir, { recursive: true, force: true });
  }

  /** Plants the bug for as long as the work takes. */
  async with<Result>(sabotage: Sabotage, work: () => Promise<Result>): Promise<Result> {
    const path = join(this.dir, sabotage.file);
    const whole = await readFile(path, 'utf8');
    if (countOf(sabotage, whole) !== 1) throw new Error(`${sabotage.file} does not have once what "${sabotage.name}" replaces`);
    await writeFile(
      path,
      whole.replace(sabotage.find, () => sabotage.replace),
    );
    try {
      return await work();
    } finally {
      await writeFile(path, whole);
    }
  }

  /** Runs a script of the copy. Whatever it started ends with it, in its own time where it was asked to stop. */
  run(argv: readonly string[], within_ms: number): Promise<Run> {
    const began = performance.now();
    const child = spawn(process.execPath, [...argv], { cwd: this.dir, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let late = false;
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-LONGEST_OUTPUT)));
    const stop = setTimeout(() => {
      late = true;
      child.kill('SIGTERM'); // it stops the servers that it has started
      setTimeout(() => child.kill('SIGKILL'), 10_000).unref();
    }, within_ms);
    return new Promise((resolve) => {
      child.once('close', (code) => {
        clearTimeout(stop);
        resolve({ code: late ? 'too late' : (code ?? 1), seconds: Math.round((performance.now() - began) / 100) / 10, output });
      });
    });
  }
}
