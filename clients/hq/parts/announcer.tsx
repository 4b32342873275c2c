import { createContext, useCallback, useContext, useState, type ReactNode } from 'react';

const Announce = createContext<(sentence: string) => void>(() => undefined);

/** One polite live region for the whole console: only what a person did, or must know, is said there. */
export function Announcer({ children }: { children: ReactNode }) {
  const [said, setSaid] = useState({ sentence: '', turn: 0 });
  const announce = useCallback((sentence: string) => setSaid(({ turn }) => ({ sentence, turn: turn + 1 })), []);
  return (
    <Announce value={announce}>
      {children}
      {/* A dialog silences everything outside of it, but for what is marked so. */}
      <div className="visually-hidden" role="status" aria-live="polite" data-live-announcer="true">
        <span key={said.turn}>{said.sentence}</span>
      </div>
    </Announce>
  );
}

export function useAnnounce(): (sentence: string) => void {
  return useContext(Announce);
}
