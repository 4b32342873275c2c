import { useCallback, useMemo, useState, useSyncExternalStore } from 'react';
import { matches } from './log.ts';
import type { Actor, InspectLog, Step } from './log.ts';

/** What somebody looks at of all that was shown. */
export type View = {
  /** All actors, those that something happened to last first; as they were when the page was paused. */
  readonly actors: readonly Actor[];
  /** The chosen actor; undefined where all are looked at. */
  readonly address: string | undefined;
  /** The steps that are listed, oldest first. */
  readonly steps: readonly Step[];
  /** The step that the chart and the details are of. */
  readonly step: Step | undefined;
  /** The step that it is compared with; undefined for the one before. */
  readonly pinned: Step | undefined;
  readonly filter: string;
  readonly following: boolean;
  readonly paused: boolean;
  /** Steps that came while it was paused. */
  readonly fresh: number;
  readonly chooseActor: (address: string | undefined) => void;
  readonly chooseStep: (key: string) => void;
  /** By so many steps of the list; beyond its ends it stays there. */
  readonly move: (by: number) => void;
  readonly follow: (on: boolean) => void;
  readonly pause: (on: boolean) => void;
  readonly pin: (step: Step | undefined) => void;
  readonly setFilter: (text: string) => void;
};

/** Redraws no more often than the screen is drawn, however much comes. */
function useRevision(log: InspectLog): number {
  return useSyncExternalStore(
    useCallback(
      (changed: () => void) => {
        let waiting: number | undefined;
        const stop = log.onChange(() => {
          waiting ??= requestAnimationFrame(() => {
            waiting = undefined;
            changed();
          });
        });
        return () => {
          stop();
          if (waiting !== undefined) cancelAnimationFrame(waiting);
        };
      },
      [log],
    ),
    () => log.revision,
  );
}

/** `target` is what the connection is about: of one actor that actor's steps are listed. */
export function useView(log: InspectLog, target: string | undefined): View {
  const revision = useRevision(log);
  const only = target?.includes('/') === true ? target : undefined;
  const [looked, setAddress] = useState<string>();
  const address = only ?? looked;
  const [chosen, setChosen] = useState<string>();
  const [pinned, setPinned] = useState<Step>();
  const [filter, setFilter] = useState('');
  const [following, setFollowing] = useState(true);
  /** The first step that is not shown while the page is paused. */
  const [until, setUntil] = useState<number>();

  const all = useMemo(() => {
    void revision; // the log's own lists are changed in place, so they are copied when it says so
    const listed = address === undefined ? log.steps : (log.actor(address)?.steps ?? []);
    const shown = listed.filter(({ order }) => until === undefined || order < until);
    // What each actor is introduced with comes actor by actor, and happened one among the other.
    return address === undefined ? shown.toSorted((a, b) => a.at - b.at || a.order - b.order) : shown;
  }, [log, revision, address, until]);
  const steps = useMemo(() => all.filter((step) => matches(step, filter)), [all, filter]);
  const index = following ? steps.length - 1 : steps.findIndex(({ key }) => key === chosen);
  const step = steps[index];

  const goTo = (target: Step | undefined): void => {
    if (target === undefined) return;
    setChosen(target.key);
    setFollowing(false);
  };
  return {
    actors: log.actors,
    address,
    steps,
    step,
    pinned: pinned !== undefined && pinned.address === step?.address ? pinned : undefined,
    filter,
    following,
    paused: until !== undefined,
    fresh: until === undefined ? 0 : log.steps.filter(({ order }) => order >= until).length,
    chooseActor: (next) => {
      setAddress(next);
      setFollowing(true);
      setPinned(undefined);
    },
    chooseStep: (key) => goTo(steps.find((one) => one.key === key)),
    move: (by) => goTo(steps[Math.max(0, Math.min(steps.length - 1, (index < 0 ? steps.length : index) + by))]),
    follow: (on) => {
      if (on) setFollowing(true);
      else goTo(step);
    },
    pause: (on) => setUntil(on ? (log.steps.at(-1)?.order ?? -1) + 1 : undefined),
    pin: setPinned,
    setFilter,
  };
}
