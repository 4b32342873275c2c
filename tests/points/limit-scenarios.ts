import type { Scenario } from './scenarios.ts';
import type { Answer, Event, Scene } from './scene.ts';

const made = (scene: Scene): Promise<Answer> => scene.create('limit', { client: scene.id });
const by =
  (as: string, event: Event) =>
  (scene: Scene): Promise<Answer> =>
    scene.send('limit', event, as);
const after =
  (...steps: readonly (readonly [string, Event])[]) =>
  async (scene: Scene) => {
    await made(scene);
    for (const [as, event] of steps) await scene.sent('limit', event, as);
  };

const RAISE = { type: 'SET', per_payment_major: 2_000_000 };
const BLOCK = { type: 'BLOCK', reason: 'drill' };
/** What the first event after its creation proposes. */
const OF_RAISE = { proposal: 'p2' };

const SPEND = {
  type: 'SPEND',
  payment: 'pay_1',
  revision: 1,
  amount_minor: 4_000,
  currency: 'EUR',
  payee: 'Bar Supplies Ltd',
  maker: 'clerk',
};
/** With a messenger beside it, because only actors ask for room. It does not want to know that there is some. */
const told =
  (...steps: readonly Event[]) =>
  async (scene: Scene) => {
    await made(scene);
    await scene.create('messenger', {});
    for (const event of steps) await scene.sent('messenger', { type: 'TELL', to: `limit/${scene.id}`, event });
  };
const tellOf =
  (event: Event) =>
  (scene: Scene): Promise<Answer> =>
    scene.send('messenger', { type: 'TELL', to: `limit/${scene.id}`, event });

export const limits: readonly Scenario[] = [
  { watch: '@create', command: made, rest: /granting.open/ },
  { watch: 'SET', before: made, command: by('cfo', { type: 'SET', per_payment_major: 5 }), rest: /raise.none/ },
  { watch: 'SET', before: made, command: by('cfo', RAISE), rest: /raise.proposed/ },
  { watch: 'CONFIRM', before: after(['cfo', RAISE]), command: by('approver', { type: 'CONFIRM', ...OF_RAISE }), rest: /raise.none/ },
  { watch: 'DROP', before: after(['cfo', RAISE]), command: by('approver', { type: 'DROP', ...OF_RAISE }), rest: /raise.none/ },
  { watch: 'BLOCK', before: made, command: by('cfo', BLOCK), rest: /granting.blocked/ },
  {
    watch: 'UNBLOCK',
    before: after(['approver', BLOCK]),
    command: by('cfo', { type: 'UNBLOCK', reason: 'over' }),
    rest: /granting.open/,
  },
  ...[
    { watch: 'SPEND', before: told(), command: tellOf(SPEND), rest: /day.counting/ },
    { watch: 'UNSPEND', before: told(SPEND), command: tellOf({ type: 'UNSPEND', payment: 'pay_1' }), rest: /day.empty/ },
    { watch: 'PAID', before: told(SPEND), command: tellOf({ type: 'PAID', payment: 'pay_1' }), rest: /day.counting/ },
  ].map((row) => ({ ...row, others: (id: string) => [`messenger/${id}`] })),
].map((row, n) => ({ row: `limit ${row.watch}${n === 2 ? ' higher' : ''}`, subject: 'limit', ...row }));
