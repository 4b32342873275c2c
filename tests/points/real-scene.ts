import type { StoredEnvelope } from '../../actors/envelope.ts';
import { typeOf } from '../../machines/ids.ts';
import { eventually } from '../support/process-hub.ts';
import { FOUND, ROWS } from './memory-imports.ts';
import { Scene } from './scene.ts';
import type { Answer, Ask, Event } from './scene.ts';
import type { Stand } from './stand.ts';

const WITHIN_MS = 20_000;

/** A case on a stand: over REST and NATS, with what the database holds. */
export class RealScene extends Scene {
  readonly #stand: Stand;

  constructor(stand: Stand, id: string) {
    super(id);
    this.#stand = stand;
  }

  fault(operation: string, fault: string, times = 1_000): Promise<void> {
    return this.#stand.must({ as: 'operator', path: '/v1/sandbox/faults', body: { match: { payment: this.id, operation }, fault, times } });
  }

  async file(): Promise<void> {
    const { database } = this.#stand;
    const file = [this.id, 'clerk', FOUND.sha256, FOUND.bytes, JSON.stringify(FOUND), 0];
    await database.query('insert into import_file values ($1, $2, $3, $4, $5, $6) on conflict do nothing', file);
    const piece = [this.id, FOUND.sha256, 0, ROWS.at(-1)?.row, JSON.stringify(ROWS)];
    await database.query('insert into import_piece values ($1, $2, $3, $4, $5) on conflict do nothing', piece);
  }

  protected ask({ address, as, key }: Ask, event: Event): Promise<Answer> {
    const { type, ...input } = event;
    return type === '@create'
      ? this.#stand.call({ as, path: `/v1/actors/${typeOf(address)}`, body: { id: this.id, input }, key })
      : this.#stand.call({ as, path: `/v1/actors/${address}/events`, body: event, key });
  }

  protected tellByNats(address: string, id: string, event: Event): Promise<Record<string, unknown>> {
    return this.#stand.publish({ subject: `greenlines.in.${address.replace('/', '.')}`, data: event, source: 'points', id });
  }

  protected async envelope(address: string): Promise<StoredEnvelope | undefined> {
    const { rows } = await this.#stand.database.query('select envelope from journal where actor = $1 order by version desc limit 1', [
      address,
    ]);
    const [newest] = rows as { envelope: string }[];
    return newest === undefined ? undefined : (JSON.parse(newest.envelope) as StoredEnvelope);
  }

  protected eventually(isSo: () => Promise<boolean>): Promise<void> {
    return eventually('the actor stands as the story wants it', WITHIN_MS, isSo);
  }
}
