/** Time and chance, given to everything that needs them, so that tests can hold both. */
export type Clock = {
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** At least 0, below 1. */
  readonly random: () => number;
  /** Calls back after so many milliseconds; the result calls it off. */
  readonly after: (ms: number, call: () => void) => () => void;
  /** Milliseconds that only ever count on, whatever the device's clock is set to. */
  readonly monotonic?: () => number;
};

export const systemClock: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
  monotonic: () => performance.now(),
};
