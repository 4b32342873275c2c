import { expect, test } from 'vitest';
import { fakeClock } from '../../tests/support/fake-clock.ts';
import { browserOf } from '../../tests/support/outbox-stage.ts';
import { beatingLead } from './tabs.ts';
import type { Tabs } from './tabs.ts';

/** A tab of a browser without locks. `seed` is its chance; a frozen one runs no timer, but hears. */
function makeTab({ channel }: Pick<Tabs, 'channel'>, clock: ReturnType<typeof fakeClock>, seed: number) {
  let frozen = false;
  const after = (ms: number, call: () => void): (() => void) => {
    let cancel = clock.after(ms, function run() {
      if (frozen) cancel = clock.after(500, run);
      else call();
    });
    return () => cancel();
  };
  const lead = beatingLead({ now: clock.now, random: () => seed, after }, channel);
  const tab = { leads: false, leave: () => undefined as void, freeze: (is: boolean) => void (frozen = is) };
  tab.leave = lead('outbox', () => {
    tab.leads = true;
    return () => void (tab.leads = false);
  });
  return tab;
}

/** Lets so much time go by. */
function pass(clock: ReturnType<typeof fakeClock>, ms: number): Promise<void> {
  return clock.run(new Promise<void>((done) => clock.after(ms, done)));
}

test('[OFF-25] without locks, too, one tab leads; another follows when it is closed', async () => {
  const [clock, browser] = [fakeClock(), browserOf()];
  const tabs = [0.1, 0.5, 0.9].map((seed) => makeTab(browser, clock, seed));
  await pass(clock, 4_000);
  expect(tabs.map(({ leads }) => leads)).toEqual([true, false, false]);
  await pass(clock, 60_000);
  expect(tabs.filter(({ leads }) => leads)).toHaveLength(1);
  tabs[0]?.leave();
  await pass(clock, 8_000);
  expect(tabs.filter(({ leads }) => leads)).toHaveLength(1);
  for (const tab of tabs) tab.leave();
});

test('[OFF-25] a tab that the browser has put to sleep is followed by another, and gives way when it wakes', async () => {
  const [clock, browser] = [fakeClock(), browserOf()];
  const [first, second] = [0.1, 0.5].map((seed) => makeTab(browser, clock, seed));
  await pass(clock, 3_000);
  expect([first?.leads, second?.leads]).toEqual([true, false]);
  first?.freeze(true);
  await pass(clock, 10_000);
  expect(second?.leads).toBe(true);
  first?.freeze(false);
  await pass(clock, 10_000);
  expect([first?.leads, second?.leads]).toEqual([false, true]);
  first?.leave();
  second?.leave();
});

test('[OFF-25] of two that begin to lead at the same moment one goes on', async () => {
  const [clock, browser] = [fakeClock(), browserOf()];
  const slow: Pick<Tabs, 'channel'> = {
    channel: (name, hear) => {
      const { post, close } = browser.channel(name, hear);
      return { post: (message) => void clock.after(50, () => post(message)), close };
    },
  };
  const tabs = [0.5, 0.5000001].map((seed) => makeTab(slow, clock, seed));
  const both: boolean[] = [];
  for (let step = 0; step < 100; step++) {
    await pass(clock, 50);
    both.push(tabs.every(({ leads }) => leads));
  }
  expect(both).toContain(true);
  expect(tabs.map(({ leads }) => leads)).toEqual([false, true]);
  for (const tab of tabs) tab.leave();
});
