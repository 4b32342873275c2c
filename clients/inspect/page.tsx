import { useCallback, useSyncExternalStore } from 'react';
import { SignIn } from '../hq/screens/sign-in.tsx';
import { useTitle } from '../hq/title.ts';
import { readKept, readWish, takeTicket } from './inspector-services.ts';
import type { InspectorServices } from './inspector-services.ts';
import type { Kept, LinkState, Wish } from './link.ts';
import { ToolBar } from './parts/tool-bar.tsx';
import { Start } from './start.tsx';
import { Stately } from './stately.tsx';
import { texts } from './texts.ts';
import { Viewer } from './viewer.tsx';

/** How this page was come to: with a ticket, with what the tab looked at before, or with nothing but an address. */
export type Arrival = { readonly ticket: string | undefined; readonly kept: Kept | undefined; readonly wish: Wish | undefined };

export function readArrival(): Arrival {
  const ticket = takeTicket();
  const kept = readKept();
  const wish = readWish(location.search);
  // An address that names something else than what the tab looked at is meant as it says.
  const goesOn = kept !== undefined && (wish === undefined || (wish.target === kept.wish.target && wish.sample === kept.wish.sample));
  return { ticket, kept: goesOn ? kept : undefined, wish };
}

const STATELY_PATH = '/inspect/stately';
const inStately = (): boolean => location.pathname === STATELY_PATH;

/** Connects as far as it is known what to look at. The Stately inspector waits until somebody has agreed to it. */
export function begin({ link, session }: InspectorServices, { ticket, kept, wish }: Arrival): void {
  if (inStately()) return;
  if (ticket !== undefined) link.start(wish, ticket);
  else if (kept !== undefined) link.start(kept.wish, kept.resume);
  else if (wish !== undefined && session.who?.roles.includes('developer') === true) link.start(wish);
}

/** The inspector: asks what to look at where that is not known, and shows it. */
export function Page({ services, arrival }: { services: InspectorServices; arrival: Arrival }) {
  const { link, session, http } = services;
  const state = useLink(services);
  const who = useSyncExternalStore(
    useCallback((changed: () => void) => session.onChange(changed), [session]),
    () => session.who,
  );
  useTitle(link.session === undefined ? texts.title : `${link.session.target} · ${texts.title}`);
  const { kept, wish } = arrival;
  const handed = inStately() ? (kept ?? (wish === undefined ? undefined : { wish, resume: undefined })) : undefined;
  if (state.kind === 'idle' && handed === undefined) {
    if (who === undefined) return <SignIn session={session} http={http} />;
    return (
      <main className="inspect-start">
        <Start services={services} wish={link.session ?? wish} />
      </main>
    );
  }
  const stately = link.session?.stately === true ? { href: STATELY_PATH, label: texts.stately.link } : undefined;
  const other = handed !== undefined ? { href: '/inspect/', label: texts.stately.back } : stately;
  const onOther = (): void => {
    link.stop();
    if (inStately()) location.assign('/inspect/');
  };
  return (
    <div className="inspect" data-phase={state.kind === 'live' ? 'online' : state.kind}>
      <a className="skip" href="#steps">
        {texts.skip}
      </a>
      <ToolBar services={services} state={state} other={other} onOther={onOther} />
      {state.kind === 'ended' && <Ended reason={state.reason} onAgain={onOther} />}
      {handed !== undefined ? <Stately services={services} kept={handed} /> : <Viewer services={services} />}
    </div>
  );
}

function Ended({ reason, onAgain }: { reason: string; onAgain: () => void }) {
  return (
    <div className="notice inspect-notice" data-tone="wrong" role="alert">
      <p className="notice-title">{texts.ended}</p>
      <p>{reason}</p>
      <button type="button" className="button" onClick={onAgain}>
        {texts.openAgain}
      </button>
    </div>
  );
}

function useLink({ link }: InspectorServices): LinkState {
  return useSyncExternalStore(
    useCallback((changed: () => void) => link.onChange(changed), [link]),
    () => link.state,
  );
}
