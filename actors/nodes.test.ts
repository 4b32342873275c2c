import { describe, expect, test } from 'vitest';
import { PARTITIONS, partitionOf } from '../machines/ids.ts';
import { ClusterStage, LEASE_MS } from '../tests/support/cluster-stage.ts';
import { Desk, OPERATOR } from '../tests/support/runtime-stage.ts';
import { compareReleases, place } from './placement.ts';

const ALL = Array.from({ length: PARTITIONS }, (_, index) => index);

describe('placement', () => {
  const nodes = (...ids: string[]) => ids.map((id) => ({ id, release: '1.0.0' }));
  const nobody = (): undefined => undefined;

  test('[NODE-1] every node works out the same placement, in whatever order it reads the nodes', () => {
    const one = place(ALL, nodes('a', 'b', 'c'), nobody);
    expect(place(ALL, nodes('c', 'a', 'b'), nobody)).toEqual(one);
    expect(new Set(one.values())).toEqual(new Set(['a', 'b', 'c']));
    expect(one.size).toBe(PARTITIONS);
  });

  test('[NODE-2] a node that joins takes a share and moves nothing between the others; one that leaves gives back only its own', () => {
    const before = place(ALL, nodes('a', 'b', 'c'), nobody);
    const after = place(ALL, nodes('a', 'b', 'c', 'd'), nobody);
    for (const partition of ALL) expect([before.get(partition), 'd']).toContain(after.get(partition));
    const moved = ALL.filter((partition) => after.get(partition) === 'd');
    expect(moved.length).toBeGreaterThan(0);
    expect(moved.length).toBeLessThan(PARTITIONS / 2);
  });

  test('[NODE-3] an owner of an older release keeps its share, and whatever has to move goes to a node of the newest', () => {
    const mixed = [
      { id: 'a', release: '1.9.0' },
      { id: 'b', release: '1.9.0' },
      { id: 'c', release: '1.10.0' },
    ];
    const old = place(ALL, nodes('a', 'b'), nobody);
    const placed = place(ALL, mixed, (partition) => old.get(partition));
    for (const partition of ALL) expect([old.get(partition), 'c']).toContain(placed.get(partition));
    // Nobody owns them: none goes to an older release.
    expect(new Set(place(ALL, mixed, nobody).values())).toEqual(new Set(['c']));
  });

  test('[NODE-4] releases are compared number by number', () => {
    expect(['1.10.0', '1.9.3', '2.0.0', '1.9.3-rc'].toSorted(compareReleases)).toEqual(['1.9.3-rc', '1.9.3', '1.10.0', '2.0.0']);
    expect(compareReleases('1.2.3', '1.2.3')).toBe(0);
  });
});

describe('several nodes', () => {
  test('[NODE-5] a second node is given its share without an event lost, and both know where everything is', async () => {
    const stage = new ClusterStage();
    await stage.start('a');
    expect(stage.shares()).toEqual({ a: PARTITIONS });
    for (let i = 0; i < 40; i++) await stage.send('a', `counter/n${i}`, '@create');
    await stage.start('b');
    await stage.settled();
    const { a = 0, b = 0 } = stage.shares();
    expect(a).toBeGreaterThan(4);
    expect(b).toBeGreaterThan(4);
    for (let i = 0; i < 40; i++)
      expect(await stage.send(i % 2 === 0 ? 'a' : 'b', `counter/n${i}`, 'ADD', { by_n: i })).toMatchObject({
        outcome: 'applied',
        version: 2,
      });
  });

  test('[NODE-6] a command at a node that does not own the actor is answered after the owner’s commit, once, with the same answer by its id', async () => {
    const stage = new ClusterStage();
    await stage.start('a');
    await stage.start('b');
    await stage.settled();
    const address = stage.ownedBy('b');
    expect(await stage.send('a', address, '@create')).toMatchObject({ outcome: 'applied', version: 1 });
    expect(await stage.send('a', address, 'ADD', { by_n: 3 }, { id: 'x' })).toMatchObject({ outcome: 'applied', version: 2 });
    expect(await stage.send('a', address, 'ADD', { by_n: 3 }, { id: 'x' })).toEqual({ outcome: 'duplicate', version: 2 });
    expect(await stage.send('b', address, 'ADD', { by_n: 3 }, { id: 'x' })).toEqual({ outcome: 'duplicate', version: 2 });
    expect(await stage.send('a', address, 'UNLOCK')).toMatchObject({ outcome: 'rejected', code: 'not_in_state' });
    await expect(stage.send('a', address, 'ADD', { by_n: 'much' })).rejects.toMatchObject({ code: 'invalid' });
    await expect(stage.send('a', address, 'ADD', { by_n: 1 }, { caller: OPERATOR })).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('[NODE-7] while NATS is down a command is passed on directly, and what the other node committed is heard of from the journal', async () => {
    const stage = new ClusterStage();
    const a = await stage.start('a');
    await stage.start('b');
    await stage.settled();
    const address = stage.ownedBy('b');
    stage.server.stop();
    expect(await stage.send('a', address, '@create')).toMatchObject({ outcome: 'applied' });
    await stage.ports.until(() => a.heard.some(({ row }) => row.actor === address));
    expect(a.heard.at(-1)).toMatchObject({ row: { actor: address, version: 1 }, newest: { address } });
  });

  test('[NODE-8] the partitions of a node that dies are served elsewhere when its lease is over, with its timers and effects', async () => {
    const desk = new Desk({ timeout_ms: 60_000 });
    desk.answer = () => new Promise(() => undefined);
    const stage = new ClusterStage([desk.open]);
    await stage.start('a');
    await stage.send('a', 'integration/desk', 'ENABLE', {}, { caller: OPERATOR });
    const b = await stage.start('b');
    await stage.settled();
    const [calling, waiting] = [stage.ownedBy('b', 'x'), stage.ownedBy('b', 'y')];
    for (const address of [calling, waiting]) await stage.send('a', address, '@create');
    await stage.send('a', calling, 'CALL');
    await stage.send('b', waiting, 'WAIT');
    await stage.ports.until(() => desk.calls.length === 1);
    desk.answer = ({ key }) => ({ kind: 'done', output: { mark: key } });
    await b.crash();
    const began = stage.ports.clock.monotonic();
    await stage.settled();
    expect(stage.shares()).toEqual({ a: PARTITIONS });
    expect(stage.ports.clock.monotonic() - began).toBeLessThan(LEASE_MS + 1_000);
    await stage.ports.until(() => desk.calls.length === 2);
    expect(new Set(desk.calls.map(({ key }) => key)).size).toBe(1);
    await stage.ports.advance(11_000);
    const events = (address: string) => stage.database.journalOf(address).map(({ event }) => (JSON.parse(event) as { type: string }).type);
    expect(events(calling).at(-1)).toMatch(/^xstate\.done\.actor\./);
    expect(events(waiting).filter((type) => type.startsWith('xstate.after.'))).toHaveLength(1);
  });

  test('[NODE-9] a node that stops hands everything over at once', async () => {
    const stage = new ClusterStage();
    const a = await stage.start('a');
    await stage.start('b');
    await stage.settled();
    const began = stage.ports.clock.monotonic();
    await stage.hear(a.runtime.stop());
    stage.nodes.delete('a');
    await stage.settled();
    expect(stage.ports.clock.monotonic() - began).toBeLessThan(1_000);
    expect(stage.shares()).toEqual({ b: PARTITIONS });
  });

  test('[NODE-10] a node whose clock is wrong owns nothing until it is right', async () => {
    const stage = new ClusterStage();
    let skew = 0;
    const a = await stage.start('a', { skew_ms: () => skew });
    await stage.start('b');
    await stage.settled();
    skew = 3_600_000;
    await stage.ports.advance(LEASE_MS + 2_000);
    expect(stage.shares()).toEqual({ a: 0, b: PARTITIONS });
    expect(a.runtime.trouble()).toMatch(/clock is 3600000 ms off/);
    skew = 0;
    await stage.settled();
    expect(stage.shares()['a']).toBeGreaterThan(4);
  });

  test('[CHAOS-6] no row is written by a clock that was moved, also before its node has noticed', async () => {
    const stage = new ClusterStage();
    let skew = 0;
    await stage.start('a', { skew_ms: () => skew });
    const address = 'counter/moved';
    await stage.send('a', address, '@create');
    skew = 86_400_000;
    const asked = stage.send('a', address, 'ADD', { by_n: 1 });
    await stage.ports.advance(LEASE_MS + 2_000);
    skew = 0;
    await stage.settled();
    const outcome = await asked;
    if (outcome.outcome === 'retry') await stage.send('a', address, 'ADD', { by_n: 1 });
    const journal = stage.database.journalOf(address);
    expect(journal).toHaveLength(2);
    for (const { at } of journal) expect(Math.abs(at - stage.ports.clock.now())).toBeLessThan(60_000);
  });

  test('[NODE-11] a node of an older release than another claims nothing, also of what nobody owns', async () => {
    const stage = new ClusterStage();
    await stage.start('new', { release: '1.10.0' });
    const old = await stage.start('old', { release: '1.9.0' });
    await stage.ports.advance(10_000);
    expect(stage.shares()).toEqual({ new: PARTITIONS, old: 0 });
    expect(old.runtime.trouble()).toBeUndefined();
    const address = stage.ownedBy('new');
    expect(await stage.send('old', address, '@create')).toMatchObject({ outcome: 'applied' });
  });

  test('[NODE-12] what is not signed by a node of this hub is not heard, and neither is what is meant for another node', async () => {
    const stage = new ClusterStage();
    await stage.start('a');
    const b = await stage.start('b');
    await stage.settled();
    await expect(b.runtime.forwarding.receive('{"to":"b","at":0,"body":{}}', 'f'.repeat(64))).rejects.toMatchObject({
      code: 'unauthenticated',
    });
    const other = new ClusterStage();
    const stranger = await other.start('a', { secret: 'of another hub' });
    await other.start('b', { secret: 'of another hub' });
    await other.settled();
    const address = other.ownedBy('b');
    stranger.runtime.forwarding.use({ direct: (_, text, signature) => b.runtime.forwarding.receive(text, signature) });
    other.server.stop();
    await expect(other.send('a', address, '@create')).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(stage.database.actorOf(address)).toBeUndefined();
  });

  test('[NODE-13] a person’s token is asked again by the node that owns the actor', async () => {
    const stage = new ClusterStage();
    await stage.start('a');
    const b = await stage.start('b');
    await stage.settled();
    const address = stage.ownedBy('b');
    const asked: string[] = [];
    b.runtime.forwarding.use({
      recheck: (token) => {
        asked.push(token);
        return Promise.resolve({ kind: 'person', id: 'clara', roles: [] });
      },
    });
    await expect(stage.send('a', address, '@create', {}, { token: 'hers' })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(stage.send('a', address, '@create')).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(asked).toEqual(['hers']);
  });

  test('[NODE-14] every node hears every version that any node commits, in order and none twice, whatever messages are lost', async () => {
    const stage = new ClusterStage();
    let lose = false;
    const a = await stage.start('a');
    await stage.start('b', { busFaults: { onPublish: ({ subject }) => (lose && subject.includes('.changes.') ? 'lost' : 'none') } });
    await stage.settled();
    const address = stage.ownedBy('b');
    await stage.send('b', address, '@create');
    for (let i = 0; i < 30; i++) {
      lose = i % 3 === 1;
      await stage.send(i % 2 === 0 ? 'a' : 'b', address, 'ADD', { by_n: 1 });
    }
    lose = false;
    await stage.ports.until(() => a.heard.some(({ row }) => row.actor === address && row.version === 31));
    const versions = a.heard.filter(({ row }) => row.actor === address).map(({ row }) => row.version);
    expect(versions).toEqual([...new Set(versions)].toSorted((x, y) => x - y));
  });

  test('[NODE-15] a tell reaches an actor on another node once, and its question is answered from what is committed there', async () => {
    const stage = new ClusterStage();
    await stage.start('a');
    await stage.start('b');
    await stage.settled();
    const here = stage.ownedBy('a', 'h');
    const there = stage.ownedBy('b', 't');
    for (const address of [here, there, 'counter/other'])
      await stage.send('a', address, '@create', address === 'counter/other' ? { start: 7 } : {});
    await stage.send('b', here, 'TELL', { to: there, what: 'LOCK' });
    const type = (address: string) => stage.database.journalOf(address).map(({ event }) => (JSON.parse(event) as { type: string }).type);
    await stage.ports.until(() => type(there).includes('LOCK'));
    const asker =
      ['a', 'b'].map((name) => stage.ownedBy(name, 'q')).find((address) => partitionOf(address) !== partitionOf('counter/other')) ?? here;
    await stage.send('a', asker, '@create');
    await stage.send('a', asker, 'ASK');
    await stage.ports.until(() => type(asker).length === 3);
    expect(stage.database.actorOf(asker)?.summary).toContain('"n":7');
    expect(type(there).filter((one) => one === 'LOCK')).toHaveLength(1);
  });

  test('[NODE-16] a node that stood still beyond its lease commits nothing for what others own by then', async () => {
    const stage = new ClusterStage();
    const a = await stage.start('a');
    await stage.start('b');
    await stage.settled();
    const mine = stage.ownedBy('a');
    await stage.send('a', mine, '@create');
    const before = a.runtime.lanes.partitions.length;
    // Its lease ends at the database while it does nothing, and the other claims what it owned; then it wakes with an event in hand.
    stage.database.release('a');
    stage.database.claim('b', ALL);
    expect(before).toBeGreaterThan(0);
    const outcome = await stage.send('a', mine, 'ADD', { by_n: 1 }, { id: 'late' });
    expect(outcome).toMatchObject({ outcome: 'retry' });
    expect(stage.database.journalOf(mine)).toHaveLength(1);
  });
});
