import { expect, test } from 'vitest';
import type { Caller } from '../../actors/caller.ts';
import type { VirtualPorts } from '../../actors/ports/virtual.ts';
import type { Runtime } from '../../actors/runtime.ts';
import type { MemoryStore } from '../../actors/store/memory.ts';
import { Chance } from '../../tests/simulate/chance.ts';
import { ClusterStage } from '../../tests/support/cluster-stage.ts';
import type { InspectFrame } from '../protocol/inspection.ts';
import { readAim } from './aim.ts';
import type { Aim } from './aim.ts';
import { Inspector } from './inspector.ts';
import { Lineage } from './lineage.ts';

const DEVELOPER: Caller = { kind: 'person', id: 'dora', roles: ['developer'] };

type Place = { readonly runtime: Runtime; readonly store: MemoryStore };

/** An inspector whose reader stops and goes on as the test says. */
class Desk {
  readonly frames: InspectFrame[] = [];
  readonly inspector: Inspector;
  cut: { readonly code: number; readonly reason: string } | undefined;
  #open = true;
  #waiting: (() => void)[] = [];

  constructor({ runtime, store }: Place, ports: VirtualPorts, aim: Aim) {
    const line = {
      send: (text: string) => void this.frames.push(JSON.parse(text) as InspectFrame),
      hasRoom: () => this.#open,
      room: () => new Promise<void>((resolve) => this.#waiting.push(resolve)),
    };
    const cut = (code: number, reason: string): void => void (this.cut = { code, reason });
    const { definitions } = runtime;
    this.inspector = new Inspector({ aim, line, definitions, store, lineage: new Lineage(store), ports, cut });
    runtime.onChange({ hear: (rows) => this.inspector.hear(rows), wants: (address) => this.inspector.wants(address) });
    this.inspector.hold(Promise.resolve(DEVELOPER));
    this.inspector.begin();
  }

  stall(): void {
    this.#open = false;
  }

  go(): void {
    this.#open = true;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  versions(address: string, type: InspectFrame['type'] = '@xstate.snapshot'): number[] {
    return this.frames.flatMap((frame) => (frame.type === type && frame.sessionId === address ? [Number(frame.id.split('@')[1])] : []));
  }

  /** What is wrong with what it was shown of an actor whose newest version is this one. */
  faultsOf(address: string, newest: number): string[] {
    const faults: string[] = [];
    let last: number | undefined;
    let first = false;
    for (const frame of this.frames.filter(({ sessionId }) => sessionId === address)) {
      const version = Number(frame.id.split('@')[1]);
      if (frame.type === '@xstate.actor') {
        if (last !== undefined && version <= last) faults.push(`begun anew at ${version} behind ${last}`);
        last = version;
        first = version === 1;
        continue;
      }
      // The first step of all may be shown as such behind the introduction, which shows what came of it.
      if (frame.type === '@xstate.event' && version !== (last ?? 0) + 1 && !(first && version === 1))
        faults.push(`${version} behind ${last}`);
      first = false;
      last = version;
    }
    return last === newest ? faults : [...faults, `ends at ${last} of ${newest}`];
  }
}

async function cluster(): Promise<ClusterStage> {
  const stage = new ClusterStage();
  for (const name of ['one', 'two']) await stage.start(name);
  await stage.settled();
  return stage;
}

test.for([1, 2, 3, 4, 5, 6, 7, 8])(
  '[INSP-22] whatever stalls, is held, comes late or is owned by whom: every step is shown once and in order (seed %i)',
  async (seed) => {
    const stage = await cluster();
    const chance = new Chance(seed, 'inspector');
    const counters = ['a', 'b', 'c', 'd'].flatMap((prefix) => [stage.ownedBy('one', prefix), stage.ownedBy('two', prefix)]);
    const versions = new Map<string, number>();
    const desks: Desk[] = [];
    const open = (): void => {
      const at = stage.node(chance.pick(['one', 'two']));
      const target = chance.is(0.5) ? chance.pick(counters) : chance.pick(['counter', '*']);
      desks.push(new Desk(at, stage.ports, readAim(target)));
    };
    const known = counters.slice(0, 4);
    for (const address of known) await stage.send('one', address, '@create', {});
    for (let turn = 0; turn < 60; turn++) {
      const crowd = chance.below(6);
      const sends = Array.from({ length: crowd }, () => {
        const address = chance.pick(counters);
        const [type, payload] = chance.is(0.1) ? ['@create', {}] : ['ADD', { by_n: turn }];
        return stage.send(chance.pick(['one', 'two']), address, type, payload).catch(() => undefined);
      });
      const desk = desks.length === 0 ? undefined : chance.pick(desks);
      if (desks.length < 6 && chance.is(0.2)) open();
      if (chance.is(0.3)) desk?.stall();
      else if (chance.is(0.6)) desk?.go();
      if (chance.is(0.1))
        desk?.inspector.hold(new Promise((resolve) => void stage.ports.timers.after(chance.below(200), () => resolve(DEVELOPER))));
      if (chance.is(0.5)) await stage.ports.settle();
      await Promise.all(sends);
      if (chance.is(0.3)) await stage.ports.advance(chance.below(300));
    }
    for (const desk of desks) desk.go();
    await stage.ports.advance(60_000);
    for (const address of counters) {
      const version = stage.database.journalOf(address).length;
      if (version > 0) versions.set(address, version);
    }
    let seen = 0;
    for (const desk of desks) {
      if (desk.cut !== undefined) {
        expect(desk.cut.code).toBe(4404); // it was opened before there was such an actor
        continue;
      }
      for (const [address, version] of versions) {
        if (!desk.inspector.wants(address)) continue;
        expect(desk.faultsOf(address, version), `seed ${seed}, ${address}`).toEqual([]);
        seen++;
      }
    }
    expect(seen).toBeGreaterThan(0);
  },
);

test('[INSP-23] an actor that another one created has it for its parent, and the first of them for its root', async () => {
  const stage = await cluster();
  const [a, b, c] = [stage.ownedBy('one', 'a'), stage.ownedBy('two', 'b'), stage.ownedBy('one', 'c')];
  await stage.send('one', a, '@create', {});
  await stage.send('one', a, 'TELL', { to: b, what: '@create' });
  await stage.ports.until(() => stage.database.journalOf(b).length === 1);
  await stage.send('one', b, 'TELL', { to: c, what: '@create' });
  await stage.ports.until(() => stage.database.journalOf(c).length === 1);
  const desk = new Desk(stage.node('two'), stage.ports, readAim(c));
  await stage.ports.until(() => desk.versions(c).length === 1);
  expect(desk.frames[0]).toMatchObject({ sessionId: c, parentId: b, rootId: a });
  expect(desk.frames[1]).toMatchObject({ event: { type: '@create', by: b }, sourceId: b });
  const first = new Desk(stage.node('two'), stage.ports, readAim(a));
  await stage.ports.until(() => first.versions(a).length === 2);
  expect(first.frames[0]).toMatchObject({ sessionId: a, rootId: a });
  expect(first.frames[0]).not.toHaveProperty('parentId');
});

test('[INSP-24] who has missed more than is caught up with begins anew with the last steps, and is told how many are left out', async () => {
  const stage = await cluster();
  const address = stage.ownedBy('one');
  await stage.send('one', address, '@create', {});
  const desk = new Desk(stage.node('one'), stage.ports, readAim('counter'));
  await stage.ports.until(() => desk.versions(address).length === 1);
  desk.stall();
  for (let n = 0; n < 200; n++) await stage.send('one', address, 'ADD', { by_n: 1 });
  expect(desk.versions(address)).toEqual([1]);
  desk.go();
  await stage.ports.until(() => desk.versions(address).at(-1) === 201);
  desk.inspector.tick();
  const shown = desk.versions(address);
  expect(desk.faultsOf(address, 201)).toEqual([]);
  expect(shown.length).toBeLessThan(20);
  expect(desk.frames.at(-1)).toMatchObject({ sessionId: '@inspector', snapshot: { context: { left_out_steps: 201 - shown.length } } });
});

test('[INSP-25] nothing goes out while it is not known who is looking, and nothing more when he may not', async () => {
  const stage = await cluster();
  const address = stage.ownedBy('one');
  await stage.send('one', address, '@create', {});
  const desk = new Desk(stage.node('one'), stage.ports, readAim(address));
  await stage.ports.until(() => desk.versions(address).length === 1);
  const { promise, resolve } = Promise.withResolvers<Caller | undefined>();
  desk.inspector.hold(promise);
  await stage.send('one', address, 'ADD', { by_n: 1 });
  await stage.ports.advance(5_000);
  desk.inspector.tick();
  expect(desk.versions(address)).toEqual([1]);
  resolve(undefined);
  await stage.ports.settle();
  await stage.send('one', address, 'ADD', { by_n: 1 });
  await stage.ports.advance(5_000);
  expect([desk.versions(address), desk.cut?.code]).toEqual([[1], 4403]);
});
