import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { inProcess } from './in-process.ts';
import { ORDER, lifeOf, quantile } from './lifecycle.ts';
import { order } from './order.ts';
import { openStage } from './stage.ts';
import type { Stage } from './stage.ts';

/*
 * One event, one client, commit included, beside one bare INSERT on the same PostgreSQL: both from this process, both warm, one
 * after another in turns of the same length, with a pause between the turns so that neither pays for what the other left.
 */

export type Turn = { readonly what: 'event' | 'insert'; readonly p50_ms: number; readonly p99_ms: number };

export const TURN = 200;
const PAUSE_MS = 250;
/** About as long as the texts of a journal row: its envelope, what it asked for, and the rest. */
const ENVELOPE = 'x'.repeat(800);
const ASKED = 'y'.repeat(260);
const HASH = '0'.repeat(64);
const EVENT = 'z'.repeat(80);

const INSERT = {
  name: 'bare',
  text: 'insert into bare (actor, version, event_id, event, body_hash, at, envelope, asked, hash) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)',
};

export type Idle = { readonly event: () => Promise<Turn>; readonly insert: () => Promise<Turn>; readonly close: () => Promise<void> };

export async function openIdle(): Promise<Idle> {
  const stage = await openStage({}, [order]);
  const client = new pg.Client({ connectionString: stage.databaseUrl });
  await client.connect();
  await client.query(`create table bare (actor text, version int, event_id text not null, event text not null, body_hash text not null,
    at bigint not null, envelope text not null, asked text, hash text not null, primary key (actor, version))`);
  let inserted = 0;
  return {
    event: eventTurns(stage),
    insert: () =>
      turn('insert', async () => {
        const n = inserted++;
        const values = [`order/ord_${n}`, 1, `caller:clerk:${n}`, EVENT, HASH, Date.now(), ENVELOPE, ASKED, HASH];
        const began = performance.now();
        await client.query({ ...INSERT, values });
        return [performance.now() - began];
      }),
    close: async () => {
      await client.end();
      await stage.close();
    },
  };
}

/** Orders are made and taken through their five events; making one is not measured. */
function eventTurns(stage: Stage): () => Promise<Turn> {
  const contender = inProcess(stage);
  let made = 0;
  return () =>
    turn('event', async () => {
      const n = made++;
      const { id, hash } = await contender.create(`idle-${n}`, ORDER);
      const took: number[] = [];
      for (const [event] of lifeOf(n, hash)) {
        const began = performance.now();
        await contender.send(id, event, `idle-${n}-${event.type}`);
        took.push(performance.now() - began);
      }
      return took;
    });
}

async function turn(what: Turn['what'], some: () => Promise<readonly number[]>): Promise<Turn> {
  await sleep(PAUSE_MS);
  const took: number[] = [];
  while (took.length < TURN) took.push(...(await some()));
  took.sort((a, b) => a - b);
  return { what, p50_ms: quantile(took, 0.5), p99_ms: quantile(took, 0.99) };
}
