import type { Scenario } from './scenarios.ts';
import type { Answer, Event, Scene } from './scene.ts';

/*
 * A client whose record an ERP keeps too. There is no ERP in these stories: what one says is told by a messenger, and what it would be told is refused.
 */

const CLIENT = { name: 'Acme GmbH', country: 'DE', email: 'office@acme.example', kind: 'company' };
const RECORD = { external_id: '7', at: 1_000, fields: { ...CLIENT, name: 'Acme AG' } };
const ALIKE = { ...RECORD, at: 2_000, fields: CLIENT };

const client = (scene: Scene): Promise<Answer> => scene.create('client', CLIENT);
/** By a messenger, since only actors say what an ERP says. */
const bound =
  (record: object) =>
  (scene: Scene): Promise<Answer> =>
    tellOf({ type: '@create', integration: 'none', model: 'partner', actor: `client/${scene.id}`, record })(scene);

async function beside(scene: Scene): Promise<void> {
  await client(scene);
  await scene.create('messenger', {});
}

/** The two say something else, and somebody has to decide. */
async function conflict(scene: Scene): Promise<void> {
  await beside(scene);
  await bound(RECORD)(scene);
  await scene.until('binding', /^conflict/);
}

async function gone(scene: Scene): Promise<void> {
  await conflict(scene);
  await tellOf({ type: 'THEIRS', record: { ...RECORD, at: 3_000, fields: {}, gone: true } })(scene);
  await scene.until('binding', /^gone/);
}

async function refused(scene: Scene): Promise<void> {
  await scene.create('messenger', {});
  await bound({ ...RECORD, fields: {}, bad: { field: 'name', why: 'It has none' } })(scene);
  await scene.until('binding', /^refused/);
}

const tellOf =
  (event: Event, to = 'binding') =>
  (scene: Scene): Promise<Answer> =>
    scene.send('messenger', { type: 'TELL', to: `${to}/${scene.id}`, event });
const decide = (scene: Scene): Promise<Answer> => scene.send('binding', { type: 'DECIDE', field: 'name', side: 'erp' });
const amend = (scene: Scene): Promise<Answer> => scene.send('client', { type: 'AMEND', name: 'Acme AG' });
const clerk =
  (type: string) =>
  (scene: Scene): Promise<Answer> =>
    scene.send('binding', { type });

const all = (id: string): readonly string[] => [`client/${id}`, `messenger/${id}`, `binding/${id}`];

const bindings: readonly Scenario[] = [
  { row: 'binding @create', watch: '@create', before: beside, command: bound(RECORD), rest: /^conflict/ },
  { row: 'binding tell.refused', watch: 'tell.refused', before: beside, command: bound(RECORD), rest: /^conflict/ },
  { row: 'binding DECIDE', watch: 'DECIDE', before: conflict, command: decide, rest: /^agreed/ },
  { row: 'binding THEIRS', watch: 'THEIRS', before: conflict, command: tellOf({ type: 'THEIRS', record: ALIKE }), rest: /^agreed/ },
  { row: 'binding OURS', watch: 'OURS', before: conflict, command: amend, rest: /^agreed/ },
  { row: 'binding RETRY', watch: 'RETRY', before: refused, command: clerk('RETRY'), rest: /^refused/ },
  { row: 'binding RECREATE', watch: 'RECREATE', before: gone, command: clerk('RECREATE'), rest: /^refused/ },
  { row: 'binding RELEASE', watch: 'RELEASE', before: gone, command: clerk('RELEASE'), rest: /^released/ },
].map((row) => ({ ...row, subject: 'binding', others: all }));

const clients: readonly Scenario[] = [
  { row: 'client AMEND', watch: 'AMEND', before: client, command: amend, rest: /^invited/ },
  { row: 'client LINK', watch: 'LINK', before: beside, command: bound(RECORD), rest: /^invited/, others: all },
  { row: 'client SYNC', watch: 'SYNC', before: conflict, command: decide, rest: /^invited/, others: all },
].map((row) => ({ ...row, subject: 'client' }));

const feed = (scene: Scene): Promise<Answer> => scene.create('feed', { integration: 'none', model: 'partner' }, 'operator');
const operator =
  (type: string) =>
  (scene: Scene): Promise<Answer> =>
    scene.send('feed', { type }, 'operator');

async function paused(scene: Scene): Promise<void> {
  await feed(scene);
  await scene.sent('feed', { type: 'PAUSE' }, 'operator');
}

async function pausedBeside(scene: Scene): Promise<void> {
  await paused(scene);
  await scene.create('messenger', {});
}

/** What a feed was told wrongly it tells the other way. */
const otherWay = tellOf(
  { type: 'tell.refused', to: 'binding/none-client-none-7', event: 'THEIRS', reason: 'not_found', sent: { record: RECORD } },
  'feed',
);

const feeds: readonly Scenario[] = [
  { row: 'feed @create', watch: '@create', command: feed, rest: /reading.pausing/ },
  { row: 'feed PULL', watch: 'PULL', before: feed, command: operator('PULL'), rest: /reading.pausing/ },
  { row: 'feed PAUSE', watch: 'PAUSE', before: feed, command: operator('PAUSE'), rest: /reading.paused/ },
  { row: 'feed RESUME', watch: 'RESUME', before: paused, command: operator('RESUME'), rest: /reading.pausing/ },
  { row: 'feed BACKFILL', watch: 'BACKFILL', before: paused, command: operator('BACKFILL'), rest: /reading.pausing/ },
  { row: 'feed SWEEP', watch: 'SWEEP', before: paused, command: operator('SWEEP'), rest: /reading.paused/ },
  // There is no ERP here that could cast doubt on itself: a person who answers without being asked is refused.
  { row: 'feed CONFIRM_GONE', watch: 'CONFIRM_GONE', before: paused, command: operator('CONFIRM_GONE'), rest: /reading.paused/ },
  { row: 'feed DROP', watch: 'DROP', before: paused, command: operator('DROP'), rest: /reading.paused/ },
  {
    row: 'feed tell.refused',
    watch: 'tell.refused',
    before: pausedBeside,
    command: otherWay,
    rest: /reading.paused/,
    others: (id: string) => [`messenger/${id}`],
  },
].map((row) => ({ ...row, subject: 'feed' }));

export const erp: readonly Scenario[] = [...bindings, ...clients, ...feeds];
