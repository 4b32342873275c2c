import type { Scenario } from './scenarios.ts';
import type { Answer, Scene } from './scene.ts';

/** Rates of the sandbox, which are the same whoever dies on the way. */
const create = (scene: Scene): Promise<Answer> => scene.create('rates', { integration: 'sandbox_rates' }, 'operator');

async function current(scene: Scene): Promise<void> {
  await create(scene);
  await scene.until('rates', /fetching.idle/);
}

/** The sandbox never takes back what it said, so there is nothing to decide on. */
const decide = (type: string) => (scene: Scene) => scene.send('rates', { type, date: '2026-01-05' }, 'cfo');

export const ratesScenarios: readonly Scenario[] = [
  { row: 'rates @create', watch: '@create', command: create, rest: /fetching.idle/ },
  {
    row: 'rates FETCH',
    watch: 'FETCH',
    before: current,
    command: (scene: Scene) => scene.send('rates', { type: 'FETCH' }, 'operator'),
    rest: /fetching.idle/,
  },
  { row: 'rates ACCEPT refused', watch: 'ACCEPT', before: current, command: decide('ACCEPT'), rest: /fetching.idle/ },
  { row: 'rates KEEP refused', watch: 'KEEP', before: current, command: decide('KEEP'), rest: /fetching.idle/ },
].map((row) => ({ ...row, subject: 'rates' }));
