import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DataDirectoryInUse, keptSecret, lockDataDirectory } from './data-directory.ts';
import { identify } from './process-identity.ts';

let dataDir = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'hub-lock-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

test('[EMB-1] a second hub on the same data directory is refused, with the pid and the directory in the sentence', () => {
  const lock = lockDataDirectory(dataDir);
  expect(() => lockDataDirectory(dataDir)).toThrow(DataDirectoryInUse);
  expect(() => lockDataDirectory(dataDir)).toThrow(new RegExp(`pid ${process.pid}.*${dataDir}`));
  lock.release();
  lockDataDirectory(dataDir).release();
  expect(readdirSync(dataDir)).toEqual([]);
});

test('[EMB-1] the lock of a dead hub, of a pid that another program has by now, or one cut off by a power failure is taken over', async () => {
  const dead = spawn('true');
  await new Promise((resolve) => dead.once('close', resolve));
  const locks = [
    JSON.stringify({ pid: dead.pid, startedAt: 'then' }),
    JSON.stringify({ pid: process.ppid, startedAt: 'an earlier life of this pid' }),
    '{"pid":',
    '',
  ];
  for (const content of locks) {
    writeFileSync(join(dataDir, 'hub.lock'), content);
    lockDataDirectory(dataDir).release();
  }
});

test('[EMB-1] of many hubs that find the same dead lock exactly one gets it', async () => {
  writeFileSync(join(dataDir, 'hub.lock'), JSON.stringify({ pid: 1, startedAt: 'long ago' }));
  // Each says how it went and stays alive until all have tried, or the winner's lock would be free again.
  const program = `
    import { lockDataDirectory } from ${JSON.stringify(join(import.meta.dirname, 'data-directory.ts'))};
    try { lockDataDirectory(process.argv[1]); console.log('got it'); } catch (error) { console.log(error.name); }
    process.stdin.resume().on('end', () => process.exit());`;
  const hubs = Array.from({ length: 8 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', program, dataDir], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  const said = await Promise.all(
    hubs.map((hub) => new Promise<string>((resolve) => hub.stdout.once('data', (line: Buffer) => resolve(line.toString().trim())))),
  );
  hubs.forEach((hub) => hub.stdin.end());
  expect(said.toSorted()).toEqual([...Array.from({ length: 7 }, () => 'DataDirectoryInUse'), 'got it']);
});

test('[EMB-1] releasing leaves the lock of another hub alone', () => {
  const lock = lockDataDirectory(dataDir);
  const other = JSON.stringify({ ...identify(process.ppid), nonce: 'other' });
  writeFileSync(join(dataDir, 'hub.lock'), other);
  lock.release();
  expect(() => lockDataDirectory(dataDir)).toThrow(DataDirectoryInUse);
});

test('[EMB-2] a generated password is kept, and only its owner can read it', () => {
  const made = keptSecret(dataDir, 'postgres');
  expect(made).toMatchObject({ isNew: true, value: expect.stringMatching(/^[\w-]{32}$/) });
  expect(keptSecret(dataDir, 'postgres')).toEqual({ value: made.value, isNew: false });
  expect(statSync(join(dataDir, 'secrets', 'postgres')).mode & 0o077).toBe(0);
});
