import type { RefObject } from 'react';
import { LetterKeys } from '../../hq/parts/letter-keys.tsx';
import { Logo } from '../../hq/parts/logo.tsx';
import type { InspectorServices } from '../inspector-services.ts';
import type { LinkState } from '../link.ts';
import { texts } from '../texts.ts';

export type ToolBarProps = {
  readonly services: InspectorServices;
  readonly state: LinkState;
  /** The mode beside this one, where there is one. */
  readonly other: { readonly href: string; readonly label: string } | undefined;
  readonly onOther: () => void;
};

/** What is looked at, and whether it is live. */
export function ToolBar({ services, state, other, onOther }: ToolBarProps) {
  const { session } = services.link;
  return (
    <header className="bar inspect-bar">
      <a className="brand" href="/hq/" aria-label={texts.console}>
        <Logo />
      </a>
      <h1 className="inspect-title">
        {texts.title} {session && <span className="mono inspect-target">{session.target === '*' ? texts.everything : session.target}</span>}
        {session && session.sample < 1 && <span className="muted"> {session.sample * 100} %</span>}
      </h1>
      <span className="pill" role="status" data-phase={state.kind === 'live' ? 'online' : state.kind}>
        <span className="pill-dot" aria-hidden="true" />
        {texts.states[state.kind]}
      </span>
      <span className="inspect-links">
        {other && (
          <a className="link" href={other.href}>
            {other.label}
          </a>
        )}
        <button type="button" className="link" onClick={onOther}>
          {texts.other}
        </button>
      </span>
    </header>
  );
}

/** The keys, on a page of their own above this one. */
export function KeysButton({ dialog }: { dialog: RefObject<HTMLDialogElement | null> }) {
  return (
    <>
      <button type="button" className="button" data-kind="quiet" onClick={() => dialog.current?.showModal()}>
        {texts.keys}
      </button>
      <dialog ref={dialog} className="modal inspect-keys" aria-label={texts.keys}>
        <div className="dialog">
          <h2 className="dialog-title">{texts.keys}</h2>
          <LetterKeys />
          <dl className="key-list">
            {texts.keyTable.map(([key, what]) => (
              <div key={key}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
          <form method="dialog" className="dialog-buttons">
            <button type="submit" className="button">
              {texts.close}
            </button>
          </form>
        </div>
      </dialog>
    </>
  );
}
