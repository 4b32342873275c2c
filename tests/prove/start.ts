import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { freePort } from '../support/process-hub.ts';
import type { Proof } from './prove.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const WITHIN_S = 90;

/** From a fresh clone with an empty home and an empty npm cache to a console with live payments in a browser. */
export async function start(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const home = await mkdtemp(join(tmpdir(), 'green-lines-start-'));
  const clone = join(home, 'clone');
  execFileSync('git', ['clone', '--quiet', ROOT, clone]);
  const [port, natsPort] = [await freePort(), await freePort()];
  const env = {
    ...withoutOurNode(),
    HOME: home,
    npm_config_cache: join(home, 'npm-cache'),
    HUB_PORT: String(port),
    HUB_EMBEDDED_NATS_PORT: String(natsPort),
  };
  const began = performance.now();
  const since = (): number => Math.round((performance.now() - began) / 100) / 10;
  const child = spawn('sh', ['-c', 'npm install --no-audit --no-fund >npm.log 2>&1 && exec npm start'], {
    cwd: clone,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const figures: Record<string, unknown> = { node: execFileSync('node', ['--version'], { env, encoding: 'utf8' }).trim() };
  try {
    const url = `http://127.0.0.1:${port}`;
    await until(async () => (await fetch(`${url}/healthz`).catch(() => undefined))?.status === 200);
    figures.serving_s = since();
    await until(async () => (await fetch(`${url}/readyz`).catch(() => undefined))?.status === 200);
    figures.ready_s = since();
    const browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
    const page = await browser.newPage();
    await until(async () => (await page.goto(`${url}/hq/`).catch(() => null))?.status() === 200);
    await page
      .getByLabel(/user ?name|name/i)
      .first()
      .fill('clerk');
    await page
      .getByLabel(/password/i)
      .first()
      .fill('green-lines');
    await page
      .getByRole('button', { name: /sign in/i })
      .first()
      .click();
    await page.goto(`${url}/hq/payments`);
    await page
      .getByRole('link', { name: /payment|€|EUR|Ltd|Sons|Care/i })
      .first()
      .waitFor({ timeout: 60_000 });
    figures.live_payments_s = since();
    await browser.close();
    tell(JSON.stringify(figures));
    return { held: Number(figures.live_payments_s) <= WITHIN_S, figures };
  } finally {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    await new Promise((resolve) => child.once('exit', resolve));
    if (args.length === 0) await rm(home, { recursive: true, force: true });
  }
}

/** The machine's own Node, as somebody has it who has not installed anything of ours. */
function withoutOurNode(): NodeJS.ProcessEnv {
  const { DATABASE_URL: _, NATS_URL: __, ...env } = process.env;
  const path = (env.PATH ?? '').split(':').filter((part) => !part.includes('node_modules') && !part.includes('node-gyp-bin'));
  const rest = Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('npm_')));
  return { ...rest, PATH: path.join(':') };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 1200; attempt++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  throw new Error('It did not come up');
}
