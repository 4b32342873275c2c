import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { avalanche } from './avalanche.ts';
import { bank } from './bank.ts';
import { chaos } from './chaos.ts';
import { crash } from './crash.ts';
import { deliver } from './deliver.ts';
import { failover } from './failover.ts';
import { fanout } from './fanout.ts';
import { fuzz } from './fuzz.ts';
import { idle } from './idle.ts';
import { imports } from './imports.ts';
import { jitter } from './jitter.ts';
import { latency } from './latency.ts';
import { ledger } from './ledger.ts';
import { memory } from './memory.ts';
import { odoo } from './odoo.ts';
import { peers } from './peers.ts';
import { points } from './points.ts';
import { restore } from './restore.ts';
import { sabotage } from './sabotage.ts';
import { screens } from './screens.ts';
import { simulate } from './simulate.ts';
import { stalled } from './stalled.ts';
import { start } from './start.ts';
import { unknowns } from './unknowns.ts';
import { upgrade } from './upgrade.ts';
import { verify } from './verify.ts';
import { wipe } from './wipe.ts';

/** What a proof found: figures for the record, and whether what was promised held. */
export type Proof = { readonly held: boolean; readonly seed?: number; readonly figures: Readonly<Record<string, unknown>> };
type Line = (args: readonly string[], tell: (line: string) => void) => Promise<Proof>;

/** Each line of proof in full; a smaller size may be given behind its name and is then not written down. */
const LINES: Readonly<Record<string, Line>> = {
  avalanche,
  bank,
  chaos,
  crash,
  deliver,
  failover,
  fanout,
  fuzz,
  idle,
  import: imports,
  jitter,
  latency,
  ledger,
  memory,
  odoo,
  peers,
  points,
  restore,
  sabotage,
  screens,
  simulate,
  stalled,
  start,
  unknowns,
  upgrade,
  verify,
  wipe,
};

const [name = '', ...args] = process.argv.slice(2);
const line = LINES[name];
if (line === undefined) {
  process.stderr.write(`Say what to prove: ${Object.keys(LINES).join(', ')}.\n`);
  process.exit(2);
}
const tell = (text: string): void => void process.stdout.write(`${text}\n`);
const began = Date.now();
const proof = await line(args, tell);
const record = {
  line: name,
  held: proof.held,
  at: new Date(began).toISOString(),
  seconds: Math.round((Date.now() - began) / 1000),
  commit: commit(),
  machine: { cores: cpus().length, memory_gb: Math.round(totalmem() / 2 ** 30), node: process.version },
  ...(proof.seed === undefined ? {} : { seed: proof.seed }),
  figures: proof.figures,
};
tell(JSON.stringify(record, null, 2));
if (args.length === 0) {
  const dir = fileURLToPath(new URL('../../docs/proof/', import.meta.url));
  mkdirSync(dir, { recursive: true });
  writeFileSync(`${dir}${name}.json`, `${JSON.stringify(record, null, 2)}\n`);
}
tell(`${name}: ${proof.held ? 'held' : 'DID NOT HOLD'}`);
process.exit(proof.held ? 0 : 1);

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      encoding: 'utf8',
      cwd: fileURLToPath(new URL('.', import.meta.url)),
    }).trim();
  } catch {
    return 'unknown';
  }
}
