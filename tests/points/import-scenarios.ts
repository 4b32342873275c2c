import type { Scenario } from './scenarios.ts';
import type { Answer, Scene } from './scene.ts';

const rule = (field: string, column: number | null, as = 'text', otherwise: string | null = null): object => {
  return { field, column, otherwise, as, currency: null };
};
const FIELDS = [rule('name', 0), rule('country', 1, 'country'), rule('email', 2), rule('kind', null, 'text', 'company')];

const create = async (scene: Scene): Promise<Answer> => {
  await scene.file();
  return scene.create('import', { name: 'clients.csv', target: 'client' });
};
const map = (scene: Scene): Promise<Answer> => scene.send('import', { type: 'MAP', fields: FIELDS, key: null });
const preview = (scene: Scene): Promise<Answer> => scene.send('import', { type: 'PREVIEW' });
const start = async (scene: Scene): Promise<Answer> => scene.send('import', { type: 'START', hash: await scene.hash('import') });
const approve = async (scene: Scene): Promise<Answer> =>
  scene.send('import', { type: 'APPROVE', hash: await scene.hash('import') }, 'approver');

async function drafted(scene: Scene): Promise<void> {
  await create(scene);
  await scene.until('import', /^draft/);
}

async function mapped(scene: Scene): Promise<void> {
  await drafted(scene);
  await map(scene);
}

async function previewed(scene: Scene): Promise<void> {
  await mapped(scene);
  await preview(scene);
  await scene.until('import', /^previewed/);
}

export const imports: readonly Scenario[] = [
  { row: 'import @create', watch: '@create', before: (scene: Scene) => scene.file(), command: create, rest: /^draft/ },
  { row: 'import MAP', watch: 'MAP', before: drafted, command: map, rest: /^mapped/ },
  { row: 'import PREVIEW', watch: 'PREVIEW', before: mapped, command: preview, rest: /^previewed/ },
  { row: 'import START', watch: 'START', before: previewed, command: start, rest: /^done/ },
  { row: 'import APPROVE refused', watch: 'APPROVE', before: previewed, command: approve, rest: /^previewed/ },
  {
    row: 'import STOP refused',
    ...{ watch: 'STOP', before: previewed, rest: /^previewed/ },
    command: (scene: Scene) => scene.send('import', { type: 'STOP' }, 'operator'),
  },
  {
    row: 'import RESUME refused',
    ...{ watch: 'RESUME', before: previewed, rest: /^previewed/ },
    command: (scene: Scene) => scene.send('import', { type: 'RESUME' }, 'operator'),
  },
  {
    row: 'import CANCEL',
    ...{ watch: 'CANCEL', before: previewed, rest: /^canceled/ },
    command: (scene: Scene) => scene.send('import', { type: 'CANCEL' }),
  },
].map((row) => ({ ...row, subject: 'import' }));
