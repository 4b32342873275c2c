import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ServerTime } from './server-time.ts';

const HOUR = 3_600_000;

/** A device: `wall` is what its clock says, `running` counts on whatever that is set to. */
function device(wall: number) {
  const state = { wall, running: 0 };
  const clock = { now: () => state.wall, random: () => 0, after: () => () => undefined, monotonic: () => state.running };
  return { time: new ServerTime(clock), pass: (ms: number) => void ((state.wall += ms), (state.running += ms)), state };
}

test('[SDK-1] the hub’s time is known to half of a round trip, however wrong the device’s clock is', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.nat(2_000), fc.nat(2_000), fc.nat(1e8), (wrong, out, back, later) => {
      let hub = 1_700_000_000_000;
      const { time, pass, state } = device(hub + wrong);
      const asked = state.wall;
      pass(out);
      hub += out;
      const theirs = hub;
      pass(back);
      hub += back;
      time.measure({ asked, answered: state.wall, theirs });
      pass(later);
      hub += later;
      expect(Math.abs(time.now() - hub)).toBeLessThanOrEqual((out + back) / 2);
      expect(time.error_ms).toBe((out + back) / 2);
      expect(time.hasJumped).toBe(false);
    }),
  );
});

test('[SDK-1] before anything is measured the device’s clock is all there is', () => {
  const { time } = device(5_000);
  expect([time.now(), time.error_ms, time.hasJumped]).toEqual([5_000, undefined, false]);
  time.measure({ asked: 1, answered: 2, theirs: Number.NaN });
  expect(time.now()).toBe(5_000);
});

test('[SDK-2] a clock that is set while the page is open is noticed; one that is set back moves no countdown', () => {
  const { time, pass, state } = device(10 * HOUR);
  time.measure({ asked: state.wall, answered: state.wall, theirs: 50 * HOUR });
  pass(1_000);
  state.wall -= 3 * HOUR;
  expect([time.now(), time.hasJumped]).toEqual([50 * HOUR + 1_000, true]);
  time.measure({ asked: state.wall, answered: state.wall, theirs: 50 * HOUR + 1_000 });
  expect([time.now(), time.hasJumped]).toEqual([50 * HOUR + 1_000, false]);
});

test('[SDK-2] a device that has slept goes on where its clock is', () => {
  const { time, state } = device(10 * HOUR);
  time.measure({ asked: state.wall, answered: state.wall, theirs: 50 * HOUR });
  state.wall += HOUR; // and nothing was counted meanwhile
  expect([time.now(), time.hasJumped]).toEqual([51 * HOUR, true]);
});
