import { LRUCache } from 'lru-cache';
import type { Store } from '../../actors/store/store.ts';
import { readAddress, typeOf } from '../../machines/ids.ts';
import type { Definition } from '../../machines/machine.ts';
import type { Rights } from '../socket/rights.ts';
import type { Kin } from './frames.ts';

const MOST_KNOWN = 10_000;
/** No hub has so deep a family; a journal that says so is not followed for ever. */
const DEEPEST = 16;

/** Who created whom: an actor's first row names the actor that told it to begin. */
export class Lineage {
  readonly #store: Pick<Store, 'versions'>;
  /** The creator of each; empty where that was no actor. */
  readonly #makers = new LRUCache<string, string>({ max: MOST_KNOWN });

  constructor(store: Pick<Store, 'versions'>) {
    this.#store = store;
  }

  /** A first row was seen. */
  learn(address: string, caller: string): void {
    this.#makers.set(address, readAddress(caller)?.address ?? '');
  }

  /** Its kin as far up as the caller may know of every actor of those kinds. */
  async kinOf(address: string, rightsOf: (type: string) => Rights | undefined): Promise<Kin> {
    const makers: string[] = [];
    for (let at = address; makers.length < DEEPEST;) {
      const maker = await this.#makerOf(at);
      if (maker === '' || rightsOf(typeOf(maker))?.view.rows !== 'all') break;
      makers.push(maker);
      at = maker;
    }
    return { rootId: makers.at(-1) ?? address, parentId: makers[0] };
  }

  async #makerOf(address: string): Promise<string> {
    const known = this.#makers.get(address);
    if (known !== undefined) return known;
    const [first] = await this.#store.versions([{ actor: address, version: 1 }]);
    this.learn(address, first?.caller ?? '');
    return this.#makers.get(address) ?? '';
  }
}

/** Rights by type, made once for one caller. */
export function rightsBook(
  definitions: ReadonlyMap<string, Definition>,
  toRights: (definition: Definition) => Rights | undefined,
): (type: string) => Rights | undefined {
  const known = new Map<string, Rights | undefined>();
  return (type) => {
    if (!known.has(type)) {
      const definition = definitions.get(type);
      known.set(type, definition === undefined ? undefined : toRights(definition));
    }
    return known.get(type);
  };
}
