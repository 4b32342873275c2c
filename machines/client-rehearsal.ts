import { client } from './client.ts';
import type { ClientContext } from './client-terms.ts';
import { answer, begin, fail, fire, play, send } from './rehearsal.ts';
import type { Cue, Stage } from './rehearsal.ts';

/** The scenes that the tests of a client are played in. */

export const ACME = { name: 'Acme GmbH', country: 'DE', email: 'office@acme.example', kind: 'company' };
export const PAPERS = { documents: ['register.pdf', 'passport.pdf'], bank_account: 'DE89 3704 0044 0532 0130 00' };
export const PASSED = { passed: true, findings: [] };
export const HIT = { passed: false, findings: ['name is on a list'] };

export const CHECK_EFFECTS = ['identity', 'bank_account', 'sanctions'] as const;

export const cue = (event: Cue) => (stage: Stage) => send(stage, event);
export const answered = (effect: string, output: object) => (stage: Stage) => answer(stage, effect, output);
export const failed = (effect: string, kind: 'failed' | 'unknown') => (stage: Stage) => fail(stage, effect, kind);
export const fired = (timer: string) => (stage: Stage) => fire(stage, timer);

export function contextOf(stage: Stage): ClientContext {
  return stage.snapshot.context as unknown as ClientContext;
}

export const invited = (): Stage => begin(client, ACME, { id: 'acme' });
export const collecting = (): Stage => play(invited(), cue({ type: 'INVITE' }));
export const submitted = (): Stage => play(collecting(), cue({ type: 'SUBMIT', ...PAPERS }));
export const verifying = (): Stage => play(submitted(), cue({ type: 'VERIFY', by: 'approver' }));
/** Two checks have passed; what `last` comes to decides. */
export const lastCheck = (last: string): Stage =>
  play(verifying(), ...CHECK_EFFECTS.filter((check) => check !== last).map((check) => answered(check, PASSED)));
export const active = (): Stage => play(lastCheck('sanctions'), answered('sanctions', PASSED));
export const suspended = (): Stage => play(active(), cue({ type: 'SUSPEND', by: 'cfo', reason: 'invoices overdue' }));
export const rejected = (): Stage => play(submitted(), cue({ type: 'REJECT', by: 'cfo', reason: 'not our market' }));
export const closed = (): Stage => play(active(), cue({ type: 'CLOSE', by: 'cfo' }));
