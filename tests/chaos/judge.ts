import { checkAcknowledged, checkChain, checkLegs, checkMoney, checkOrder, checkWriters } from './checker.ts';
import type { Anchors, Violation } from './checker.ts';
import { readChain, readCharges, readLegs, readPayments, readRefusals, readRows, takeWrites } from './facts.ts';
import type { Operation } from './history.ts';
import type { World } from './world.ts';

/** Compares what clients were told of the payments whose ids begin with the name with what PostgreSQL and the gateway have. */
export async function judge(world: World, name: string, operations: readonly Operation[], anchors: Anchors): Promise<Violation[]> {
  const prefix = `payment/${name}_`;
  const [rows, refusals, charges, payments, writes, legs] = await Promise.all([
    readRows(world, prefix),
    readRefusals(world, prefix),
    readCharges(world, `${name}_`),
    readPayments(world, prefix),
    takeWrites(world),
    readLegs(world, prefix),
  ]);
  return [
    ...checkAcknowledged(operations, rows, refusals),
    ...checkMoney(payments, charges),
    ...checkOrder(operations, rows),
    ...checkLegs(legs),
    ...checkChain(await readChain(world, anchors), anchors),
    ...checkWriters(writes),
  ];
}

/** Nodes that ended although nobody had asked them to. */
export function surprises(world: World): readonly Violation[] {
  return world.nodes.flatMap((node) => node.surprises.splice(0).map((what): Violation => ({ invariant: 'I9', what })));
}

/** What a client wrote down as wrong, beginning with the promise that it breaks. */
export function toViolation(wrong: string): Violation {
  const [, invariant = 'I5', what = wrong] = /^(I\d+) (.*)$/s.exec(wrong) ?? [];
  return { invariant: invariant as Violation['invariant'], what };
}
