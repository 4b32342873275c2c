/** A clock that stands still until something waits for it, and then goes to the next thing that is due. */
export function fakeClock(start = 0) {
  let now = start;
  let next = 0;
  const due = new Map<number, { readonly at: number; readonly call: () => void }>();
  const after = (ms: number, call: () => void): (() => void) => {
    const id = next++;
    due.set(id, { at: now + Math.max(0, ms), call });
    return () => due.delete(id);
  };
  /** Lets what is due happen, in its order, until the promise is settled. */
  const run = async <T>(promise: Promise<T>): Promise<T> => {
    let settled = false;
    const watched = promise.finally(() => (settled = true));
    watched.catch(() => undefined);
    for (;;) {
      // Real turns of the loop: what is under way outside of this clock may finish first.
      for (let turn = 0; turn < 5; turn++) await new Promise((done) => setImmediate(done));
      if (settled) return watched;
      const [first] = [...due].sort(([, a], [, b]) => a.at - b.at);
      if (first === undefined) throw new Error('Nothing is due, and the promise is not settled');
      due.delete(first[0]);
      now = first[1].at;
      first[1].call();
    }
  };
  return { now: () => now, random: () => 0.5, after, run, advance: (ms: number) => void (now += ms) };
}
