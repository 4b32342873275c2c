import { PARTITIONS, idOf, typeOf } from '../../machines/ids.ts';
import type { Definition } from '../../machines/machine.ts';
import type { Asked } from '../envelope.ts';
import { toPostingRows } from '../posting.ts';
import { toSearchText } from '../search-index.ts';
import { toLive } from '../step.ts';
import { unpack } from '../store/bundle.ts';
import type { Contents } from '../store/bundle.ts';
import { ReadModels } from '../store/read-models.ts';
import type { Newest, Posted, TextRow } from '../store/read-models.ts';
import type { ActorColumns } from '../store/rows.ts';
import type { PostingRow } from '../store/store.ts';
import { expectedActor } from './actor-check.ts';
import type { Finding } from './finding.ts';

export type RebuildOptions = {
  readonly url: string;
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly progress?: (rebuilt: Rebuilt) => void;
};

export type Rebuilt = {
  actors: number;
  legs: number;
  /** Actors of older or unknown machines: what only those knew of them was kept as it stood. */
  kept: number;
  readonly findings: Finding[];
};

/**
 * Makes actors, search texts and the ledger anew from the journal, in one transaction, while no node is up. What of the journal
 * cannot be read is a finding, and leaves no row behind. It does not ask whether the journal is right: verify does.
 */
export async function rebuild(options: RebuildOptions): Promise<Rebuilt> {
  const models = await ReadModels.open(options.url);
  const rebuilt: Rebuilt = { actors: 0, legs: 0, kept: 0, findings: [] };
  try {
    for (let page = await models.newest(''); page.length > 0; page = await models.newest(page.at(-1)?.actor ?? '')) {
      await rebuildActors(models, options.definitions, page, rebuilt);
      options.progress?.(rebuilt);
    }
    for (let partition = 0; partition < PARTITIONS; partition++) {
      await rebuildLedger(models, partition, rebuilt);
      options.progress?.(rebuilt);
    }
    await models.commit();
    return rebuilt;
  } finally {
    await models.close();
  }
}

async function rebuildActors(
  models: ReadModels,
  definitions: ReadonlyMap<string, Definition>,
  page: readonly Newest[],
  rebuilt: Rebuilt,
): Promise<void> {
  const rows: ActorColumns[] = [];
  const texts: TextRow[] = [];
  for (const newest of page) {
    const { actor, version } = newest;
    try {
      const { columns, lean } = expectedActor(definitions, actor, newest.envelope, Number(newest.born_at));
      // What nobody can work out any more stays as it was; where there is nothing either, the migration writes it.
      rows.push({
        tags: null,
        title: null,
        summary: null,
        client: null,
        agent: null,
        ...(lean ? newest.present : {}),
        ...columns,
      } as ActorColumns);
      if (lean) rebuilt.kept++;
      const text = lean ? undefined : textOf(definitions, newest);
      if (text !== undefined) texts.push(text);
    } catch (error) {
      rebuilt.findings.push({
        actor,
        version,
        column: 'envelope',
        what: `cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      });
    }
  }
  await models.writeActors(rows);
  await models.writeTexts(texts);
  rebuilt.actors += rows.length;
}

function textOf(definitions: ReadonlyMap<string, Definition>, { actor, envelope }: Newest): TextRow | undefined {
  const definition = definitions.get(typeOf(actor));
  if (definition === undefined) return undefined;
  const context = toLive(definition, envelope).snapshot.context as Record<string, unknown>;
  return { address: actor, type: definition.type, text: toSearchText(definition, idOf(actor), context).toWellFormed() };
}

async function rebuildLedger(models: ReadModels, partition: number, rebuilt: Rebuilt): Promise<void> {
  const shelf = new Shelf(models);
  for (let page = await models.posted(partition, 0); page.length > 0; page = await models.posted(partition, page.at(-1)?.seq ?? 0)) {
    const legs: PostingRow[] = [];
    for (const row of page) {
      try {
        const asked = row.asked === '' ? await shelf.askedOf(row) : row.asked;
        if (asked !== '') legs.push(...toPostingRows(row, (JSON.parse(asked) as Asked).postings ?? []));
      } catch {
        const { seq, actor, version } = row;
        rebuilt.findings.push({
          partition,
          seq,
          actor,
          version,
          column: 'asked',
          what: 'cannot be read; what it posted is not in the ledger',
        });
      }
    }
    await models.writeLegs(legs);
    rebuilt.legs += legs.length;
  }
}

/** The bundle of the archive that was read last: the next row is mostly in the same one. */
class Shelf {
  readonly #models: ReadModels;
  #bundle: { readonly actor: string; readonly first: number; readonly contents: readonly Contents[] } | undefined;

  constructor(models: ReadModels) {
    this.#models = models;
  }

  async askedOf({ actor, version }: Posted): Promise<string> {
    const here = this.#bundle;
    if (here?.actor === actor && here.contents[version - here.first] !== undefined) return here.contents[version - here.first]?.asked ?? '';
    const bundle = await this.#models.bundle(actor, version);
    if (bundle === undefined) throw new Error('No archive holds it');
    this.#bundle = { actor, first: bundle.first, contents: unpack(bundle) };
    return this.#bundle.contents[version - bundle.first]?.asked ?? '';
  }
}
