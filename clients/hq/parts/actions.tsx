import { useEffect, useId, useMemo, useRef, useState, type FocusEvent, type RefObject } from 'react';
import { Button } from 'react-aria-components';
import type { ActorView, Can } from '../../../hub/protocol/messages.ts';
import { sentenceFor } from '../../../machines/fault.ts';
import { nameWords } from '../../core/format.ts';
import { readFields } from '../../core/schema.ts';
import { useOffer } from '../commands.ts';
import type { Noun } from '../nouns.ts';
import { actorTexts } from '../texts-actor.ts';
import { texts } from '../texts.ts';
import { useAnnounce } from './announcer.tsx';
import { EventDialog, SendingNotice } from './event-dialog.tsx';
import { useIntent, type Sending } from './use-intent.ts';

type ActionsProps = {
  readonly address: string;
  readonly noun: Noun;
  readonly now: Pick<ActorView, 'context' | 'can'>;
  /** Why something is not possible as this actor stands, where more is known of it than the hub says; by event. */
  readonly why?: Readonly<Record<string, string>>;
};

/** What this person may do to the actor now; what not, with the reason in sight. */
export function Actions({ address, noun, now, why = {} }: ActionsProps) {
  const announce = useAnnounce();
  const [open, setOpen] = useState<Can>();
  const { sending, verb, act } = useActing(address, noun, now.can, setOpen);
  const region = useRef<HTMLDivElement>(null);
  const focus = useKeptFocus(region);
  const can = now.can.toSorted((a, b) => rank(noun, a) - rank(noun, b));
  const possible = can.filter(({ ok }) => ok);
  const refused = Object.entries(
    Object.groupBy(
      can.filter(({ ok }) => !ok),
      (one) => why[one.type] ?? whyNot(one),
    ),
  );
  return (
    <div className="actions" ref={region} role="group" aria-label={actorTexts.actions} tabIndex={-1} {...focus}>
      {open === undefined && <SendingNotice sending={sending} verb={verb} />}
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
      {refused.map(([reason, group = []]) => (
        <Refused key={reason} why={reason} group={group} />
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

type Acting = { readonly sending: Sending; readonly verb: string; readonly act: (can: Can) => Promise<void> };

/** What takes nothing away and asks for nothing is done at once; everything else is looked at first. */
function useActing(address: string, noun: Noun, can: readonly Can[], onAsk: (can: Can) => void): Acting {
  const announce = useAnnounce();
  const { sending, send, allKept } = useIntent(address);
  const [verb, setVerb] = useState('');
  const act = async (one: Can): Promise<void> => {
    if (sending.kind === 'sending') return;
    if (asks(noun, one)) return onAsk(one);
    const name = nameWords(one.type);
    setVerb(name);
    const done = await send({ type: one.type });
    if (done) announce(done.outcome === 'duplicate' ? texts.event.doneBefore(name) : texts.actor.done(name));
  };
  useOffer(
    useMemo(
      () =>
        can
          .filter(({ ok }) => ok)
          .map((one) => ({ id: `act ${one.type}`, label: nameWords(one.type), about: noun.one, run: () => onAsk(one) })),
      [can, noun.one, onAsk],
    ),
  );
  if (sending.kind === 'sending' || sending.kind === 'refused') return { sending, verb, act };
  // Also what was left without an answer before this page was opened, as long as it can be tried again.
  const left = allKept()
    .map(({ body }) => body['type'])
    .filter((type): type is string => can.some((one) => one.ok && one.type === type));
  return { sending: { kind: left.length > 0 ? 'unanswered' : 'idle' }, verb: left.map(nameWords).join(', '), act };
}

function asks(noun: Noun, { type, schema }: Can): boolean {
  return noun.grave.includes(type) || readFields(schema).length > 0;
}

/**
 * What is pressed here often goes away by it. Then the focus goes to what has come instead: from nowhere, whoever goes by keys would
 * have to begin at the top of the page.
 */
function useKeptFocus(region: RefObject<HTMLElement | null>) {
  const isInside = useRef(false);
  useEffect(() => {
    if (!isInside.current) return;
    // A dialog that has just been closed gives the focus back first.
    const frame = requestAnimationFrame(() => {
      if (document.activeElement === document.body) region.current?.focus();
    });
    return () => cancelAnimationFrame(frame);
  });
  return {
    onFocus: () => void (isInside.current = true),
    onBlur: ({ target }: FocusEvent) => {
      if (target.isConnected) isInside.current = false;
    },
  };
}

function Action({ one, noun, busy, onAct }: { one: Can; noun: Noun; busy: boolean; onAct: () => void }) {
  const kind = noun.main.includes(one.type) ? 'main' : noun.grave.includes(one.type) ? 'grave-quiet' : undefined;
  return (
    <Button className="button" data-kind={kind} data-busy={busy || undefined} onPress={onAct}>
      {nameWords(one.type)}
      {asks(noun, one) && '…'}
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
