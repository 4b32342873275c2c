import { z } from 'zod';
import { machines } from '../../machines/machines.ts';
import type { ActorView, Can, Command, CommandAck, TimerView } from '../../hub/protocol/messages.ts';
import { FakeHub, type FakeActor } from './fake-hub.ts';

/** A busy afternoon: enough of everything that every screen has something to show. */
const PEOPLE = [
  { username: 'clerk', roles: ['clerk'] },
  { username: 'approver', roles: ['approver'] },
  { username: 'cfo', roles: ['cfo'] },
  { username: 'operator', roles: ['operator'] },
  { username: 'auditor', roles: ['auditor'] },
  { username: 'developer', roles: ['developer'] },
];

export const PASSWORD = 'green-lines';

const PAYEES = [
  'Aurora Freight',
  'Birch & Sons',
  'Cobalt Energy',
  'Delta Dairy',
  'Elm Street Print',
  'Fjord Timber',
  'Globex',
  'Harbour Foods',
];
const STATES = [
  'draft',
  'needs_approval',
  'authorizing.calling',
  'authorized.holding',
  'capturing.calling',
  'settled.idle',
  'unknown.waiting',
  'declined',
  'failed',
  'canceled',
  'expired',
];
const WAY: Readonly<Record<string, readonly string[]>> = {
  draft: ['draft'],
  needs_approval: ['draft', 'needs_approval'],
  authorizing: ['draft', 'needs_approval', 'authorizing.asking', 'authorizing.calling'],
  authorized: ['draft', 'needs_approval', 'authorizing.asking', 'authorizing.calling', 'authorized.holding'],
  capturing: ['draft', 'authorizing.asking', 'authorizing.calling', 'capturing.asking', 'capturing.calling'],
  settled: ['draft', 'needs_approval', 'authorizing.asking', 'authorizing.calling', 'capturing.calling', 'settled.idle'],
  unknown: ['draft', 'needs_approval', 'authorizing.asking', 'authorizing.calling', 'unknown.waiting'],
  declined: ['draft', 'needs_approval', 'declined'],
  failed: ['draft', 'authorizing.asking', 'authorizing.calling', 'unknown.waiting', 'failed'],
  canceled: ['draft', 'needs_approval', 'canceled'],
  expired: ['draft', 'needs_approval', 'expired'],
};

export async function makeScene(assets: string, size: number, port = 0): Promise<{ hub: FakeHub; url: string }> {
  const hub = new FakeHub({ assets, people: PEOPLE, password: PASSWORD, onCommand, onCreate });
  const url = await hub.start(port);
  for (let i = 0; i < size; i++) hub.actors.set(`payment/pay_${1000 + i}`, makePayment(i));
  if (size > 0) for (const actor of [...makeClients(), ...makeIntegrations()]) hub.actors.set(actor.view.address, actor);
  return { hub, url };
}

function schemaOf(type: string, event: string): unknown {
  const schema = machines.find((machine) => machine.type === type)?.events[event];
  return schema ? z.toJSONSchema(schema) : {};
}

function cans(type: string, ok: readonly string[], refused: Readonly<Record<string, string>> = {}): Can[] {
  return [
    ...ok.map((event): Can => ({ type: event, ok: true, schema: schemaOf(type, event) })),
    ...Object.entries(refused).map(([event, reason]): Can => ({ type: event, ok: false, reason, schema: schemaOf(type, event) })),
  ];
}

function ago(minutes: number): string {
  return new Date(Date.now() - minutes * 60_000).toISOString();
}

type Moment = {
  readonly tags?: readonly string[];
  readonly ok?: readonly string[];
  readonly refused?: Readonly<Record<string, string>>;
  readonly timers?: readonly TimerView[];
};

/** What is possible and pending in a state. */
const MOMENTS: Readonly<Record<string, Moment>> = {
  draft: { ok: ['SUBMIT', 'AMEND', 'CANCEL'] },
  needs_approval: {
    tags: ['needs_somebody'],
    ok: ['APPROVE', 'DENY', 'CANCEL'],
    refused: { AMEND: 'forbidden', CAPTURE: 'not_in_state' },
    timers: [
      { id: 'xstate.after.approval_ttl.payment.needs_approval', due: ago(-4_210) },
      { id: 'xstate.after.first_reminder.payment.needs_approval', due: ago(-61) },
    ],
  },
  authorized: { tags: ['needs_somebody'], ok: ['CAPTURE', 'CANCEL'] },
  settled: { ok: ['REFUND'], refused: { CANCEL: 'not_in_state' } },
  unknown: { tags: ['unknown'], timers: [{ id: 'xstate.after.lookup_wait.payment.unknown.waiting', due: ago(-0.6) }] },
};

function makePayment(i: number): FakeActor {
  const id = `pay_${1000 + i}`;
  const state = STATES[i % STATES.length] ?? 'draft';
  const top = state.split('.')[0] ?? state;
  const payee = PAYEES[i % PAYEES.length] ?? '';
  const amount_minor = ((i * 7919) % 9_000_000) + 12_345;
  const currency = ['EUR', 'EUR', 'USD', 'GBP', 'JPY', 'KWD'][i % 6] ?? 'EUR';
  const context = {
    id,
    client: i % 2 === 0 ? 'acme' : 'globex',
    payee,
    amount_minor,
    currency,
    reference: `INV-2026-${4100 + i}`,
    capture: i % 3 === 0 ? 'manual' : 'automatic',
    gateway: 'sandbox',
    maker: 'clerk',
    amended_by: [],
    revision: 1,
    payload_hash: `9f2c${id}b71e`.repeat(4).slice(0, 64),
    approval_from_minor: 100_000,
    approvals_needed: 1,
    approvals: i % 2 === 0 ? [] : [{ by: 'cfo', at: Date.now() - 3_600_000, hash: '9f2c'.repeat(16) }],
    authorized_minor: ['authorized', 'capturing', 'settled'].includes(top) ? amount_minor : 0,
    capture_minor: 0,
    captured_minor: top === 'settled' ? amount_minor : 0,
    refunded_minor: 0,
    gateway_reference: top === 'settled' ? 'sbx_auth_8K2M' : null,
    capture_reference: null,
    refunds: [],
    reason: top === 'declined' ? 'client_not_active' : top === 'expired' ? 'not_approved_in_time' : null,
    note: null,
    operation: top === 'unknown' ? 'authorize' : null,
    attempt: 1,
    retries: 0,
    tries: 0,
    outcome: null,
    ending: null,
  };
  const { tags = [], ok = [], refused = { APPROVE: 'not_in_state' }, timers = [] } = MOMENTS[top] ?? {};
  return makeActor(
    {
      address: `payment/${id}`,
      way: WAY[top] ?? ['draft'],
      state: [state],
      tags,
      context,
      can: cans('payment', ok, refused),
      timers,
      minutes: i * 3 + 1,
    },
    `${payee} · INV-2026-${4100 + i}`,
    `${amount_minor / 100} ${currency}`,
  );
}

type Sketch = Pick<ActorView, 'address' | 'state' | 'tags' | 'context' | 'can' | 'timers'> & { way: readonly string[]; minutes: number };

function makeActor({ way, minutes, ...view }: Sketch, title: string, summary: string): FakeActor {
  const history = way.map((to, i) => ({
    version: i + 1,
    event: {
      type:
        ['@create', 'SUBMIT', 'APPROVE', 'xstate.done.actor.standing', 'xstate.done.actor.authorize', 'xstate.done.actor.capture'][i] ??
        'SUBMIT',
    },
    caller: ['clerk', 'clerk', 'cfo'][i] ?? `own:${view.address}@${i}#0`,
    at: ago(minutes + (way.length - 1 - i) * 7),
    from: i === 0 ? [] : [way[i - 1] ?? ''],
    to: i === way.length - 1 ? [...view.state] : [to],
    changed: i === 0 ? [] : ['approvals', 'gateway_reference'].slice(0, i % 3),
    hash: `${(i + 11).toString(16)}c4e7a90b`.repeat(8).slice(0, 64),
  }));
  return { view: { ...view, version: way.length, updatedAt: ago(minutes) }, title, summary, history };
}

function makeClients(): FakeActor[] {
  const names: [string, string, string, string][] = [
    ['acme', 'Acme Industries', 'DE', 'active'],
    ['globex', 'Globex Corporation', 'US', 'active'],
    ['initech', 'Initech', 'GB', 'submitted'],
    ['hooli', 'Hooli', 'FR', 'verifying.identity.checking'],
    ['umbra', 'Umbra Shipping', 'NO', 'suspended'],
    ['vandelay', 'Vandelay Imports', 'IT', 'collecting'],
  ];
  const unchecked = { verdict: null, tries: 0, findings: [] };
  return names.map(([id, name, country, state], i) => {
    const context = {
      id,
      name,
      country,
      email: `office@${id}.example`,
      kind: 'company',
      checks_by: 'sandbox_checks',
      documents: ['register-extract.pdf', 'passport-director.pdf'],
      bank_account: 'DE89 3704 0044 0532 0130 00',
      checks: {
        identity: { verdict: 'passed', tries: 1, findings: [] },
        bank_account: unchecked,
        sanctions: { verdict: 'refused', tries: 2, findings: ['name resembles a listed one'] },
      },
      reason: state === 'suspended' ? 'Two returned direct debits' : null,
    };
    const full = state.startsWith('verifying')
      ? ['verifying.identity.checking', 'verifying.bank_account.passed', 'verifying.sanctions.pausing']
      : [state];
    const top = state.split('.')[0] ?? '';
    const can = cans(
      'client',
      top === 'submitted'
        ? ['VERIFY', 'REJECT']
        : top === 'collecting' || top === 'invited'
          ? ['SUBMIT', 'INVITE']
          : top === 'active'
            ? ['SUSPEND', 'CLOSE']
            : [],
      { REINSTATE: 'not_in_state' },
    );
    const way = ['invited', 'collecting', 'submitted', 'verifying', 'active'];
    const at = way.indexOf(top);
    return makeActor(
      {
        address: `client/${id}`,
        state: full,
        tags: top === 'submitted' ? ['needs_somebody'] : [],
        context,
        can,
        timers: [],
        way: [...way.slice(0, at < 0 ? 5 : at), top],
        minutes: 40 * i + 2,
      },
      name,
      `company, ${country}`,
    );
  });
}

function makeIntegrations(): FakeActor[] {
  const made: [string, string, string[], string[]][] = [
    ['sandbox', 'Sandbox gateway', ['lifecycle.enabled', 'circuit.closed', 'auth.valid', 'admission.all'], ['callable']],
    ['sandbox_checks', 'Sandbox checks', ['lifecycle.enabled', 'circuit.half_open', 'auth.valid', 'admission.probes'], ['probing']],
    ['northbank', 'North Bank transfers', ['lifecycle.enabled', 'circuit.forced_open', 'auth.valid', 'admission.none'], ['needs_somebody']],
  ];
  return made.map(([id, title, state, tags], i) => {
    const context = {
      id,
      title,
      provides: i === 1 ? 'checks' : 'gateway',
      rules: { window_s: 60, failures: 5, probes: 3 },
      window: { since: Date.now() - 30_000, calls: 48, failed: i },
      trips: i,
      probed: i,
      reason: i === 2 ? 'maintenance at the bank until 18:00' : null,
    };
    return makeActor(
      {
        address: `integration/${id}`,
        state,
        tags,
        context,
        can: cans('integration', ['DISABLE', 'TRIP', 'RESET'], { ENABLE: 'not_in_state', PROBE: 'not_in_state' }),
        timers: [],
        way: ['draft', 'draft'],
        minutes: 12 * i + 1,
      },
      title,
      context.provides,
    );
  });
}

function onCommand(hub: FakeHub, command: Command, by: string): CommandAck {
  const actor = hub.actors.get(command.to);
  if (actor === undefined) return { outcome: 'rejected', code: 'not_found', reason: 'There is no such thing.', version: 0, can: [] };
  const { view } = actor;
  const refuse = (code: string, reason: string): CommandAck => ({
    outcome: 'rejected',
    code,
    reason,
    version: view.version,
    can: view.can,
  });
  const moves: Record<string, string> = {
    SUBMIT: 'needs_approval',
    APPROVE: 'authorizing.asking',
    DENY: 'declined',
    CANCEL: 'canceled',
    CAPTURE: 'capturing.asking',
    VERIFY: 'verifying.identity.checking',
    SUSPEND: 'suspended',
  };
  const { type } = command.event;
  if (type === 'APPROVE' && command.event['hash'] !== view.context['payload_hash'])
    return refuse('hash_stale', 'What you saw has been changed since; look again and approve that.');
  if (type === 'DENY' && command.event['reason'] === 'refuse me') return refuse('four_eyes', 'The person who made it may not approve it.');
  const to = moves[type];
  const can = cans('payment', to === 'needs_approval' ? ['APPROVE', 'DENY', 'CANCEL'] : [], {});
  return { outcome: 'applied', version: hub.change(command.to, type, by, to === undefined ? {} : { state: [to], tags: [], can }) };
}

const created = new Map<string, { status: number; body: unknown }>();

function onCreate(hub: FakeHub, type: string, input: Record<string, unknown>, key: string): { status: number; body: unknown } {
  const known = created.get(key);
  if (known) return known;
  if (input['payee'] === 'Nobody')
    return { status: 409, body: { title: 'Conflict', status: 409, code: 'client_not_active', detail: 'The client is not active.' } };
  const address = `${type}/${type}_${hub.actors.size}`;
  const actor = makeActor(
    {
      address,
      state: ['draft'],
      tags: [],
      context: { ...input, refunds: [], payload_hash: 'ab'.repeat(32) },
      can: cans(type, type === 'payment' ? ['SUBMIT', 'AMEND', 'CANCEL'] : ['INVITE']),
      timers: [],
      way: ['draft'],
      minutes: 0,
    },
    `${String(input['payee'] ?? input['name'])}`,
    '',
  );
  hub.put(actor);
  const answer = { status: 201, body: { address, version: 1, view: actor.view } };
  created.set(key, answer);
  return answer;
}
