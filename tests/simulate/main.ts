import { parseArgs } from 'node:util';
import { createHash } from 'node:crypto';
import { World } from './world.ts';

const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' }, steps: { type: 'string', default: '20000' } } });
const LENGTH = 20_000;
let left = Number(values.steps);
let seed = Number(values.seed);
const traces: string[] = [];
const began = performance.now();
let all = 0;
while (left > 0) {
  const t = process.cpuUsage();
  const world = new World({ seed, steps: Math.min(left, LENGTH) });
  const ending = await world.run();
  const u = process.cpuUsage(t);
  const took = (u.user + u.system) / 1000;
  all += ending.steps;
  console.log(
    `seed ${seed}: ${ending.steps} steps, ${ending.rows} rows, ${ending.struck.length} faults, ${(ending.elapsed_ms / 1000).toFixed(0)} s inside, ${took.toFixed(0)} ms, ${Math.round((ending.steps / took) * 1000)}/s, nodes ${world.shape.nodes} clients ${world.shape.clients}`,
  );
  if (ending.violation !== undefined) {
    console.log(ending.story.slice(-50).join('\n'));
    console.log(ending.violation);
    process.exit(1);
  }
  traces.push(ending.trace);
  left -= LENGTH;
  seed++;
}
console.log(`${all} steps, ${Math.round((all / (performance.now() - began)) * 1000)}/s`);
console.log(`trace ${traces.length === 1 ? traces[0] : createHash('sha256').update(traces.join('\n')).digest('hex')}`);
