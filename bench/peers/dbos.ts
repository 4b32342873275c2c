import { DBOS } from '@dbos-inc/dbos-sdk';
import pg from 'pg';
import type { OrderInput } from '../order.ts';
import { contend } from './contend.ts';
import { born, next } from './transition.ts';
import type { Sent, State } from './transition.ts';

/*
 * DBOS: one workflow for each order, whose id is the order's, with one step for the creation and one for each event. A step
 * waits in memory for its event and returns the next state; DBOS records that before the workflow goes on, and only then is the
 * driver told. That is one transaction for each transition. Messages by `send` and `recv` take three, and a workflow for each
 * event takes two; both were slower here.
 */

const POOL = 20;
const EVENTS = 5;

type Letter = { readonly event: Sent; readonly event_id: string };
type Told = { readonly resolve: (state: State) => void; readonly reject: (error: unknown) => void };

/** What one running workflow and the driver hand each other. */
class Desk {
  #letter: Letter | undefined;
  #take: ((letter: Letter) => void) | undefined;
  #told: Told | undefined;

  /** Hands in an event; the state that it led to, when that has been recorded. */
  send(letter: Letter): Promise<State> {
    const recorded = this.recorded();
    if (this.#take === undefined) this.#letter = letter;
    else this.#take(letter);
    this.#take = undefined;
    return recorded;
  }

  recorded(): Promise<State> {
    return new Promise((resolve, reject) => void (this.#told = { resolve, reject }));
  }

  letter(): Promise<Letter> {
    const waiting = this.#letter;
    this.#letter = undefined;
    return waiting === undefined ? new Promise((resolve) => void (this.#take = resolve)) : Promise.resolve(waiting);
  }

  tell(state: State): void {
    this.#told?.resolve(state);
  }

  fail(error: unknown): void {
    this.#told?.reject(error);
  }
}

const desks = new Map<string, Desk>();

async function live(id: string, input: OrderInput): Promise<void> {
  const desk = desks.get(id);
  if (desk === undefined) throw new Error(`Nobody waits for ${id}`);
  // States travel as texts: its serializer takes longer over an object than JSON does.
  let state = await DBOS.runStep(() => Promise.resolve(JSON.stringify(born(id, input))), { name: 'create' });
  desk.tell(JSON.parse(state) as State);
  for (let taken = 0; taken < EVENTS; taken++) {
    const before = JSON.parse(state) as State;
    const step = async (): Promise<string> => JSON.stringify(next(before, (await desk.letter()).event));
    state = await DBOS.runStep(step, { name: 'event' });
    desk.tell(JSON.parse(state) as State);
  }
}

async function freshDatabase(databaseUrl: string): Promise<string> {
  const admin = new pg.Client({ connectionString: databaseUrl });
  await admin.connect();
  await admin.query('drop database if exists peers_dbos with (force)');
  await admin.query('create database peers_dbos');
  await admin.end();
  const url = new URL(databaseUrl);
  url.pathname = '/peers_dbos';
  return url.href;
}

contend(async ({ databaseUrl }) => {
  DBOS.setConfig({
    name: 'peers',
    systemDatabaseUrl: await freshDatabase(databaseUrl),
    systemDatabasePoolSize: POOL,
    logLevel: 'error',
    tracingEnabled: false,
  });
  const workflow = DBOS.registerWorkflow(live, { name: 'live' });
  await DBOS.launch();
  const under_way = new Set<Promise<void>>();
  return {
    create: async (id, input) => {
      const desk = new Desk();
      desks.set(id, desk);
      const created = desk.recorded();
      const handle = await DBOS.startWorkflow(workflow, { workflowID: id })(id, input);
      const end = handle.getResult().then(
        () => void desks.delete(id),
        (error: unknown) => desk.fail(error),
      );
      under_way.add(end);
      void end.finally(() => under_way.delete(end));
      return { id, hash: (await created).context.payload_hash };
    },
    send: async (id, event, event_id) => {
      const desk = desks.get(id);
      if (desk === undefined) throw new Error(`There is no order ${id}`);
      return (await desk.send({ event, event_id })).value;
    },
    close: async () => {
      await Promise.all(under_way);
      await DBOS.shutdown();
    },
  };
});
