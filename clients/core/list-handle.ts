import type { ListItem } from '../../hub/protocol/messages.ts';
import type { Definition } from '../../machines/machine.ts';
import type { Connection } from './connection.ts';
import { followingOf, type Following } from './following.ts';
import type { ContextOf, StateOf } from './machine-types.ts';

/** A row of a list, as the person may see it. */
export type ListRow<D extends Definition> = Omit<ListItem, 'state' | 'context'> & {
  readonly state: readonly StateOf<D>[];
  readonly context: ContextOf<D>;
};

/** A list at one moment: its window, and how many match altogether. The same object as long as nothing changes. */
export type ListMoment<D extends Definition> = {
  readonly rows: readonly ListRow<D>[] | undefined;
  readonly total: number | undefined;
  readonly following: Following;
};

/** A list, kept in step while it is watched. What is foreseen of an actor is not laid over its row. */
export class ListHandle<D extends Definition> {
  readonly topic: string;
  readonly #connection: Connection;
  #moment: ListMoment<D> | undefined;

  constructor(topic: string, connection: Connection) {
    this.topic = topic;
    this.#connection = connection;
  }

  /** Follows it until the result is called. */
  watch(): () => void {
    return this.#connection.watch(this.topic);
  }

  /** Called whenever `moment` has become another. */
  onChange(listener: () => void): () => void {
    let last = this.moment;
    return this.#connection.onChange(() => {
      const { moment } = this;
      if (moment === last) return;
      last = moment;
      listener();
    });
  }

  get moment(): ListMoment<D> {
    const entry = this.#connection.entry(this.topic);
    const copy = entry?.copy?.kind === 'list' ? entry.copy : undefined;
    const following = followingOf(entry, this.#connection.state);
    // What the hub lists are the machine's own names.
    const rows = copy?.items as readonly ListRow<D>[] | undefined;
    const last = this.#moment;
    if (
      last !== undefined &&
      last.rows === rows &&
      last.total === copy?.total &&
      JSON.stringify(last.following) === JSON.stringify(following)
    )
      return last;
    return (this.#moment = { rows, total: copy?.total, following });
  }

  get rows(): readonly ListRow<D>[] | undefined {
    return this.moment.rows;
  }

  get total(): number | undefined {
    return this.moment.total;
  }

  get following(): Following {
    return this.moment.following;
  }
}
