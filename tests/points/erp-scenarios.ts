import type { Scenario } from './scenarios.ts';
import type { Answer, Event, Scene } from './scene.ts';

/** As many times as fast. */
const BRISK = 20;

/* Clients, bills and payments that an ERP keeps too: the sandbox ERP, which has none of the records that a messenger says it has. */
const ERP = 'sandbox_erp';

const CLIENT = { name: 'Acme GmbH', country: 'DE', email: 'office@acme.example', kind: 'company' };
const RECORD = { external_id: '7', at: 1_000, fields: { ...CLIENT, name: 'Acme AG' } };
const ALIKE = { ...RECORD, at: 2_000, fields: CLIENT };

const client = (scene: Scene): Promise<Answer> => scene.create('client', CLIENT);
/** By a messenger, since only actors say what an ERP says. */
const bound =
  (record: object) =>
  (scene: Scene): Promise<Answer> =>
    tellOf({ type: '@create', integration: ERP, model: 'partner', actor: `client/${scene.id}`, record })(scene);

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
  { row: 'binding RECREATE', watch: 'RECREATE', before: gone, command: clerk('RECREATE'), rest: /^agreed/ },
  { row: 'binding RELEASE', watch: 'RELEASE', before: gone, command: clerk('RELEASE'), rest: /^released/ },
].map((row) => ({ ...row, subject: 'binding', others: all }));

const clients: readonly Scenario[] = [
  { row: 'client AMEND', watch: 'AMEND', before: client, command: amend, rest: /^invited/ },
  { row: 'client LINK', watch: 'LINK', before: beside, command: bound(RECORD), rest: /^invited/, others: all },
  { row: 'client SYNC', watch: 'SYNC', before: conflict, command: decide, rest: /^invited/, others: all },
].map((row) => ({ ...row, subject: 'client' }));

const feed = (scene: Scene): Promise<Answer> => scene.create('feed', { integration: ERP, model: 'bill' }, 'operator');
const operator =
  (type: string) =>
  (scene: Scene): Promise<Answer> =>
    scene.send('feed', { type }, 'operator');

async function idle(scene: Scene): Promise<void> {
  await feed(scene);
  await scene.until('feed', /reading.idle/);
}

async function paused(scene: Scene): Promise<void> {
  await idle(scene);
  await scene.sent('feed', { type: 'PAUSE' }, 'operator');
}

async function pausedBeside(scene: Scene): Promise<void> {
  await paused(scene);
  await scene.create('messenger', {});
}

/** What a feed was told wrongly it tells the other way. */
const otherWay = (scene: Scene): Promise<Answer> => {
  const record = { ...RECORD, external_id: scene.id };
  const to = `binding/${ERP}-bill-${ERP}-${scene.id}`;
  return tellOf({ type: 'tell.refused', to, event: 'THEIRS', reason: 'not_found', sent: { record } }, 'feed')(scene);
};

const feeds: readonly Scenario[] = [
  { row: 'feed @create', watch: '@create', command: feed, rest: /reading.idle/ },
  { row: 'feed PULL', watch: 'PULL', before: idle, command: operator('PULL'), rest: /reading.idle/ },
  { row: 'feed PAUSE', watch: 'PAUSE', before: idle, command: operator('PAUSE'), rest: /reading.paused/ },
  { row: 'feed RESUME', watch: 'RESUME', before: paused, command: operator('RESUME'), rest: /reading.idle/ },
  { row: 'feed BACKFILL', watch: 'BACKFILL', before: paused, command: operator('BACKFILL'), rest: /reading.idle/ },
  { row: 'feed SWEEP', watch: 'SWEEP', before: paused, command: operator('SWEEP'), rest: /reading.paused/ },
  // Nothing is missing there, so that no doubt was cast: a person who answers without being asked is refused.
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

const BOOKED = { amount_minor: 1_000, currency: 'EUR', date: '2026-11-02', memo: 'INV-7' };
/** Of a bill that the ERP does not have: it says no. */
const booked = (scene: Scene): Promise<Answer> => {
  const { id } = scene;
  const of = { payment: `payment/${id}`, bill: `bill/${id}`, binding: `binding/${id}` };
  return tellOf({ type: '@create', ...of, ...BOOKED }, 'booking')(scene);
};

async function bookingRefused(scene: Scene): Promise<void> {
  await conflict(scene);
  await booked(scene);
  await scene.until('booking', /^refused/);
}

const bookingTold = (event: Event): ((scene: Scene) => Promise<Answer>) => tellOf(event, 'booking');
const bookingSent =
  (event: Event) =>
  (scene: Scene): Promise<Answer> =>
    scene.send('booking', event);

// What was perhaps asked of the ERP before a death is asked again, until it is certain: how often is left open.
const again = { rest: /^refused/, alike: 'ends' as const, scale: BRISK };
const bookings: readonly Scenario[] = [
  { row: 'booking @create', watch: '@create', before: conflict, command: booked, ...again },
  { row: 'booking RETRY', watch: 'RETRY', before: bookingRefused, command: bookingSent({ type: 'RETRY' }), ...again },
  {
    row: 'booking SETTLE_BY_HAND',
    watch: 'SETTLE_BY_HAND',
    before: bookingRefused,
    command: bookingSent({ type: 'SETTLE_BY_HAND', reason: 'booked there' }),
    rest: /^settled_by_hand/,
  },
  {
    row: 'booking VOID',
    watch: 'VOID',
    before: bookingRefused,
    command: bookingTold({ type: 'VOID', reason: 'refunded' }),
    ...again,
    rest: /^voided/,
  },
  {
    row: 'booking REDUCE',
    watch: 'REDUCE',
    before: bookingRefused,
    command: bookingTold({ type: 'REDUCE', returned_minor: 5 }),
    rest: /^refused/,
  },
  {
    row: 'booking tell.refused',
    watch: 'tell.refused',
    before: bookingRefused,
    command: bookingTold({ type: 'tell.refused', to: 'bill/none', event: 'PAYMENT_BOOKED', reason: 'not_found' }),
    rest: /^refused/,
  },
].map((row) => ({ ...row, subject: 'booking', others: (id: string) => [...all(id), `booking/${id}`] }));

const INVOICE = { supplier: 'acme', number: 'R-7', direction: 'in', currency: 'EUR', total_minor: 1_000 };
const PAID = { payment: 'none', amount_minor: 400, currency: 'EUR' };
const SETTLED = { type: 'PAYMENT_SETTLED', ...PAID, on: '2026-11-02', memo: 'R-7' };
const bill = (scene: Scene): Promise<Answer> => scene.create('bill', INVOICE);

async function billBeside(scene: Scene): Promise<void> {
  await bill(scene);
  await scene.create('messenger', {});
}

/** As if an ERP had it, by a messenger in the place of its binding. */
async function billLinked(scene: Scene): Promise<void> {
  await scene.create('messenger', {});
  await tellOf({ type: '@create', integration: ERP, model: 'bill', actor: `bill/${scene.id}`, record: BILL })(scene);
  await scene.until('bill', /course.open/);
}

async function billPaid(scene: Scene): Promise<void> {
  await billBeside(scene);
  await told(SETTLED)(scene);
}

const BILL_FIELDS = {
  ...INVOICE,
  issued: null,
  due: null,
  tax_minor: 0,
  residual_minor: 1_000,
  lines: [],
  state: 'posted',
  payment_state: null,
};
const BILL = { external_id: '7', at: 1_000, fields: BILL_FIELDS };
const told = (event: Event): ((scene: Scene) => Promise<Answer>) => tellOf(event, 'bill');
const billSent =
  (event: Event, as = 'clerk') =>
  (scene: Scene): Promise<Answer> =>
    scene.send('bill', event, as);

const bills: readonly Scenario[] = [
  { row: 'bill @create', watch: '@create', command: bill, rest: /course.open/ },
  { row: 'bill AMEND', watch: 'AMEND', before: bill, command: billSent({ type: 'AMEND', number: 'R-8' }), rest: /course.open/ },
  { row: 'bill VOID', watch: 'VOID', before: bill, command: billSent({ type: 'VOID', reason: 'twice' }, 'approver'), rest: /course.void/ },
  { row: 'bill PAYMENT_BEGUN', watch: 'PAYMENT_BEGUN', before: billBeside, command: told({ type: 'PAYMENT_BEGUN', revision: 1, ...PAID }) },
  { row: 'bill PAYMENT_SETTLED', watch: 'PAYMENT_SETTLED', before: billBeside, command: told(SETTLED), rest: /course.partly_paid/ },
  {
    row: 'bill PAYMENT_ENDED',
    watch: 'PAYMENT_ENDED',
    before: billBeside,
    command: told({ type: 'PAYMENT_ENDED', payment: 'none', reason: 'r' }),
  },
  {
    row: 'bill PAYMENT_RETURNED',
    watch: 'PAYMENT_RETURNED',
    before: billPaid,
    command: told({ type: 'PAYMENT_RETURNED', payment: 'none', returned_minor: 400 }),
  },
  {
    row: 'bill PAYMENT_BOOKED',
    watch: 'PAYMENT_BOOKED',
    before: billPaid,
    command: told({ type: 'PAYMENT_BOOKED', payment: 'none', residual_minor: 600 }),
    rest: /course.partly_paid/,
  },
  {
    row: 'bill tell.refused',
    watch: 'tell.refused',
    before: billBeside,
    command: told({ type: 'tell.refused', to: 'payment/none', event: 'BILL_CLAIMED', reason: 'not_found' }),
  },
  {
    row: 'bill SYNC',
    watch: 'SYNC',
    before: billLinked,
    command: tellOf({ type: 'THEIRS', record: { ...BILL, at: 2_000, fields: { ...BILL_FIELDS, residual_minor: 400 } } }),
    rest: /course.partly_paid/,
    others: (id: string) => [`messenger/${id}`, `binding/${id}`],
  },
  {
    row: 'bill LINK',
    watch: 'LINK',
    before: billBeside,
    command: (scene: Scene) => tellOf({ type: '@create', integration: ERP, model: 'bill', actor: `bill/${scene.id}`, record: BILL })(scene),
    others: (id: string) => [`messenger/${id}`, `binding/${id}`],
  },
].map((row) => ({ rest: /course.open/, ...row, subject: 'bill' }));

export const erp: readonly Scenario[] = [...bindings, ...clients, ...feeds, ...bookings, ...bills];
