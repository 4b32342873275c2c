import type { Scenario } from './scenarios.ts';
import type { Answer, Event, Scene } from './scene.ts';

/*
 * Payments from an account in another currency: three actors agree on the money, by what they tell each other. And what is decided by people or
 * told by other actors.
 */

const LARGE = { amount_minor: 250_000 };

async function funded(scene: Scene, client = 'acme'): Promise<void> {
  await scene.create('account', { client, name: 'Dollars', currency: 'USD' });
  await scene.sent('account', { type: 'ACTIVATE' }, 'cfo');
  await scene.until('account', /life.active/);
  await scene.sent('account', { type: 'DEPOSIT', deposit: 'd1', amount_minor: 900_000, reference: 'statement 7' });
  await scene.sent('account', { type: 'CONFIRM', deposit: 'd1' }, 'cfo');
}

async function fromAccount(scene: Scene): Promise<void> {
  await funded(scene);
  await scene.payment({ account: scene.id });
}

async function waiting(scene: Scene): Promise<void> {
  await funded(scene);
  await scene.payment({ account: scene.id, ...LARGE });
  await scene.sent('payment', { type: 'SUBMIT' });
  await scene.until('payment', /^needs_approval/);
}

async function paid(scene: Scene): Promise<void> {
  await fromAccount(scene);
  await scene.sent('payment', { type: 'SUBMIT' });
  await scene.until('payment', /^settled.idle/);
}

/** Of a client that has limits. */
async function limited(scene: Scene): Promise<void> {
  await funded(scene, 'globex');
  await scene.payment({ account: scene.id, client: 'globex' });
}

const submit = (scene: Scene): Promise<Answer> => scene.send('payment', { type: 'SUBMIT' });
const byAccount = (id: string): readonly string[] => [`account/${id}`];

const money: readonly Scenario[] = [
  { row: 'payment from an account SUBMIT', watch: 'SUBMIT', before: fromAccount, command: submit, rest: /^settled.idle/ },
  { row: 'payment from an account, no limits', watch: 'tell.refused', before: fromAccount, command: submit, rest: /^settled.idle/ },
  {
    row: 'payment BILL_CLAIMED',
    watch: 'BILL_CLAIMED',
    before: async (scene: Scene) => {
      await scene.create('bill', { supplier: 'acme', direction: 'in', currency: 'EUR', total_minor: 5_000 });
      await scene.payment({ bill: scene.id, amount_minor: 5_000 });
    },
    command: submit,
    rest: /^settled.idle/,
    others: (id: string) => [`bill/${id}`],
  },
  { row: 'payment LIMIT_GRANTED', watch: 'LIMIT_GRANTED', before: limited, command: submit, rest: /^settled.idle/ },
  {
    row: 'payment from an account, within limits, canceled',
    watch: 'CANCEL',
    before: async (scene: Scene) => {
      await funded(scene, 'globex');
      await scene.payment({ account: scene.id, client: 'globex', ...LARGE });
      await scene.sent('payment', { type: 'SUBMIT' });
      await scene.until('payment', /^needs_approval/);
    },
    command: (scene: Scene) => scene.send('payment', { type: 'CANCEL' }),
    rest: /^canceled/,
  },
  { row: 'payment RESERVED', watch: 'RESERVED', before: fromAccount, command: submit, rest: /^settled.idle/ },
  {
    row: 'payment from an account, captured',
    watch: 'xstate.done.actor.capture',
    before: fromAccount,
    command: submit,
    rest: /^settled.idle/,
  },
  {
    row: 'payment from an account APPROVE',
    watch: 'APPROVE',
    before: waiting,
    command: async (scene: Scene) => scene.send('payment', { type: 'APPROVE', hash: await scene.hash() }, 'approver'),
    rest: /^settled.idle/,
  },
  {
    row: 'payment from an account REFUND',
    watch: 'REFUND',
    before: paid,
    command: (scene: Scene) => scene.send('payment', { type: 'REFUND', refund: 'r1', amount_minor: 500 }),
    rest: /^settled.idle/,
  },
  {
    row: 'payment from an account, refunded',
    watch: 'xstate.done.actor.refund',
    before: paid,
    command: (scene: Scene) => scene.send('payment', { type: 'REFUND', refund: 'r1', amount_minor: 500 }),
    rest: /^settled.idle/,
  },
  // In a process that has neither in its memory.
  ...['account', 'rates'].map((asked) => ({
    row: `payment ${asked} done`,
    watch: `xstate.done.actor.${asked}`,
    before: fromAccount,
    command: submit,
    rest: /^settled.idle/,
    cold: true as const,
  })),
].map((row) => ({ ...row, subject: 'payment', others: byAccount }));

const decided: readonly Scenario[] = [
  {
    row: 'payment HOLD',
    watch: 'HOLD',
    before: async (scene: Scene) => {
      await scene.payment(LARGE);
      await scene.sent('payment', { type: 'SUBMIT' });
    },
    command: (scene: Scene) => scene.send('payment', { type: 'HOLD', reason: 'drill' }, 'approver'),
    rest: /^held/,
  },
  {
    row: 'payment RELEASE',
    watch: 'RELEASE',
    before: async (scene: Scene) => {
      await scene.payment(LARGE);
      await scene.sent('payment', { type: 'SUBMIT' });
      await scene.sent('payment', { type: 'HOLD', reason: 'drill' }, 'approver');
    },
    command: (scene: Scene) => scene.send('payment', { type: 'RELEASE', reason: 'over' }, 'approver'),
    rest: /^needs_approval/,
  },
  ...(
    [
      ['CLEAR', { reason: 'another one' }],
      ['PROPOSE_OUTCOME', { outcome: 'failed', evidence: 'a letter' }],
      ['CONFIRM_OUTCOME', { proposal: 'p1' }],
      ['DROP_OUTCOME', { proposal: 'p1' }],
    ] as const
  ).map(([type, payload]) => ({
    row: `payment ${type} refused`,
    watch: type,
    before: (scene: Scene) => scene.payment(),
    command: (scene: Scene) => scene.send('payment', { ...payload, type }, 'approver'),
    rest: /^draft/,
  })),
].map((row) => ({ ...row, subject: 'payment' }));

/** With a messenger beside it, because only actors say such things. */
const settledWith =
  (...events: readonly Event[]) =>
  async (scene: Scene) => {
    await scene.payment();
    await scene.sent('payment', { type: 'SUBMIT' });
    await scene.until('payment', /^settled.idle/);
    await scene.create('messenger', {});
    for (const event of events) await tellOf(event)(scene);
  };
const tellOf =
  (event: Event) =>
  (scene: Scene): Promise<Answer> =>
    scene.send('messenger', { type: 'TELL', to: `payment/${scene.id}`, event });
const DISPUTED = { type: 'DISPUTED', dispute: 'd1', amount_minor: 700 };

const told: readonly Scenario[] = [
  { watch: 'DISPUTED', before: settledWith(), command: tellOf(DISPUTED) },
  { watch: 'DISPUTE_WON', before: settledWith(DISPUTED), command: tellOf({ type: 'DISPUTE_WON', dispute: 'd1' }) },
  { watch: 'DISPUTE_LOST', before: settledWith(DISPUTED), command: tellOf({ type: 'DISPUTE_LOST', dispute: 'd1' }) },
].map((row) => ({
  row: `payment ${row.watch}`,
  subject: 'payment',
  rest: /^settled.idle/,
  others: (id: string) => [`messenger/${id}`],
  ...row,
}));

export const accountPayments: readonly Scenario[] = [...money, ...decided, ...told];
