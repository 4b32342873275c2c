import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { mayInstall } from './debian.ts';

const TOOL = fileURLToPath(new URL('../odoo/odoo', import.meta.url));
/** The first time it installs a Debian and an Odoo. */
const LIMIT_MS = 15 * 60_000;

const settings = z
  .object({ ODOO_URL: z.url(), ODOO_DB: z.string(), ODOO_USER: z.string(), ODOO_PASSWORD: z.string(), ODOO_API_KEY: z.string().min(1) })
  .transform(({ ODOO_URL: url, ODOO_DB: database, ODOO_USER: user, ODOO_PASSWORD: password, ODOO_API_KEY: api_key }) => {
    return { url, database, user, password, api_key };
  });

/** Where the real Odoo is, and who may call it. */
export type OdooSettings = z.output<typeof settings>;

/**
 * The real Odoo 19 that tests call. It is used where it is up; where `HUB_TEST_ODOO=1` is set, and root and Debian allow, it is brought up. Otherwise
 * undefined, and a sentence says which test file did not run and why.
 */
export function odooForTests(file: string): OdooSettings | undefined {
  const running = run('env');
  if (running !== undefined) return running;
  const asked = process.env['HUB_TEST_ODOO'] === '1';
  const why = !asked
    ? 'no Odoo is up, and HUB_TEST_ODOO=1 is not set'
    : mayInstall()
      ? undefined
      : 'bringing Odoo up takes root and Debian';
  const brought = why === undefined ? run('up') : undefined;
  if (brought !== undefined) return brought;
  process.stderr.write(`${file} did not run: ${why ?? 'Odoo could not be brought up'}.\n`);
  return undefined;
}

function run(command: 'env' | 'up'): OdooSettings | undefined {
  const { status, stdout } = spawnSync(TOOL, [command], { encoding: 'utf8', timeout: LIMIT_MS, stdio: ['ignore', 'pipe', 'ignore'] });
  if (status !== 0) return undefined;
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(/=(.*)/s, 2));
  return settings.parse(Object.fromEntries(lines));
}
