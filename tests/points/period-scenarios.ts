import type { Scenario } from './scenarios.ts';
import type { Answer, Scene } from './scene.ts';

/** The month before the one in which the stories in memory begin. */
const MONTH = '2025-12';

const create = (scene: Scene): Promise<Answer> => scene.create('period', { month: MONTH }, 'cfo');
const close = (scene: Scene): Promise<Answer> => scene.send('period', { type: 'CLOSE' }, 'cfo');
const confirm = async (scene: Scene): Promise<Answer> => {
  return scene.send('period', { type: 'CONFIRM', hash: await scene.hash('period') }, 'approver');
};
const reopen = (scene: Scene): Promise<Answer> => scene.send('period', { type: 'REOPEN', reason: 'look again' }, 'cfo');
const withdraw = (scene: Scene): Promise<Answer> => scene.send('period', { type: 'WITHDRAW' }, 'approver');

async function proposed(scene: Scene): Promise<void> {
  await create(scene);
  await close(scene);
  await scene.until('period', /^proposed/);
}

async function closed(scene: Scene): Promise<void> {
  await proposed(scene);
  await confirm(scene);
}

async function mayOpen(scene: Scene): Promise<void> {
  await closed(scene);
  await reopen(scene);
  await scene.until('period', /^reopening.proposed/);
}

export const periods: readonly Scenario[] = [
  { row: 'period @create', watch: '@create', command: create, rest: /^open.ready/ },
  { row: 'period CLOSE', watch: 'CLOSE', before: create, command: close, rest: /^proposed/ },
  { row: 'period CONFIRM', watch: 'CONFIRM', before: proposed, command: confirm, rest: /^closed/ },
  { row: 'period WITHDRAW', watch: 'WITHDRAW', before: proposed, command: withdraw, rest: /^open.ready/ },
  { row: 'period REOPEN', watch: 'REOPEN', before: closed, command: reopen, rest: /^reopening.proposed/ },
  { row: 'period CONFIRM of a reopening', watch: 'CONFIRM', before: mayOpen, command: confirm, rest: /^open.ready/ },
].map((row) => ({ ...row, subject: 'period', id: MONTH }));
