/** `npm run chaos -- --schedules N [--seed S] [--nodes M]`: breaks real processes while they are used, and checks every promise. */
import { parseArgs } from 'node:util';
import { runChaos } from './run.ts';

const { values } = parseArgs({ options: { schedules: { type: 'string' }, seed: { type: 'string' }, nodes: { type: 'string' } } });
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const schedules = Number(values.schedules ?? 10);
const tell = (line: string): void => void process.stdout.write(`${line}\n`);
const began = performance.now();
const result = await runChaos({ schedules, seed, nodes: Number(values.nodes ?? 2), tell });
tell(JSON.stringify(result, null, 2));
tell(`${schedules} schedules from seed ${seed} in ${Math.round((performance.now() - began) / 1000)} s: ${result.violations} violations`);
process.exit(result.violations === 0 ? 0 : 1);
