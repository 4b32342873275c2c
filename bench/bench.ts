/** `npm run bench -- deliver`: runs one bench; each prints its own table. */
const benches: Readonly<Record<string, () => Promise<{ run(args: readonly string[]): Promise<void> }>>> = {
  deliver: () => import('./deliver.ts'),
  fanout: () => import('./fanout.ts'),
  latency: () => import('./latency.ts'),
  memory: () => import('./memory.ts'),
  stalled: () => import('./stalled.ts'),
  peers: () => import('./peers/run.ts'),
};

const [name = 'deliver', ...args] = process.argv.slice(2);
const bench = benches[name];
if (bench === undefined) {
  process.stderr.write(`There is no bench ${name}; there are ${Object.keys(benches).join(', ')}.\n`);
  process.exit(2);
}
await (await bench()).run(args);
process.exit(0);
