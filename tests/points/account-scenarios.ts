import type { Scenario } from './scenarios.ts';
import type { Answer, Scene } from './scene.ts';

/** A year passes in three tenths of a second. */
const AGES = 100_000_000;
const ACCOUNT = { client: 'acme', name: 'Acme, day to day', currency: 'EUR' };
const banker =
  (type: string, payload: object = {}) =>
  (scene: Scene) =>
    scene.send('account', { ...payload, type }, 'cfo');
const DEPOSIT = { type: 'DEPOSIT', deposit: 'd1', amount_minor: 9_000, reference: 'statement 7' };
const HOLD = { hold: 'h1', amount_minor: 4_000 };

const made = (scene: Scene): Promise<Answer> => scene.create('account', ACCOUNT);

async function payable(scene: Scene): Promise<void> {
  await made(scene);
  await scene.sent('account', { type: 'ACTIVATE' }, 'cfo');
  await scene.until('account', /life.active/);
  await scene.sent('account', { type: 'SET_OVERDRAFT', overdraft_minor: 5_000 }, 'cfo');
}

/** After what a person of the house has done to it. */
const after =
  (...steps: readonly (readonly [string, { readonly type: string; readonly [field: string]: unknown }])[]) =>
  async (scene: Scene) => {
    await payable(scene);
    for (const [as, event] of steps) await scene.sent('account', event, as);
  };

/** With a messenger beside it, because only actors have money kept, spent and brought back. */
const told =
  (...steps: readonly { readonly type: string; readonly [field: string]: unknown }[]) =>
  async (scene: Scene) => {
    await payable(scene);
    await scene.create('messenger', {});
    for (const event of steps) await scene.sent('messenger', { type: 'TELL', to: `account/${scene.id}`, event });
  };
const tellOf =
  (event: { readonly type: string; readonly [field: string]: unknown }) =>
  (scene: Scene): Promise<Answer> =>
    scene.send('messenger', { type: 'TELL', to: `account/${scene.id}`, event });
const RESERVE = { type: 'RESERVE', ...HOLD, currency: 'EUR', reference: 'INV-1' };

export const accounts: readonly Scenario[] = [
  { watch: '@create', command: made, rest: /life.pending/ },
  { watch: 'ACTIVATE', before: made, command: banker('ACTIVATE'), rest: /life.active/ },
  ...['DEBITS', 'CREDITS'].flatMap((side) => [
    { watch: `BLOCK_${side}`, before: payable, command: banker(`BLOCK_${side}`, { reason: 'drill' }), rest: /blocked/ },
    {
      watch: `UNBLOCK_${side}`,
      before: after(['cfo', { type: `BLOCK_${side}`, reason: 'drill' }]),
      command: banker(`UNBLOCK_${side}`),
      rest: /debits.open,credits.open/,
    },
  ]),
  { watch: 'FREEZE', before: payable, command: banker('FREEZE', { reason: 'drill' }), rest: /freeze.frozen/ },
  {
    watch: 'UNFREEZE',
    before: after(['approver', { type: 'FREEZE', reason: 'drill' }]),
    command: banker('UNFREEZE', { reason: 'over' }),
    rest: /freeze.clear/,
  },
  {
    watch: 'WAKE',
    scale: AGES,
    before: async (scene: Scene) => {
      await made(scene);
      await scene.sent('account', { type: 'ACTIVATE' }, 'cfo');
      await scene.until('account', /life.dormant/);
    },
    command: banker('WAKE'),
    rest: /life.dormant/,
  },
  { watch: 'SET_OVERDRAFT', before: payable, command: banker('SET_OVERDRAFT', { overdraft_minor: 1 }), rest: /life.active/ },
  { watch: 'DEPOSIT', before: payable, command: (scene: Scene) => scene.send('account', DEPOSIT), rest: /life.active/ },
  { watch: 'CONFIRM', before: after(['clerk', DEPOSIT]), command: banker('CONFIRM', { deposit: 'd1' }), rest: /life.active/ },
  { watch: 'DROP', before: after(['clerk', DEPOSIT]), command: banker('DROP', { deposit: 'd1', reason: 'twice' }), rest: /life.active/ },
  { watch: 'CLOSE', before: payable, command: banker('CLOSE'), rest: /life.closed/ },
  { watch: 'REOPEN', before: after(['cfo', { type: 'CLOSE' }]), command: banker('REOPEN', { reason: 'drill' }), rest: /life.pending/ },
  ...[
    { watch: 'RESERVE', before: told(), command: tellOf(RESERVE) },
    { watch: 'SETTLE', before: told(RESERVE), command: tellOf({ type: 'SETTLE', ...HOLD }) },
    { watch: 'RELEASE', before: told(RESERVE), command: tellOf({ type: 'RELEASE', hold: 'h1' }) },
    {
      watch: 'CREDIT',
      before: told(),
      command: tellOf({ type: 'CREDIT', credit: 'c1', amount_minor: 5, currency: 'EUR', reference: 'back' }),
    },
  ].map((row) => ({ ...row, rest: /life.active/, others: (id: string) => [`messenger/${id}`] })),
].map((row) => ({ row: `account ${row.watch}`, subject: 'account', ...row }));
