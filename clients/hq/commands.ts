import { useEffect, useSyncExternalStore } from 'react';

/** Something that can be done from the command palette while what offers it is on the screen. */
export type Command = {
  readonly id: string;
  readonly label: string;
  /** What it belongs to, said beside it. */
  readonly about: string;
  readonly run: () => void;
};

const offered = new Map<symbol, readonly Command[]>();
const listeners = new Set<() => void>();
let all: readonly Command[] = [];

function set(key: symbol, commands: readonly Command[] | undefined): void {
  if (commands === undefined) offered.delete(key);
  else offered.set(key, commands);
  all = [...offered.values()].flat();
  for (const listener of listeners) listener();
}

/** Offers these as long as the component is shown. */
export function useOffer(commands: readonly Command[]): void {
  useEffect(() => {
    const key = Symbol('commands');
    set(key, commands);
    return () => set(key, undefined);
  }, [commands]);
}

export function useCommands(): readonly Command[] {
  return useSyncExternalStore(
    (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    () => all,
  );
}
