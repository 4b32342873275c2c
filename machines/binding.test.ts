import { describe, expect, test } from 'vitest';
import { binding } from './binding.ts';
import type { BindingContext } from './binding-terms.ts';
import { bindingOf, actorOf } from './erp.ts';
import { answer, begin, fail, fire, play, send, START, stateOf, throughJson, unpublishedOf } from './rehearsal.ts';
import type { Cue, Stage } from './rehearsal.ts';
import { merge } from './sync-merge.ts';
import type { Owner } from './sync-merge.ts';

const FIELDS = { name: 'Acme GmbH', country: 'DE', email: 'office@acme.example', kind: 'company', standing: 'invited' };
/** What the ERP keeps of it. */
const KEPT = { name: 'Acme GmbH', country: 'DE', email: 'office@acme.example', kind: 'company' };
const record = (fields: object = {}, at = START) => ({ external_id: '7', at, fields: { ...FIELDS, ...fields } });
const theirs = (fields: object = {}, at = START + 1): Cue => ({ type: 'THEIRS', by: 'feed/odoo-partner', record: record(fields, at) });
const ours = (fields: object = {}, revision = 1, changed_at = START): Cue => ({
  type: 'OURS',
  by: 'client/acme',
  revision,
  changed_at,
  fields: { ...FIELDS, ...fields },
});
const refusedTell = (event: string, reason: string): Cue => ({
  type: 'tell.refused',
  by: 'hub',
  to: 'client/acme',
  event,
  reason,
  sent: {},
});
const INPUT = { integration: 'odoo', model: 'partner', actor: 'client/acme' };
const here = (): Stage => begin(binding, INPUT);
const there = (changes: object = {}): Stage =>
  begin(binding, { ...INPUT, record: { ...record(), ...changes } }, { by: 'feed/odoo-partner' });
const contextOf = ({ snapshot }: Stage): BindingContext => snapshot.context as BindingContext;
const toldOf = ({ facts }: Stage): readonly Cue[] =>
  facts.flatMap((fact) => (fact.type === '@tell' ? [(fact as unknown as { event: Cue }).event] : []));
const cue = (event: Cue) => (stage: Stage) => send(stage, event);
const agreed = (): Stage => play(there(), cue(ours()));
const pushing = (): Stage => play(agreed(), cue(ours({ email: 'new@acme.example' }, 2)));
const conflict = (): Stage => play(there({ fields: { ...FIELDS, name: 'Acme AG' } }), cue(ours()));

describe('a record that both keep', () => {
  test('[BIND-3] what the ERP has first becomes an actor with what it says, and an actor that is there already is linked', () => {
    const [create] = toldOf(there());
    expect(create).toEqual({ type: '@create', name: 'Acme GmbH', country: 'DE', email: 'office@acme.example', kind: 'company' });
    const linking = send(there(), refusedTell('@create', 'exists'));
    expect([stateOf(linking), toldOf(linking)]).toEqual(['linking', [{ type: 'LINK' }]]);
    expect(stateOf(send(linking, ours()))).toBe('agreed');
  });

  test('[BIND-3] what the hub has first is made in the ERP, all of it, under the address of its actor', () => {
    const made = send(here(), ours());
    expect(made.effects['push']?.input).toEqual({
      integration: 'odoo',
      model: 'partner',
      address: 'client/acme',
      external_id: null,
      fields: KEPT,
    });
    const done = answer(made, 'push', { external_id: '7', at: START });
    expect([stateOf(done), contextOf(done).external_id, contextOf(done).base]).toEqual(['agreed', '7', KEPT]);
  });

  test('[BIND-12] a person may bind what is there, and not say what the ERP says of it', () => {
    const born = (by: string, more: object = {}) => ({
      ...INPUT,
      ...more,
      id: 'b',
      by,
      at: START,
      v: 1,
      settings: binding.settings.parse({}),
    });
    const why = (birth: object): unknown => binding.reasons['@create']?.(undefined as never, birth as never);
    expect([why(born('operator')), why(born('feed/odoo-partner', { record: record() }))]).toEqual([undefined, undefined]);
    expect([why(born('operator', { record: record() })), why(born('system:feed', { record: record() }))]).toEqual([
      'forbidden',
      'forbidden',
    ]);
  });

  test('[BIND-4] what one side changes the other is given, against what it was: nothing newer is written over', () => {
    expect(pushing().effects['push']?.input).toMatchObject({ fields: { email: 'new@acme.example' }, expected_at: START, external_id: '7' });
    const applying = send(agreed(), theirs({ email: 'their@acme.example' }));
    expect(toldOf(applying)).toEqual([{ type: 'SYNC', fields: { email: 'their@acme.example' }, before: { email: 'office@acme.example' } }]);
    expect(stateOf(send(applying, ours({ email: 'their@acme.example' }, 2)))).toBe('agreed');
  });

  test('[BIND-4] what the ERP has changed meanwhile is compared anew, and its echo of what it was given changes nothing', () => {
    const outdated = answer(pushing(), 'push', { external_id: '7', at: START + 5, conflict: record({ phone: '1' }, START + 5) });
    expect([stateOf(outdated), contextOf(outdated).theirs?.at]).toEqual(['pushing', START + 5]);
    const done = answer(pushing(), 'push', { external_id: '7', at: START + 5 });
    const echo = send(done, theirs({ email: 'new@acme.example' }, START + 5));
    expect([stateOf(echo), echo.facts, contextOf(echo)]).toEqual(['agreed', [], contextOf(done)]);
  });

  test('[BIND-5] where both have changed what a person has to decide on, he is asked, once for the two values', () => {
    expect([stateOf(conflict()), contextOf(conflict()).conflicts]).toEqual([
      'conflict',
      [{ field: 'name', base: null, hub: 'Acme GmbH', erp: 'Acme AG' }],
    ]);
    expect(send(conflict(), { type: 'DECIDE', field: 'email', side: 'hub' }).refused).toBe('not_in_conflict');
    const forHub = send(conflict(), { type: 'DECIDE', field: 'name', side: 'hub' });
    expect(forHub.effects['push']?.input).toMatchObject({ fields: { name: 'Acme GmbH' } });
    expect(forHub.facts).toMatchObject([{ type: 'binding.overruled', reason: 'name' }]);
    expect(contextOf(forHub).overruled).toMatchObject([{ field: 'name', side: 'erp', value: 'Acme AG', kept: 'Acme GmbH' }]);
    // A third value that comes before the decision has come about is nothing that anybody has decided on.
    const third = answer(forHub, 'push', { external_id: '7', at: START + 9, conflict: record({ name: 'Acme SE' }, START + 9) });
    expect([stateOf(third), contextOf(third).conflicts]).toMatchObject(['conflict', [{ hub: 'Acme GmbH', erp: 'Acme SE' }]]);
  });

  test('[BIND-6] a write whose answer was lost is looked for, and one that could not be made is made later', () => {
    const looking = fail(pushing(), 'push', 'unknown');
    expect(looking.effects['look']?.input).toEqual({ integration: 'odoo', model: 'partner', external_id: '7' });
    expect(stateOf(answer(looking, 'look', record({ email: 'new@acme.example' }, START + 4)))).toBe('agreed');
    expect(stateOf(answer(looking, 'look', record()))).toBe('pushing');
    const waiting = fail(pushing(), 'push', 'failed', 'circuit_open');
    expect([stateOf(waiting), waiting.timers]).toEqual(['waiting', { pause: 15_000 }]);
    expect(stateOf(fire(waiting, 'pause'))).toBe('looking');
    const again = fail(fire(waiting, 'pause'), 'look', 'failed', 'circuit_open');
    expect(again.timers).toEqual({ pause: 60_000 });
  });

  test('[BIND-7] what one side refuses stands there with whose word it is, until something changes or somebody tries again', () => {
    const byErp = fail(pushing(), 'push', 'failed', 'validation');
    expect([stateOf(byErp), contextOf(byErp).problem]).toMatchObject(['refused', { where: 'erp', code: 'validation' }]);
    expect(stateOf(send(byErp, { type: 'RETRY' }))).toBe('pushing');
    const byHub = send(there(), refusedTell('@create', 'invalid'));
    expect([stateOf(byHub), contextOf(byHub).problem]).toMatchObject(['refused', { where: 'hub', code: 'invalid' }]);
    expect(stateOf(send(byHub, theirs({ email: 'right@acme.example' })))).toBe('creating');
    const unreadable = there({ fields: {}, bad: { field: 'country', why: 'It has none' } });
    expect([stateOf(unreadable), contextOf(unreadable).problem?.detail]).toEqual(['refused', 'country: It has none']);
  });

  test('[BIND-8] what was deleted there is made again only when somebody says so', () => {
    const gone = send(agreed(), { type: 'THEIRS', record: { ...record({}, START + 9), fields: {}, gone: true } });
    expect([stateOf(gone), gone.snapshot.hasTag('needs_somebody')]).toEqual(['gone', true]);
    expect(send(gone, { type: 'RECREATE' }).effects['push']?.input).toMatchObject({ external_id: null, fields: KEPT });
    const released = send(gone, { type: 'RELEASE' });
    expect(stateOf(send(released, theirs({ name: 'Else' }, START + 20)))).toBe('released');
  });

  test('[BIND-9] it is the same after a restart in each of its states, and what it makes known is published', () => {
    for (const stage of [here(), there(), agreed(), pushing(), conflict()]) {
      expect(contextOf(throughJson(stage))).toEqual(JSON.parse(JSON.stringify(contextOf(stage))));
      expect(unpublishedOf(stage).filter(({ type }) => !type.startsWith('@'))).toEqual([]);
    }
  });

  test('[BIND-10] an actor has one binding with an ERP, whoever makes it, and what is made of a record one name, however long', () => {
    expect(bindingOf('odoo', 'client/acme')).toBe('binding/odoo-client-acme');
    expect(actorOf('odoo', 'partner', '7')).toBe('client/odoo-7');
    const long = `client/${'a'.repeat(64)}`;
    expect(bindingOf('odoo', long)).toMatch(/^binding\/[0-9a-f]{64}$/);
    expect(bindingOf('odoo', `${long.slice(0, -1)}b`)).not.toBe(bindingOf('odoo', long));
    expect(actorOf('odoo', 'partner', 'a/b c')).toMatch(/^client\/[0-9a-f]{64}$/);
  });
});

describe('whose value stands', () => {
  const both = (owner: Owner, base: string | undefined, hub: string | null, erp: string | null, newer: 'hub' | 'erp' = 'erp') =>
    merge({
      base: base === undefined ? undefined : { f: base },
      hub: { f: hub, only_here: 1 },
      erp: { f: erp, only_there: 2 },
      hub_at: newer === 'hub' ? 2 : 1,
      erp_at: newer === 'erp' ? 2 : 1,
      owners: { f: owner },
    });

  test.each([
    ['nothing has changed', both('person', 'a', 'a', 'a'), {}, {}, 0],
    ['there alone', both('person', 'a', 'a', 'b'), { f: 'b' }, {}, 0],
    ['here alone', both('person', 'a', 'b', 'a'), {}, { f: 'b' }, 0],
    ['both alike', both('person', 'a', 'b', 'b'), {}, {}, 0],
    ['both, and somebody is asked', both('person', 'a', 'b', 'c'), {}, {}, 1],
    ['both, the newest there', both('newest', 'a', 'b', 'c', 'erp'), { f: 'c' }, {}, 0],
    ['both, the newest here', both('newest', 'a', 'b', 'c', 'hub'), {}, { f: 'b' }, 0],
    ['both, and it is theirs', both('erp', 'a', 'b', 'c', 'hub'), { f: 'c' }, {}, 0],
    ['both, and it is ours', both('hub', 'a', 'b', 'c', 'erp'), {}, { f: 'b' }, 0],
    ['here alone, and it is theirs', both('erp', 'a', 'b', 'a'), { f: 'a' }, {}, 0],
    ['there alone, and it is ours', both('hub', 'a', 'a', 'b'), {}, { f: 'a' }, 0],
    ['at the first meeting, empty here', both('person', undefined, null, 'b'), { f: 'b' }, {}, 0],
    ['at the first meeting, empty there', both('person', undefined, 'a', null), {}, { f: 'a' }, 0],
    ['at the first meeting, different', both('person', undefined, 'a', 'b'), {}, {}, 1],
  ])('[BIND-11] changed %s', (_, merged, toHub, toErp, conflicts) => {
    expect([merged.toHub, merged.toErp, merged.conflicts.length]).toEqual([toHub, toErp, conflicts]);
  });

  test('[BIND-12] that a record is gone counts once, and only of the name that it has now', () => {
    const gone = (external_id: string, at = START): Cue => ({
      type: 'THEIRS',
      by: 'feed/odoo-partner',
      record: { external_id, at, gone: true },
    });
    expect(stateOf(send(agreed(), gone('6', START + 9)))).toBe('agreed');
    const once = send(agreed(), gone('7'));
    expect([stateOf(once), once.facts.map(({ type }) => type)]).toEqual(['gone', ['binding.gone']]);
    expect(send(once, gone('7', START + 9)).facts).toEqual([]);
    // Told before, and taken when it is being made anew.
    const anew = send(send(once, { type: 'RECREATE' }), gone('7', START + 9));
    expect([stateOf(anew), contextOf(anew).external_id]).toEqual(['pushing', null]);
    // It is there after all, as it was.
    expect(stateOf(send(once, theirs({}, START)))).toBe('agreed');
  });
});
