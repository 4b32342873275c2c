import { cp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openDirectory, processHub } from './support/process-hub.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** The product as somebody has it who has just added a machine: one new file and one changed line. */
async function copyWithParcel(): Promise<string> {
  const copy = await openDirectory('parcel');
  for (const part of ['hub', 'actors', 'machines', 'clients', 'package.json', 'package-lock.json', 'tsconfig.json']) {
    await cp(join(ROOT, part), join(copy, part), { recursive: true });
  }
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  const parcel = await readFile(join(ROOT, 'tests', 'fixtures', 'parcel.ts'), 'utf8');
  await writeFile(join(copy, 'machines', 'parcel.ts'), parcel.replaceAll('../../machines/', './'));
  const list = join(copy, 'machines', 'machines.ts');
  const text = await readFile(list, 'utf8');
  const changed = text.replace(/(machines: readonly Definition\[\] = \[)/, '$1parcel, ');
  expect(changed).not.toBe(text);
  await writeFile(list, `import { parcel } from './parcel.ts';\n${changed}`);
  return copy;
}

test('[NEW-1] a machine is added by one file and one line, and every door knows it', { timeout: 120_000 }, async () => {
  const copy = await copyWithParcel();
  const hub = await processHub(join(copy, '.data'), { HUB_DEMO: '1' }, join(copy, 'hub', 'main.ts'));
  try {
    await hub.start();
    const signIn = await fetch(`${hub.url}/v1/auth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'clerk', password: 'green-lines' }),
    });
    const { accessToken } = (await signIn.json()) as { accessToken: string };
    const call = async (method: string, path: string, body?: object): Promise<{ status: number; body: Record<string, unknown> }> => {
      const headers = {
        'content-type': 'application/json',
        authorization: `Bearer ${accessToken}`,
        'idempotency-key': `parcel-${method}-${path}`,
      };
      const answer = await fetch(hub.url + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    expect((await call('POST', '/v1/actors/parcel', { id: 'p1', input: { to: 'Ada Lovelace' } })).status).toBe(201);
    expect((await call('POST', '/v1/actors/parcel/p1/events', { type: 'SHIP' })).body).toMatchObject({ outcome: 'applied', version: 2 });
    const shown = await call('GET', '/v1/actors/parcel/p1');
    expect(shown.body).toMatchObject({ address: 'parcel/p1', state: ['under_way'], context: { to: 'Ada Lovelace' } });
    expect(shown.body.timers).toHaveLength(1);
    const listed = await call('GET', '/v1/actors/parcel?state=under_way');
    expect(listed.body.items).toHaveLength(1);
    const openapi = await (await fetch(`${hub.url}/openapi.json`)).text();
    expect(openapi).toContain('parcel');
  } finally {
    await hub.stop();
    await rm(copy, { recursive: true, force: true });
  }
});
