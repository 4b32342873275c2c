import { describe, expect, test } from 'vitest';
import type { GatewayRequest } from './gateway.ts';
import * as scene from './payment-rehearsal.ts';
import { ACTIVE, answered, contextOf, cue, DONE, failed, fired } from './payment-rehearsal.ts';
import { play, stateOf } from './rehearsal.ts';
import type { Stage } from './rehearsal.ts';

const calledOf = ({ effects }: Stage, operation = 'authorize'): unknown => {
  const { integration, operation_id } = (effects[operation]?.input ?? {}) as GatewayRequest;
  return [integration, operation_id];
};
const callable = answered('gateway', scene.CALLABLE);
const still = answered('gateway', { found: true, answer: { callable: false } });
const first = (): Stage => play(scene.choosing(), callable);
const again = [answered('standing', ACTIVE)];
const ROUTES = {
  routes: [
    { currencies: ['EUR'], from_major: 1000, gateways: ['bank'] },
    { currencies: ['EUR', 'USD'], gateways: ['cheap', 'dear'] },
    { below_major: 50, gateways: ['small'] },
  ],
};

describe('which gateway a payment goes through', () => {
  test('[PAY-55] is the first route that fits its currency and amount; the one that its maker names; the sandbox without any', () => {
    const of = (changes: object): unknown => {
      const { gateway, gateways = [gateway] } = contextOf(scene.draft(changes, ROUTES));
      return gateways;
    };
    expect(of({})).toEqual(['bank']);
    expect(of({ amount_minor: 99_999 })).toEqual(['cheap', 'dear']);
    expect(of({ currency: 'USD' })).toEqual(['cheap', 'dear']);
    expect(of({ currency: 'JPY', amount_minor: 49 })).toEqual(['small']);
    expect(of({ currency: 'JPY', amount_minor: 50 })).toEqual(['sandbox']);
    expect(of({ gateway: 'mine' })).toEqual(['mine']);
  });

  test('[PAY-56] what is certain not to have happened is tried at the next one under another name, and never at the same twice', () => {
    expect(calledOf(first())).toEqual(['first', 'pay_1-authorize-1']);
    const second = play(first(), failed('authorize', 'failed', 'unauthorized'), ...again);
    expect([stateOf(second), calledOf(second)]).toEqual(['authorizing.calling', ['second', 'pay_1-authorize-2']]);
    const last = play(second, failed('authorize', 'failed', 'unauthorized'));
    expect([stateOf(last), contextOf(last).reason]).toEqual(['failed', 'unauthorized']);
    expect(contextOf(last).operations?.map(({ gateway, state }) => [gateway, state])).toEqual([
      ['first', 'FAILED'],
      ['second', 'FAILED'],
    ]);
  });

  test('[PAY-56] a decline goes on only where another gateway may say otherwise', () => {
    const other = play(first(), answered('authorize', { outcome: 'declined', code: 'processing_error' }));
    expect([stateOf(other), contextOf(other).gateway]).toEqual(['authorizing.asking', 'second']);
    for (const code of ['insufficient_funds', 'do_not_honor', 'suspected_fraud', 'a_new_code']) {
      expect([code, stateOf(play(first(), answered('authorize', { outcome: 'declined', code })))]).toEqual([code, 'declined']);
    }
  });

  test('[PAY-57] an unknown outcome is found out at the gateway that was asked, before anything is tried elsewhere', () => {
    const looking = play(first(), failed('authorize', 'unknown'), fired('lookup_wait'));
    expect(looking.effects['lookup']?.input).toEqual({ integration: 'first', operation_id: 'pay_1-authorize-1' });
    expect(stateOf(play(looking, answered('lookup', DONE)))).toBe('capturing.asking');
    const never = play(looking, answered('lookup', { outcome: 'not_found' }), answered('close', { outcome: 'canceled' }));
    // It is tried anew where it was first; another one only when that has said no.
    expect([stateOf(never), contextOf(never).gateway]).toEqual(['authorizing.asking', 'first']);
  });

  test('[PAY-57] what two people have decided not to have happened is not tried elsewhere', () => {
    let stage = play(first(), failed('authorize', 'unknown'));
    while (!stateOf(stage).endsWith('deciding')) stage = play(stage, fired('lookup_wait'), failed('lookup', 'unknown'));
    const proposal = cue({ type: 'PROPOSE_OUTCOME', outcome: 'failed', evidence: 'a letter', v: 40 });
    const decided = play(stage, proposal, cue({ type: 'CONFIRM_OUTCOME', by: 'cfo', proposal: 'p40' }));
    expect([stateOf(decided), contextOf(decided).reason, contextOf(decided).operations?.at(-1)?.state]).toEqual([
      'failed',
      'decided_by_people',
      'ERRORED',
    ]);
  });

  test('[PAY-58] a gateway that stands still is passed over, and the last of them is waited for', () => {
    const passed = play(scene.choosing(), still);
    expect([stateOf(passed), calledOf(passed)]).toEqual(['authorizing.calling', ['second', 'pay_1-authorize-1']]);
    expect(Object.keys(play(scene.callingAuthorize()).effects)).toEqual(['authorize']);
  });

  test('[PAY-59] what is approved are the gateways that it may go through: going on to the next is no other payment', () => {
    const before = contextOf(first());
    const after = contextOf(play(first(), failed('authorize', 'failed', 'unauthorized')));
    expect([after.gateway, after.payload_hash, before.payload_hash]).toEqual(['second', before.payload_hash, before.payload_hash]);
    const others = contextOf(scene.draft({}, { routes: [{ gateways: ['first', 'third'] }] }));
    expect(others.payload_hash).not.toBe(contextOf(scene.draft({}, scene.TWO)).payload_hash);
  });
});
