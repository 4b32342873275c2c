import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readTarHeader, unpackTar } from './tar.ts';

let dir: string;
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'green-lines-tar-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A header as tar writes it. */
function header(fields: { name: string; kind?: string; size?: string | Buffer; mode?: string }): Buffer {
  const block = Buffer.alloc(512);
  block.write(fields.name, 0);
  block.write(fields.mode ?? '0000600', 100);
  if (typeof fields.size === 'object') fields.size.copy(block, 124);
  else block.write(fields.size ?? '00000000000', 124);
  block.write(fields.kind ?? '0', 156);
  block.write('ustar\x0000', 257, 'latin1');
  let sum = 8 * 32;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

describe('the archive that a base backup comes in', () => {
  test('[BACKUP-2] what tar packed is unpacked as it was: files of every length, directories, links and modes', async () => {
    const from = join(dir, 'from');
    const into = join(dir, 'into');
    mkdirSync(join(from, 'base', '1'), { recursive: true, mode: 0o700 });
    mkdirSync(into);
    const lengths = [0, 1, 511, 512, 513, 3 * 1024 * 1024 + 7];
    for (const length of lengths) writeFileSync(join(from, 'base', '1', `f${length}`), Buffer.alloc(length, `${length} `), { mode: 0o600 });
    symlinkSync('base/1', join(from, 'link'));
    execFileSync('tar', ['--format=ustar', '-cf', join(dir, 'packed.tar'), '-C', from, '.']);
    await unpackTar(join(dir, 'packed.tar'), into, undefined);
    for (const length of lengths) {
      const path = join(into, 'base', '1', `f${length}`);
      expect(readFileSync(path).equals(Buffer.alloc(length, `${length} `)), `of ${length} bytes`).toBe(true);
      expect(statSync(path).mode & 0o777).toBe(0o600);
    }
    expect(readlinkSync(join(into, 'link'))).toBe('base/1');
    expect(statSync(join(into, 'base', '1')).mode & 0o777).toBe(0o700);
  });

  test('[BACKUP-3] an archive that is damaged, cut off or names a place outside of itself is refused', async () => {
    expect(readTarHeader(Buffer.alloc(512))).toBeUndefined();
    expect(readTarHeader(header({ name: 'base/1/2', size: '00000000017' }))).toMatchObject({ name: 'base/1/2', kind: 'file', size: 15 });
    const large = Buffer.alloc(12);
    large[0] = 0x80;
    large.writeBigUInt64BE(9_000_000_000n, 4);
    expect(readTarHeader(header({ name: 'large', size: large }))).toMatchObject({ size: 9_000_000_000 });
    const damaged = header({ name: 'base/1/2' });
    damaged.write('3', 7);
    expect(() => readTarHeader(damaged)).toThrow(/damaged/);
    for (const name of ['../outside', '/etc/passwd', 'base/../../outside'])
      expect(() => readTarHeader(header({ name }))).toThrow(/outside/);
    expect(() => readTarHeader(header({ name: 'device', kind: '3' }))).toThrow(/kind 3/);
    writeFileSync(join(dir, 'cut.tar'), Buffer.concat([header({ name: 'cut', size: '00000002000' }), Buffer.alloc(100)]));
    await expect(unpackTar(join(dir, 'cut.tar'), dir, undefined)).rejects.toThrow('The archive ends in the middle of cut');
  });
});
