import type { Scenario } from './scenarios.ts';
import type { Answer, Event, Scene } from './scene.ts';

/** So far away that nobody's clock comes to it. */
const DUE = 4_102_444_800_000;
const inputFor = (payment: string, kind: string): object => ({
  ...{ payment, client: 'acme', amount_minor: 2_500, currency: 'EUR', reason: 'fraudulent' },
  ...{ gateway: 'sandbox', due_by: DUE, kind },
});
/** Of a payment that there is none of, which refuses what it is told; an inquiry tells it nothing. */
const charged = (scene: Scene): Promise<Answer> => scene.create('dispute', inputFor(scene.id, 'chargeback'));
const asked = (scene: Scene): Promise<Answer> => scene.create('dispute', inputFor(scene.id, 'inquiry'));

const EVIDENCE = { type: 'SUBMIT_EVIDENCE', summary: 'Signed for at the door', documents: ['delivery note'] };
async function drafted(scene: Scene): Promise<void> {
  await asked(scene);
  await scene.sent('dispute', EVIDENCE);
}
async function refused(scene: Scene): Promise<void> {
  await charged(scene);
  await scene.until('dispute', /attention.wanted/);
}

/** With a messenger beside it, because only the hub and actors pass the provider's word on. */
async function overheard(scene: Scene): Promise<void> {
  await asked(scene);
  await scene.create('messenger', {});
}
const tellOf =
  (event: Event) =>
  (scene: Scene): Promise<Answer> =>
    scene.send('messenger', { type: 'TELL', to: `dispute/${scene.id}`, event });
const by =
  (as: string, event: Event) =>
  (scene: Scene): Promise<Answer> =>
    scene.send('dispute', event, as);

export const disputes: readonly Scenario[] = [
  { watch: '@create', command: asked, rest: /status.inquiry.asked/ },
  { watch: 'tell.refused', command: charged, rest: /attention.wanted/ },
  { watch: 'SUBMIT_EVIDENCE', before: asked, command: by('clerk', EVIDENCE), rest: /status.inquiry.drafted/ },
  { watch: 'APPROVE_EVIDENCE', before: drafted, command: by('approver', { type: 'APPROVE_EVIDENCE' }), rest: /status.inquiry.answered/ },
  // A dispute that has ended tells its payment so, which refuses that too.
  { watch: 'ACCEPT', before: refused, command: by('approver', { type: 'ACCEPT', reason: 'drill' }), rest: /status.accepted/ },
  { watch: 'ACKNOWLEDGE', before: refused, command: by('approver', { type: 'ACKNOWLEDGE', reason: 'drill' }), rest: /attention.none/ },
  {
    watch: 'DISPUTE_UPDATED',
    before: overheard,
    command: tellOf({ type: 'DISPUTE_UPDATED', status: 'prevented' }),
    rest: /status.prevented/,
    others: (id: string) => [`messenger/${id}`],
  },
].map((row) => ({ row: `dispute ${row.watch}`, subject: 'dispute', ...row }));
