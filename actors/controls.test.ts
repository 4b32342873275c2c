import { beforeEach, describe, expect, test } from 'vitest';
import { Fault } from '../machines/fault.ts';
import { must } from '../machines/must.ts';
import { APPROVER, CLERK, Desk, OPERATOR, RuntimeStage } from '../tests/support/runtime-stage.ts';
import { counter, repair } from '../tests/support/toy-machines.ts';
import { offerOne } from '../tests/support/versioned-machines.ts';
import type { Caller } from './caller.ts';
import type { Control } from './controls.ts';
import type { Outcome } from './delivery.ts';

const A = 'counter/a';
const OTHER: Caller = { kind: 'person', id: 'otto', roles: ['admin'] };
const rightsOf = (name: string): Promise<Caller | undefined> => Promise.resolve([CLERK, APPROVER, OPERATOR].find(({ id }) => id === name));
const codeOf = (outcome: Outcome): string => ('code' in outcome ? outcome.code : 'reason' in outcome ? outcome.reason : outcome.outcome);

beforeEach(() => void (repair.broken = true));

async function staged(desk = new Desk()): Promise<RuntimeStage> {
  const stage = await new RuntimeStage({ integrations: [desk.open] }).start();
  await stage.send(A, '@create', {});
  return stage;
}

type Given = { by?: Caller; id?: string; reason?: string };
const control = (stage: RuntimeStage, action: Control, { by = OPERATOR, id, reason = 'looking into it' }: Given = {}): Promise<Outcome> =>
  stage.hear(stage.runtime.controls.actor(A, action, { operator: by, reason, ...(id === undefined ? {} : { id }) }));
const parkedBy = (stage: RuntimeStage): string | undefined => stage.envelope(A)?.parked?.code;
const last = (stage: RuntimeStage) => must(stage.database.journalOf(A).at(-1), 'a row');

describe('pausing an actor', () => {
  test('[CTRL-3] a paused actor keeps outside events as dead letters until it is resumed; its journal says who and why', async () => {
    const stage = await staged();
    expect(await control(stage, { action: 'pause' })).toMatchObject({ outcome: 'applied', version: 2 });
    const { event, caller } = last(stage);
    expect([JSON.parse(event), caller]).toEqual([{ type: '@pause', reason: 'looking into it' }, 'olga']);
    expect(stage.envelope(A)?.parked).toMatchObject({ code: 'paused', by: 'olga', detail: 'looking into it' });
    expect(await stage.send(A, 'TOUCH', {}, { id: 'kept' })).toEqual({ outcome: 'parked', reason: 'paused' });
    expect(stage.database.dead.map(({ event_id, detail }) => [event_id, detail])).toEqual([['caller:clara:kept', 'paused']]);
    expect((await control(stage, { action: 'resume' })).outcome).toBe('applied');
    expect(codeOf(await stage.send(A, 'TOUCH', {}, { id: 'kept' }))).toBe('applied');
  });

  test('[CTRL-4] a control with one id is done once, also after a restart, and another one with the same id is refused', async () => {
    const stage = await staged();
    await control(stage, { action: 'pause' }, { id: 'k' });
    expect(await control(stage, { action: 'pause' }, { id: 'k' })).toEqual({ outcome: 'duplicate', version: 2 });
    await stage.restart();
    expect(await control(stage, { action: 'pause' }, { id: 'k' })).toEqual({ outcome: 'duplicate', version: 2 });
    expect(codeOf(await control(stage, { action: 'pause' }))).toBe('already_parked');
    await expect(control(stage, { action: 'resume' }, { id: 'k' })).rejects.toThrow(Fault);
    expect(codeOf(await control(stage, { action: 'resume' }))).toBe('applied');
    expect(codeOf(await control(stage, { action: 'resume' }))).toBe('not_parked');
  });

  test('[CTRL-5] only operators and administrators control, and each control is on the list of what they did', async () => {
    const stage = await staged();
    for (const by of [CLERK, APPROVER]) await expect(control(stage, { action: 'pause' }, { by })).rejects.toThrow('Only operators');
    await control(stage, { action: 'pause' }, { by: OTHER });
    await control(stage, { action: 'pause' });
    const log = await stage.hear(stage.store.operations.log({ limit: 9 }));
    const shown = log.map(({ by, action, target, reason, outcome, detail }) => [by, action, target, reason, outcome, detail]);
    expect(shown.toSorted()).toEqual([
      ['olga', 'pause', A, 'looking into it', 'rejected', 'already_parked'],
      ['otto', 'pause', A, 'looking into it', 'applied', 'version 2'],
    ]);
  });

  test('[CTRL-6] a timer of a paused actor waits, and fires when the actor goes on', async () => {
    const stage = await staged();
    await stage.send(A, 'WAIT');
    await control(stage, { action: 'pause' });
    await stage.ports.advance(30_000);
    expect(stage.state(A)).toBe('waiting');
    await control(stage, { action: 'resume' });
    await stage.ports.until(() => stage.state(A) === 'open');
    expect(stage.context(A)['last']).toBe('patience');
  });

  test('[CTRL-7] the answer to a call that is under way when its actor is paused is kept, not asked for again', async () => {
    const desk = new Desk({ honours_keys: false });
    const { promise, resolve } = Promise.withResolvers<void>();
    desk.answer = async ({ key }) => {
      await promise;
      return { kind: 'done', output: { mark: key } };
    };
    const stage = await staged(desk);
    await stage.send(A, 'CALL');
    await stage.ports.until(() => desk.calls.length === 1);
    await control(stage, { action: 'pause' });
    resolve();
    await stage.ports.advance(5_000);
    expect([stage.state(A), desk.calls.length]).toEqual(['calling', 1]);
    await control(stage, { action: 'resume' });
    await stage.ports.until(() => stage.state(A) === 'open');
    expect(stage.context(A)['last']).toBe(`done ${must(desk.calls[0], 'a call').key}`);
    expect(desk.calls).toHaveLength(1);
  });

  test('[CTRL-8] nothing new is called for a paused actor, however long, and its call is made when it goes on', async () => {
    const desk = new Desk();
    desk.answer = () => ({ kind: 'retry', code: 'busy', after_ms: 1_000 });
    const stage = await staged(desk);
    await stage.send(A, 'CALL');
    await stage.ports.until(() => desk.calls.length === 1);
    await control(stage, { action: 'pause' });
    await stage.ports.advance(1_500);
    const made = desk.calls.length;
    await stage.ports.advance(120_000);
    expect([desk.calls.length, stage.state(A)]).toEqual([made, 'calling']);
    desk.answer = ({ key }) => ({ kind: 'done', output: { mark: key } });
    await control(stage, { action: 'resume' });
    await stage.ports.until(() => stage.state(A) === 'open');
    expect(stage.context(A)['last']).toMatch(/^done /);
  });
});

describe('stepping', () => {
  const step: Control = { action: 'step', rightsOf };

  test('[CTRL-9] a step lets a paused actor take the oldest event that is kept for it, as who sent it, and stay paused', async () => {
    const stage = await staged();
    await control(stage, { action: 'pause' });
    for (const id of ['one', 'two']) {
      await stage.send(A, 'ADD', { by_n: id === 'one' ? 1 : 10 }, { id });
      await stage.ports.advance(5);
    }
    expect((await control(stage, step)).outcome).toBe('applied');
    expect([stage.context(A)['n'], parkedBy(stage)]).toEqual([1, 'paused']);
    const { event_id, caller, causation } = last(stage);
    expect([event_id, caller, causation]).toEqual(['caller:clara:one', 'clara', 'operator:olga']);
    await control(stage, step);
    expect([stage.context(A)['n'], parkedBy(stage)]).toEqual([11, 'paused']);
    expect(codeOf(await control(stage, step))).toBe('nothing_to_step');
  });

  test('[CTRL-10] a step that is asked for again with its id is not a second step', async () => {
    const stage = await staged();
    await control(stage, { action: 'pause' });
    for (const id of ['one', 'two']) await stage.send(A, 'ADD', { by_n: 1 }, { id });
    await control(stage, step, { id: 's' });
    expect((await control(stage, step, { id: 's' })).outcome).toBe('duplicate');
    expect(stage.context(A)['n']).toBe(1);
    // The node died before it wrote down what came of the step.
    const begun = must(stage.database.operated.operations.get('caller:olga:s'), 'the step');
    stage.database.operated.operations.set(begun.id, { ...begun, outcome: 'under_way', detail: 'caller:clara:one' });
    expect((await control(stage, step, { id: 's' })).outcome).toBe('duplicate');
    expect(stage.context(A)['n']).toBe(1);
  });

  test('[CTRL-11] where no event is kept a step fires the timer that is due longest', async () => {
    const stage = await staged();
    await stage.send(A, 'WAIT');
    await control(stage, { action: 'pause' });
    expect(codeOf(await control(stage, step))).toBe('nothing_to_step');
    await stage.ports.advance(20_000);
    expect((await control(stage, step)).outcome).toBe('applied');
    expect([stage.state(A), stage.context(A)['last'], parkedBy(stage)]).toEqual(['open', 'patience', 'paused']);
  });

  test('[CTRL-12] an event that breaks the machine while it is stepped parks the actor for that, and stays a dead letter', async () => {
    const stage = await staged();
    await control(stage, { action: 'pause' });
    await stage.send(A, 'BREAK', {}, { id: 'bad' });
    expect(codeOf(await control(stage, step))).toBe('machine_threw');
    expect(parkedBy(stage)).toBe('machine_threw');
    expect(await stage.hear(stage.store.operations.letters({ limit: 9, open: true }))).toHaveLength(1);
    expect(codeOf(await control(await staged(), step))).toBe('not_parked');
  });
});

describe('pausing a kind', () => {
  const type = (stage: RuntimeStage, action: 'pause' | 'resume', id?: string): Promise<Outcome> =>
    stage.hear(
      stage.runtime.controls.type('counter', action, { operator: OPERATOR, reason: 'the desk moves', ...(id === undefined ? {} : { id }) }),
    );

  test('[CTRL-13] a paused kind takes no event and no creation, also after a restart, keeps both, and lets other kinds alone', async () => {
    const stage = await staged();
    await type(stage, 'pause');
    await stage.restart();
    expect(await stage.send(A, 'TOUCH', {}, { id: 't' })).toEqual({ outcome: 'parked', reason: 'paused' });
    expect(codeOf(await stage.send('counter/new', '@create', {}, { id: 'c' }))).toBe('paused');
    expect(stage.database.dead.map(({ event_id }) => event_id).sort()).toEqual(['caller:clara:c', 'caller:clara:t']);
    const client = { name: 'A', country: 'DE', email: 'a@b.example', kind: 'company' };
    expect(codeOf(await stage.send('client/c1', '@create', client))).toBe('applied');
    await type(stage, 'resume');
    expect(codeOf(await stage.send(A, 'TOUCH', {}, { id: 't' }))).toBe('applied');
  });

  test('[CTRL-14] timers and calls of a paused kind wait and go on when it is resumed', async () => {
    const desk = new Desk();
    desk.answer = () => ({ kind: 'retry', code: 'busy', after_ms: 1_000 });
    const stage = await staged(desk);
    await stage.send(A, 'WAIT');
    await stage.send('counter/b', '@create', {});
    await stage.send('counter/b', 'CALL');
    await type(stage, 'pause');
    await stage.ports.advance(1_500);
    const made = desk.calls.length;
    await stage.ports.advance(60_000);
    expect([stage.state(A), stage.state('counter/b'), desk.calls.length]).toEqual(['waiting', 'calling', made]);
    desk.answer = ({ key }) => ({ kind: 'done', output: { mark: key } });
    await type(stage, 'resume');
    await stage.ports.until(() => stage.state(A) === 'open' && stage.state('counter/b') === 'open');
    expect([stage.context(A)['last'], stage.context('counter/b')['last']]).toEqual(['patience', expect.stringMatching(/^done/)]);
  });

  test('[CTRL-15] a kind is paused once: a repeat of the request is the same request, another one is told so', async () => {
    const stage = await staged();
    await type(stage, 'pause', 'k');
    await type(stage, 'pause', 'k');
    expect(stage.runtime.controls.pauses).toMatchObject([{ type: 'counter', by: 'olga', reason: 'the desk moves' }]);
    await expect(type(stage, 'resume', 'k')).rejects.toThrow('This id was used before');
    await type(stage, 'resume');
    expect(stage.runtime.controls.pauses).toEqual([]);
    await expect(stage.hear(stage.runtime.controls.type('counter', 'pause', { operator: CLERK, reason: 'x' }))).rejects.toThrow(
      'Only operators',
    );
  });

  test('[CTRL-16] while an integration is paused its calls wait and none fails; nothing of it is kept as a dead letter', async () => {
    const desk = new Desk();
    const stage = await staged(desk);
    const order = { operator: OPERATOR, reason: 'maintenance' };
    await stage.hear(stage.runtime.controls.actor('integration/desk', { action: 'pause' }, order));
    await stage.send(A, 'CALL');
    await stage.ports.advance(180_000);
    expect([stage.state(A), desk.calls.length, stage.database.dead]).toEqual(['calling', 0, []]);
    await stage.hear(stage.runtime.controls.actor('integration/desk', { action: 'resume' }, order));
    await stage.ports.until(() => stage.state(A) === 'open');
    expect(stage.context(A)['last']).toMatch(/^done /);
  });
});

test('[CTRL-28] a thousand timers that are due in a paused kind keep no other timer from firing', async () => {
  const stage = await new RuntimeStage({ extra: [counter, offerOne] }).start();
  const offers = Array.from({ length: 1_050 }, (_, index) => `offer/o${index}`);
  const toAll = (type: string, payload: object): Promise<unknown> =>
    stage.hear(Promise.all(offers.map((address) => stage.runtime.command({ address, type, payload, caller: CLERK }))));
  await toAll('@create', { price: 1 });
  await toAll('HOLD', {});
  await stage.send(A, '@create', {});
  await stage.ports.advance(100);
  await stage.send(A, 'WAIT');
  await stage.hear(stage.runtime.controls.type('offer', 'pause', { operator: OPERATOR, reason: 'x' }));
  await stage.crash();
  await stage.ports.advance(60_000);
  await stage.start();
  await stage.ports.advance(2_000);
  expect([stage.state(A), stage.context(A)['last']]).toEqual(['open', 'patience']);
  expect(offers.filter((address) => stage.state(address) === 'held')).toHaveLength(1_050);
}, 60_000);

describe('forcing a state', () => {
  const propose = (state: string, effects?: 'start'): Control => ({
    action: 'force',
    state,
    ...(effects === undefined ? {} : { effects }),
  });
  const confirm = (state: string, version: number): Control => ({ action: 'force', state, confirm: version });

  test('[CTRL-17] a state is forced when somebody else confirms what one operator proposed; until then nothing changes', async () => {
    const stage = await staged();
    expect(await control(stage, propose('locked'))).toMatchObject({ outcome: 'applied', version: 2 });
    expect(stage.state(A)).toBe('open');
    expect(codeOf(await control(stage, confirm('locked', 2)))).toBe('four_eyes');
    expect(codeOf(await control(stage, confirm('waiting', 2), { by: OTHER }))).toBe('proposal_stale');
    expect(await control(stage, confirm('locked', 2), { by: OTHER })).toMatchObject({ outcome: 'applied', version: 3 });
    expect(stage.state(A)).toBe('locked');
    expect(stage.events(A)).toEqual(['@create', '@force-proposed', '@force']);
    expect([JSON.parse(last(stage).event), last(stage).caller]).toEqual([
      { type: '@force', state: 'locked', confirm: 2, reason: 'looking into it' },
      'otto',
    ]);
    expect(codeOf(await stage.send(A, 'UNLOCK'))).toBe('applied');
  });

  test('[CTRL-18] a proposal ends with whatever happens to the actor', async () => {
    const stage = await staged();
    await control(stage, propose('locked'));
    await stage.send(A, 'TOUCH');
    expect(codeOf(await control(stage, confirm('locked', 2), { by: OTHER }))).toBe('proposal_stale');
    await control(stage, { action: 'pause' });
    await control(stage, propose('locked'));
    await control(stage, { action: 'resume' });
    expect(codeOf(await control(stage, confirm('locked', 5), { by: OTHER }))).toBe('proposal_stale');
  });

  test('[CTRL-19] timers of a forced state run from then, those of the state that was left are given up', async () => {
    const stage = await staged();
    await control(stage, propose('waiting'));
    await stage.ports.advance(50_000);
    await control(stage, confirm('waiting', 2), { by: OTHER });
    expect(Object.keys(stage.envelope(A)?.timers ?? {})).toEqual([
      'xstate.after.patience.counter.waiting',
      'xstate.after.long.counter.waiting',
    ]);
    await stage.ports.advance(9_000);
    expect(stage.state(A)).toBe('waiting');
    await stage.ports.until(() => stage.state(A) === 'open');
    await stage.send(A, 'WAIT');
    const { version = 0 } = stage.envelope(A) ?? {};
    await control(stage, propose('locked'));
    await control(stage, confirm('locked', version + 1), { by: OTHER });
    expect(stage.envelope(A)?.timers).toEqual({});
  });

  test('[CTRL-20] nobody forces an actor to wait for a call that was not asked for, unless both say that it is asked anew', async () => {
    const desk = new Desk();
    const stage = await staged(desk);
    await stage.send(A, 'CALL');
    await stage.ports.until(() => stage.state(A) === 'open');
    expect(await control(stage, propose('calling'))).toMatchObject({
      outcome: 'rejected',
      code: 'cannot_force',
      detail: expect.stringContaining('desk.stamp'),
    });
    expect(codeOf(await control(stage, propose('gone')))).toBe('cannot_force');
    const { version = 0 } = stage.envelope(A) ?? {};
    await control(stage, propose('calling', 'start'));
    await stage.ports.advance(2_000);
    expect(desk.calls).toHaveLength(1);
    await control(stage, confirm('calling', version + 1), { by: OTHER });
    await stage.ports.until(() => stage.state(A) === 'open');
    expect(new Set(desk.calls.map(({ key }) => key)).size).toBe(2);
  });

  test('[CTRL-21] what was called for a state that an actor is forced out of is given up: its answer comes too late', async () => {
    const desk = new Desk();
    const { promise, resolve } = Promise.withResolvers<void>();
    desk.answer = async ({ key }) => {
      await promise;
      return { kind: 'done', output: { mark: key } };
    };
    const stage = await staged(desk);
    await stage.send(A, 'CALL');
    await stage.ports.until(() => desk.calls.length === 1);
    await control(stage, propose('locked'));
    await control(stage, confirm('locked', 3), { by: OTHER });
    expect(stage.envelope(A)?.effects).toEqual({});
    resolve();
    await stage.ports.advance(5_000);
    expect([stage.state(A), stage.context(A)['last']]).toEqual(['locked', '']);
  });

  test('[CTRL-22] an actor that is forced while it is parked stays parked, and a final state ends all that it waited for', async () => {
    const stage = await staged();
    await stage.send(A, 'WAIT');
    await stage.send(A, 'BREAK');
    await control(stage, propose('stopped'));
    await control(stage, confirm('stopped', 4), { by: OTHER });
    expect([stage.state(A), parkedBy(stage), stage.envelope(A)?.timers]).toEqual(['stopped', 'machine_threw', {}]);
    expect(stage.envelope(A)?.snapshot.status).toBe('done');
    await stage.restart();
    expect(codeOf(await control(stage, { action: 'resume' }))).toBe('applied');
  });

  test('[CTRL-23] regions that are not named stay where they are, and a state that the machine passes through is refused', async () => {
    const stage = await staged();
    const order = (operator: Caller) => ({ operator, reason: 'stuck' });
    const desk = 'integration/desk';
    const send = (given: Control, by = OPERATOR): Promise<Outcome> => stage.hear(stage.runtime.controls.actor(desk, given, order(by)));
    expect(await send(propose('admission.none'))).toMatchObject({ code: 'cannot_force', detail: expect.stringContaining('moves on') });
    const proposed = await send(propose('circuit.forced_open'));
    await send(confirm('circuit.forced_open', 'version' in proposed ? proposed.version : 0), OTHER);
    expect(stage.state(desk)).toBe(
      'lifecycle.enabled,circuit.forced_open,auth.valid,throttle.normal,contract.compatible,probe.none,admission.all',
    );
  });
});
