import { useEffect, useRef, useState } from 'react';
import { isRecord } from '../core/problem.ts';
import type { InspectorServices } from './inspector-services.ts';
import type { Kept } from './link.ts';
import { texts } from './texts.ts';

/** The one origin that frames are handed to; the content policy of this page names it too. */
const STATELY = 'https://stately.ai';
const words = texts.stately;

/**
 * The inspector of stately.ai in a frame. It is loaded when somebody has read what that means and wants it, and nothing is handed to it
 * before it says, from its own origin, that it is there. Only then is the hub connected to: who comes late is shown all that matters.
 */
export function Stately({ services, kept }: { services: InspectorServices; kept: Kept }) {
  const [wanted, setWanted] = useState(false);
  const [there, setThere] = useState(false);
  const frame = useRef<HTMLIFrameElement>(null);
  const { link, relay } = services;
  useEffect(() => {
    if (!wanted) return undefined;
    const hear = (event: MessageEvent<unknown>): void => {
      const page = frame.current?.contentWindow;
      if (event.origin !== STATELY || event.source !== page || !page) return;
      if (!isRecord(event.data) || event.data['type'] !== '@statelyai.connected') return;
      relay.to = (shown) => page.postMessage(shown, STATELY);
      setThere(true);
      // It may have been loaded again; then it is to be shown everything anew.
      const { session } = link;
      link.start(kept.wish, session?.resume ?? kept.resume);
    };
    addEventListener('message', hear);
    return () => {
      removeEventListener('message', hear);
      relay.to = undefined;
    };
  }, [wanted, link, relay, kept]);
  if (!wanted) {
    return (
      <main className="stately-consent">
        <h2>{words.title}</h2>
        <p>{words.what}</p>
        <p>{words.where}</p>
        <button type="button" className="button" data-kind="main" onClick={() => setWanted(true)}>
          {words.consent}
        </button>
        <p>
          <a className="link" href="/inspect/">
            {words.back}
          </a>
        </p>
      </main>
    );
  }
  return (
    <main className="stately">
      {!there && (
        <p className="notice" role="status">
          {words.waiting}
        </p>
      )}
      <iframe
        ref={frame}
        className="stately-frame"
        title={words.frame}
        src={`${STATELY}/inspect`}
        sandbox="allow-scripts allow-same-origin allow-forms allow-popups allow-downloads"
        referrerPolicy="no-referrer"
      />
    </main>
  );
}
