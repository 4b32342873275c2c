import { nounOf } from '../nouns.ts';
import { toDisputeDraft, type Context } from '../payment.ts';
import { useWho } from '../services.ts';
import { actorTexts } from '../texts-actor.ts';
import { CreateButton } from './create-dialog.tsx';

/** Records what a gateway without webhooks says of a payment elsewhere: in its own console, or in a letter. */
export function DisputeButton({ context }: { context: Context }) {
  const noun = nounOf('dispute');
  const who = useWho();
  const mayCreate = who?.roles.some((role) => noun.makers.includes(role)) ?? false;
  const first = toDisputeDraft(context);
  if (!mayCreate || first === undefined) return null;
  return (
    <div>
      <CreateButton noun={noun} label={actorTexts.recordDispute} first={first} />
    </div>
  );
}
