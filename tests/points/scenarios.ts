import { integrations, tellOfFailures, troubled } from './integration-scenarios.ts';
import { accounts } from './account-scenarios.ts';
import { accountPayments } from './payment-scenarios.ts';
import { disputes } from './dispute-scenarios.ts';
import { erp } from './erp-scenarios.ts';
import { limits } from './limit-scenarios.ts';
import { messengers } from './messenger-scenarios.ts';
import { imports } from './import-scenarios.ts';
import { periods } from './period-scenarios.ts';
import { ratesScenarios } from './rates-scenarios.ts';
import { CLIENT, DOCUMENTS, LARGE, MANUAL } from './scene.ts';
import type { Answer, Scene } from './scene.ts';

/** One row of the table: a short story that ends in one event being taken, or refused, and everything coming to rest. */
export type Scenario = {
  /** The machine and what is sent to it. */
  readonly row: string;
  /** The type of the actor. */
  readonly subject: string;
  /** The types of event that the row is about begin like this; points count from when one is on its way. */
  readonly watch: string;
  /** How many times as fast machines wait. */
  readonly scale?: number;
  readonly before?: (scene: Scene) => Promise<unknown>;
  /** Sent again with the same id by whoever has no answer. */
  readonly command: (scene: Scene) => Promise<Answer>;
  /** The states that it comes to rest in. */
  readonly rest: RegExp;
  /** Where the order of what comes back is left open, only the ends have to be alike. */
  readonly alike?: 'ends';
  /** The id of its actor, where that is not the story's to choose. There is one such actor only, so it is played in memory alone. */
  readonly id?: string;
  /** Who else takes part. */
  readonly others?: (id: string) => readonly string[];
  /** In a process that has none of the others in its memory. */
  readonly cold?: true;
};

const BRISK = 20;
/** A week passes in six tenths of a second. */
const HASTY = 1_000_000;

const submit = (scene: Scene): Promise<Answer> => scene.send('payment', { type: 'SUBMIT' });
const small = (scene: Scene): Promise<Answer> => scene.payment();
const large = (scene: Scene): Promise<Answer> => scene.payment(LARGE);

async function waiting(scene: Scene): Promise<void> {
  await large(scene);
  await scene.sent('payment', { type: 'SUBMIT' });
}

async function held(scene: Scene): Promise<void> {
  await scene.payment(MANUAL);
  await scene.sent('payment', { type: 'SUBMIT' });
  await scene.until('payment', /^authorized.holding/);
}

async function settled(scene: Scene): Promise<void> {
  await small(scene);
  await scene.sent('payment', { type: 'SUBMIT' });
  await scene.until('payment', /^settled.idle/);
}

/** The gateway does the work and a proxy loses its answer, each time. */
async function lost(scene: Scene): Promise<void> {
  await small(scene);
  await scene.fault('authorize', 'http_502');
}

/** The gateway never gets the first request. */
async function unseen(scene: Scene): Promise<void> {
  await small(scene);
  await scene.fault('authorize', 'timeout_before', 1);
}

const refund = (scene: Scene): Promise<Answer> => scene.send('payment', { type: 'REFUND', refund: 'r1', amount_minor: 500 });

const payments: readonly Scenario[] = [
  { row: 'payment @create', subject: 'payment', watch: '@create', command: small, rest: /^draft/ },
  {
    row: 'payment @create by NATS',
    subject: 'payment',
    watch: '@create',
    command: (scene) =>
      scene.publish('payment', { type: '@create', client: 'acme', payee: 'Bar', amount_minor: 700, currency: 'EUR', reference: 'N' }),
    rest: /^draft/,
  },
  {
    row: 'payment AMEND',
    subject: 'payment',
    watch: 'AMEND',
    before: small,
    command: (scene) => scene.send('payment', { type: 'AMEND', amount_minor: 900 }),
    rest: /^draft/,
  },
  { row: 'payment SUBMIT', subject: 'payment', watch: 'SUBMIT', before: small, command: submit, rest: /^settled.idle/ },
  {
    row: 'payment SUBMIT by NATS',
    subject: 'payment',
    watch: 'SUBMIT',
    before: small,
    command: (scene) => scene.publish('payment', { type: 'SUBMIT' }),
    rest: /^settled.idle/,
  },
  {
    row: 'payment SUBMIT refused',
    subject: 'payment',
    watch: 'SUBMIT',
    before: async (scene) => {
      await small(scene);
      await scene.sent('payment', { type: 'CANCEL' });
    },
    command: submit,
    rest: /^canceled/,
  },
  {
    row: 'payment APPROVE',
    subject: 'payment',
    watch: 'APPROVE',
    before: waiting,
    command: async (scene) => scene.send('payment', { type: 'APPROVE', hash: await scene.hash() }, 'approver'),
    rest: /^settled.idle/,
  },
  {
    row: 'payment DENY',
    subject: 'payment',
    watch: 'DENY',
    before: waiting,
    command: (scene) => scene.send('payment', { type: 'DENY', reason: 'not ours' }, 'approver'),
    rest: /^declined/,
  },
  {
    row: 'payment CANCEL',
    subject: 'payment',
    watch: 'CANCEL',
    before: held,
    command: (scene) => scene.send('payment', { type: 'CANCEL' }),
    rest: /^canceled/,
  },
  {
    row: 'payment CAPTURE',
    subject: 'payment',
    watch: 'CAPTURE',
    before: held,
    command: (scene) => scene.send('payment', { type: 'CAPTURE' }),
    rest: /^settled.idle/,
  },
  { row: 'payment REFUND', subject: 'payment', watch: 'REFUND', before: settled, command: refund, rest: /^settled.idle/ },
  {
    row: 'payment REFUND behind another',
    subject: 'payment',
    watch: 'REFUND',
    before: async (scene) => {
      await settled(scene);
      await refund(scene);
    },
    command: (scene) => scene.send('payment', { type: 'REFUND', refund: 'r2', amount_minor: 300 }),
    rest: /^settled.idle/,
    // The first may be over before the second is asked for, or not.
    alike: 'ends',
  },
  {
    row: 'payment GATEWAY_NOTIFIED',
    subject: 'payment',
    watch: 'GATEWAY_NOTIFIED',
    // It overtakes the look that is waiting; whichever comes first, the payment finds out.
    before: async (scene) => {
      await lost(scene);
      await scene.create('messenger', {});
      await scene.sent('payment', { type: 'SUBMIT' });
      await scene.until('payment', /^unknown.waiting/);
    },
    command: (scene) =>
      scene.send('messenger', {
        type: 'TELL',
        to: `payment/${scene.id}`,
        event: { type: 'GATEWAY_NOTIFIED', operation_id: `${scene.id}-authorize-1`, outcome: 'done' },
      }),
    rest: /^settled.idle/,
    alike: 'ends',
    others: (id) => [`messenger/${id}`],
  },
];

const outcomes: readonly Scenario[] = [
  ['standing', 'done', small, submit, /^settled.idle/],
  ['authorize', 'done', small, submit, /^settled.idle/],
  ['capture', 'done', small, submit, /^settled.idle/],
  ['void', 'done', held, (scene: Scene) => scene.send('payment', { type: 'CANCEL' }), /^canceled/],
  ['refund', 'done', settled, refund, /^settled.idle/],
  ['authorize', 'error', lost, submit, /^settled.idle/],
  ['lookup', 'done', lost, submit, /^settled.idle/],
  ['close', 'done', unseen, submit, /^settled.idle/],
].map((row) => {
  const [effect, how, before, command, rest] = row as [string, string, Scenario['before'], Scenario['command'], RegExp];
  return {
    row: `payment ${effect} ${how}`,
    subject: 'payment',
    watch: `xstate.${how}.actor.${effect}`,
    scale: BRISK,
    ...(before === undefined ? {} : { before }),
    command,
    rest,
    ...(effect === 'standing' ? { cold: true as const } : {}),
  };
});

const timers: readonly Scenario[] = [
  { row: 'payment first_reminder', subject: 'payment', before: large, command: submit, rest: /^expired/ },
  { row: 'payment approval_ttl', subject: 'payment', before: large, command: submit, rest: /^expired/ },
  {
    row: 'payment authorization_ttl',
    subject: 'payment',
    before: (scene: Scene) => scene.payment(MANUAL),
    command: submit,
    rest: /^canceled/,
  },
  { row: 'payment lookup_wait', subject: 'payment', before: lost, command: submit, rest: /^settled.idle/ },
  {
    row: 'client invitation_ttl',
    subject: 'client',
    before: (scene: Scene) => scene.create('client', CLIENT),
    command: (scene: Scene) => scene.send('client', { type: 'INVITE' }),
    rest: /^closed/,
  },
  {
    row: 'integration cool_down',
    subject: 'integration',
    before: troubled,
    command: tellOfFailures,
    rest: /circuit.half_open/,
    others: (id: string) => [`messenger/${id}`],
  },
].map((row: Omit<Scenario, 'watch'>) => ({ scale: HASTY, watch: `xstate.after.${row.row.split(' ')[1]}`, ...row }));

async function known(scene: Scene): Promise<void> {
  await scene.create('client', CLIENT);
  await scene.sent('client', DOCUMENTS);
}

async function active(scene: Scene): Promise<void> {
  await known(scene);
  await scene.sent('client', { type: 'VERIFY' }, 'approver');
  await scene.until('client', /^active/);
}

const approver =
  (type: string, payload: object = {}) =>
  (scene: Scene) =>
    scene.send('client', { ...payload, type }, 'approver');

const clients: readonly Scenario[] = [
  { row: 'client @create', watch: '@create', command: (scene: Scene) => scene.create('client', CLIENT), rest: /^invited/ },
  {
    row: 'client INVITE',
    watch: 'INVITE',
    before: (scene: Scene) => scene.create('client', CLIENT),
    command: (scene: Scene) => scene.send('client', { type: 'INVITE' }),
    rest: /^collecting/,
  },
  {
    row: 'client SUBMIT',
    watch: 'SUBMIT',
    before: (scene: Scene) => scene.create('client', CLIENT),
    command: (scene: Scene) => scene.send('client', DOCUMENTS),
    rest: /^submitted/,
  },
  // Three checks are under way at once and answer in any order.
  { row: 'client VERIFY', watch: 'VERIFY', before: known, command: approver('VERIFY'), rest: /^active/, alike: 'ends' as const },
  {
    row: 'client identity done',
    watch: 'xstate.done.actor.identity',
    before: known,
    command: approver('VERIFY'),
    rest: /^active/,
    alike: 'ends' as const,
  },
  { row: 'client SUSPEND', watch: 'SUSPEND', before: active, command: approver('SUSPEND', { reason: 'looked at' }), rest: /^suspended/ },
  {
    row: 'client REINSTATE',
    watch: 'REINSTATE',
    before: async (scene: Scene) => {
      await active(scene);
      await scene.sent('client', { type: 'SUSPEND', reason: 'looked at' }, 'approver');
    },
    command: approver('REINSTATE'),
    rest: /^active/,
  },
  { row: 'client REJECT', watch: 'REJECT', before: known, command: approver('REJECT', { reason: 'no papers' }), rest: /^rejected/ },
  { row: 'client CLOSE', watch: 'CLOSE', before: active, command: approver('CLOSE'), rest: /^closed/ },
].map((row) => ({ ...row, subject: 'client' }));

/** What is sent, what comes back and what time brings: the rows of the table. */
export const SCENARIOS: readonly Scenario[] = [
  ...payments,
  ...outcomes,
  ...timers,
  ...clients,
  ...accounts,
  ...accountPayments,
  ...limits,
  ...disputes,
  ...integrations,
  ...ratesScenarios,
  ...periods,
  ...imports,
  ...erp,
  ...messengers,
];
