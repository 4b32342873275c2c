import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { LossyRelay } from './lossy-relay.ts';
import type { Call } from './odoo-truth.ts';
import type { ProcessHub } from './process-hub.ts';
import type { Person } from './storm.ts';

/** What waits for a quarter of a minute waits for less than a second. */
export const SCALE = 20;
const TOOL = fileURLToPath(new URL('../odoo/odoo', import.meta.url));
const HOME = process.env['ODOO_HOME'] ?? '/var/cache/green-lines-odoo';

/** A hub, and the Odoo that it is kept in step with. */
export type World = {
  readonly hub: ProcessHub;
  readonly odoo: Call;
  readonly relay: LossyRelay;
  readonly clerk: Person;
  readonly random: () => number;
  readonly tell: (line: string) => void;
  readonly run: string;
};
export type Made = { readonly partners: readonly number[]; readonly bills: readonly number[]; readonly draft: ReadonlySet<number> };

export async function taken(answer: Promise<{ status: number; body: Record<string, unknown> }>): Promise<Record<string, unknown>> {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`);
  return body;
}

export function killOdoo(): void {
  const pid = readFileSync(`${HOME}/odoo.pid`, 'utf8').trim();
  execFileSync('kill', ['-9', pid]);
}

export function startOdoo(): void {
  const { status, stderr } = spawnSync(TOOL, ['up'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`Odoo did not come up again: ${stderr}`);
}
