import { useEffect, useRef, useState } from 'react';
import { Link, useNavigate } from '@tanstack/react-router';
import { Button } from 'react-aria-components';
import type { Can } from '../../../hub/protocol/messages.ts';
import { nameWords } from '../../core/format.ts';
import { Problem } from '../../core/problem.ts';
import type { ActorCopy } from '../../core/store.ts';
import { APPROVE, canOf, DENY } from '../approvals.ts';
import { basisOf } from '../basis.ts';
import { letterKeysAreOn } from '../browser.ts';
import { useKeys } from '../keys.ts';
import type { Noun } from '../nouns.ts';
import { useActor } from '../services.ts';
import { decisionTexts as decisions } from '../texts-decisions.ts';
import { texts } from '../texts.ts';
import { Sheet } from './dialog.tsx';
import { DecisionMoney } from './decision-money.tsx';
import { EventDialog } from './event-dialog.tsx';
import { ProblemNotice, Skeleton } from './notice.tsx';
import { Timers } from './timers.tsx';
import { ContextValue } from './sections.tsx';
import { fieldLabel, Value } from './value.tsx';

/** A key that was pressed so soon after one has come into sight by itself was meant for the one before. */
const SETTLE_MS = 800;

type DecisionProps = {
  readonly noun: Noun;
  readonly address: string;
  /** It has come into sight because the one before has gone, and not because somebody wanted to see it. */
  readonly cameByItself: boolean;
  /** What is asked about in a dialog. As long as there is one, whoever renders this keeps to the address. */
  readonly open: Can | undefined;
  readonly onOpen: (can: Can | undefined) => void;
  readonly onDone: (sentence: string, version: number) => void;
};

/** The one that is decided now. It takes the focus, so that the next one is read out and the keys go on. */
export function Decision({ noun, address, cameByItself, open, onOpen, onDone }: DecisionProps) {
  const followed = useActor(address);
  const navigate = useNavigate();
  const region = useRef<HTMLElement>(null);
  const [settled] = useState(() => (cameByItself ? performance.now() + SETTLE_MS : 0));
  useEffect(() => {
    // Whoever is in the list with the pointer or the keys stays there.
    if (document.activeElement?.closest('.queue') === null) region.current?.focus({ preventScroll: true });
  }, []);
  const copy = followed.kind === 'here' ? followed.copy : undefined;
  const ask = (type: string): boolean => {
    const can = copy && canOf(copy, type);
    if (can?.ok === true && performance.now() >= settled) onOpen(can);
    return true;
  };
  useKeys((event) => {
    // Its dialog is away for a moment, because it is asked anew what may be shown; what is typed is still meant for that.
    if (open !== undefined) return true;
    if (event.key === 'a') return ask(APPROVE);
    if (event.key === 'd') return ask(DENY);
    if (event.key !== 'o') return false;
    void navigate({ to: `/${address}` });
    return true;
  });
  return (
    <section className="card decision" ref={region} tabIndex={-1} aria-label={texts.approvals.decision}>
      {copy === undefined && followed.kind === 'waiting' && <Skeleton rows={6} label={texts.common.loading(address)} />}
      {followed.kind === 'refused' && (
        <ProblemNotice
          title={texts.common.cannotBeShown(address)}
          problem={new Problem(0, followed.code, followed.reason)}
          onRetry={followed.retry}
        />
      )}
      {copy && <Exactly noun={noun} address={address} copy={copy} onAsk={ask} />}
      {copy && open && (
        <EventDialog
          address={address}
          noun={noun}
          can={open}
          now={copy}
          gone={decisions.left}
          onClose={() => onOpen(undefined)}
          onDone={(sentence, { version }) => onDone(sentence, version)}
        />
      )}
      {followed.kind === 'refused' && open && <Hidden reason={followed.reason} onClose={() => onOpen(undefined)} />}
    </section>
  );
}

/** Stands where the dialog was, so that what is typed on goes nowhere. */
function Hidden({ reason, onClose }: { reason: string; onClose: () => void }) {
  return (
    <Sheet title={decisions.hidden} busy={false} onClose={onClose}>
      <p>{reason}</p>
      <div className="dialog-buttons">
        <Button className="button" onPress={onClose}>
          {texts.common.close}
        </Button>
      </div>
    </Sheet>
  );
}

/** Beside what is approved: who has approved already, and what has been changed on the way. */
const BESIDE = ['approvals_needed', 'approvals', 'amended_by', 'revision', 'note'];

type ExactlyProps = {
  readonly noun: Noun;
  readonly address: string;
  readonly copy: ActorCopy;
  readonly onAsk: (type: string) => void;
};

function Exactly({ noun, address, copy, onAsk }: ExactlyProps) {
  const { context } = copy;
  const currency = typeof context['currency'] === 'string' ? context['currency'] : undefined;
  const hash = typeof context['payload_hash'] === 'string' ? context['payload_hash'] : '';
  const fields = basisOf(noun, APPROVE).filter((name) => name in context && name !== 'payload_hash');
  return (
    <>
      <h2>{texts.approvals.exactly}</h2>
      <dl className="basis">
        {fields.map((name) => (
          <div key={name} data-field={name}>
            <dt>{fieldLabel(name)}</dt>
            <dd>
              <ContextValue noun={noun} name={name} context={context} currency={currency} />
            </dd>
          </div>
        ))}
        <div data-field="payload_hash">
          <dt>{texts.approvals.hash}</dt>
          <dd className="whole-hash">
            {hash.match(/.{1,8}/g)?.map((part, index) => (
              <span key={index}>{part}</span>
            ))}
          </dd>
        </div>
      </dl>
      <div className="decision-buttons">
        <Decide can={canOf(copy, APPROVE)} kind="main" letter="a" onAsk={onAsk} />
        <Decide can={canOf(copy, DENY)} kind="grave-quiet" letter="d" onAsk={onAsk} />
        <Link to={`/${address}`} className="button">
          {texts.approvals.open} <Key letter="o" />
        </Link>
      </div>
      <DecisionMoney context={context} />
      <h2>{texts.approvals.beside}</h2>
      <dl className="fields">
        {BESIDE.filter((name) => name in context).map((name) => (
          <div key={name}>
            <dt>{fieldLabel(name)}</dt>
            <dd>
              <Value name={name} value={context[name]} currency={currency} />
            </dd>
          </div>
        ))}
      </dl>
      <Timers timers={copy.timers} />
    </>
  );
}

type DecideProps = {
  readonly can: Can | undefined;
  readonly kind: string;
  readonly letter: string;
  readonly onAsk: (type: string) => void;
};

function Decide({ can, kind, letter, onAsk }: DecideProps) {
  if (can === undefined) return null;
  if (!can.ok) return <p className="muted">{can.sentence}</p>;
  return (
    <Button className="button" data-kind={kind} onPress={() => onAsk(can.type)}>
      {nameWords(can.type)}… <Key letter={letter} />
    </Button>
  );
}

function Key({ letter }: { letter: string }) {
  return letterKeysAreOn() ? <kbd aria-hidden="true">{letter}</kbd> : null;
}
