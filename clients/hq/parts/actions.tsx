import { useId, useMemo, useState } from 'react';
import { Button } from 'react-aria-components';
import type { ActorView, Can } from '../../../hub/protocol/messages.ts';
import { sentenceFor } from '../../../machines/fault.ts';
import { nameWords } from '../../core/format.ts';
import { readFields } from '../../core/schema.ts';
import { useOffer } from '../commands.ts';
import type { Noun } from '../nouns.ts';
import { useAnnounce } from './announcer.tsx';
import { EventDialog, SendingNotice } from './event-dialog.tsx';
import { useIntent } from './use-intent.ts';
import { texts } from '../texts.ts';

type ActionsProps = { readonly address: string; readonly noun: Noun; readonly now: Pick<ActorView, 'version' | 'context' | 'can'> };

/** What this person may do to the actor now; what not, with the reason in sight. */
export function Actions({ address, noun, now }: ActionsProps) {
  const announce = useAnnounce();
  const [open, setOpen] = useState<Can>();
  const { sending, send } = useIntent(address);
  const [verb, setVerb] = useState('');
  const can = now.can.toSorted((a, b) => rank(noun, a) - rank(noun, b));
  const possible = can.filter(({ ok }) => ok);
  const refused = Object.entries(
    Object.groupBy(
      can.filter(({ ok }) => !ok),
      whyNot,
    ),
  );

  const act = async (one: Can): Promise<void> => {
    // What takes nothing away and asks for nothing is done at once; everything else is looked at first.
    if (noun.grave.includes(one.type) || readFields(one.schema).length > 0) return setOpen(one);
    setVerb(nameWords(one.type));
    const done = await send({ type: one.type });
    if (done) announce(texts.actor.done(nameWords(one.type)));
  };

  useOffer(
    useMemo(
      () =>
        now.can
          .filter(({ ok }) => ok)
          .map((one) => ({ id: `act ${one.type}`, label: nameWords(one.type), about: noun.one, run: () => setOpen(one) })),
      [now.can, noun.one],
    ),
  );

  if (can.length === 0) return <p className="muted">{texts.actor.nothing}</p>;
  return (
    <div className="actions">
      <SendingNotice sending={sending} verb={verb} />
      {possible.length === 0 && <p className="muted">{texts.actor.nothing}</p>}
      {possible.length > 0 && (
        <ul className="action-list">
          {possible.map((one) => (
            <li key={one.type}>
              <Action one={one} noun={noun} busy={sending.kind === 'sending'} onAct={() => void act(one)} />
            </li>
          ))}
        </ul>
      )}
      {refused.map(([why, group = []]) => (
        <Refused key={why} why={why} group={group} />
      ))}
      {open && (
        <EventDialog
          key={open.type}
          address={address}
          noun={noun}
          can={open}
          now={now}
          onClose={() => setOpen(undefined)}
          onDone={(sentence) => {
            setOpen(undefined);
            announce(sentence);
          }}
        />
      )}
    </div>
  );
}

function Action({ one, noun, busy, onAct }: { one: Can; noun: Noun; busy: boolean; onAct: () => void }) {
  const kind = noun.main.includes(one.type) ? 'main' : noun.grave.includes(one.type) ? 'grave-quiet' : undefined;
  const asks = noun.grave.includes(one.type) || readFields(one.schema).length > 0;
  return (
    <Button className="button" data-kind={kind} isDisabled={busy} onPress={onAct}>
      {nameWords(one.type)}
      {asks && '…'}
    </Button>
  );
}

function whyNot({ sentence, reason }: Can): string {
  return sentence ?? sentenceFor(reason ?? 'rejected');
}

/** Refused actions stay within reach of the keyboard, because the reason is worth reading; those with the same one share it. */
function Refused({ why, group }: { why: string; group: readonly Can[] }) {
  const id = useId();
  return (
    <div className="refused">
      {group.map(({ type }) => (
        <button key={type} type="button" className="button" aria-disabled="true" aria-describedby={id}>
          {nameWords(type)}
        </button>
      ))}
      <p className="why" id={id}>
        {why}
      </p>
    </div>
  );
}

/** What leads on first, what takes away last. */
function rank(noun: Noun, { type }: Can): number {
  const main = noun.main.indexOf(type);
  return main >= 0 ? main : noun.grave.includes(type) ? 200 + noun.grave.indexOf(type) : 100;
}
