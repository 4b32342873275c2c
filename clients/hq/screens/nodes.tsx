import { isRecord } from '../../core/problem.ts';
import { unreadable } from '../office.ts';
import { officeTexts } from '../texts-office.ts';
import { ProblemNotice, Skeleton } from '../parts/notice.tsx';
import { PlainTable, type PlainColumn } from '../parts/plain-table.tsx';
import { Ago } from '../parts/time.tsx';
import { usePolled } from '../parts/use-polled.ts';
import { useServices } from '../services.ts';
import { texts } from '../texts.ts';
import { useTitle } from '../title.ts';

type Node = { readonly id: string; readonly url: string; readonly since: string; readonly partitions: readonly number[] };
type Answer = { readonly nodes: readonly Node[]; readonly partitions: number };

function readNodes(answer: unknown): Answer {
  if (isRecord(answer) && Array.isArray(answer['nodes']) && typeof answer['partitions'] === 'number') return answer as unknown as Answer;
  throw unreadable();
}

const EVERY_MS = 2_000;
const words = officeTexts.nodes;

const COLUMNS: readonly PlainColumn<Node & { place: number }>[] = [
  {
    key: 'id',
    label: words.columns.id,
    show: ({ id, place }) => (
      <span className="node-name">
        <span className="node-mark" data-place={place % 6} aria-hidden="true">
          {letterOf(place)}
        </span>
        <span className="mono">{id}</span>
      </span>
    ),
  },
  { key: 'url', label: words.columns.url, show: ({ url }) => url },
  { key: 'since', label: words.columns.since, show: ({ since }) => <Ago at={since} /> },
  { key: 'owns', label: words.columns.owns, show: ({ partitions }) => words.partitions(partitions.length), align: 'end' },
];

/** Who runs, and who owns what: the map changes before one's eyes when a node goes. */
export function Nodes() {
  useTitle(words.title);
  const { office } = useServices();
  const { value, problem, again } = usePolled('nodes', async (signal) => readNodes(await office.get('/v1/nodes', signal)), EVERY_MS);
  const nodes = value?.nodes.map((node, place) => ({ ...node, place }));
  return (
    <div className="page">
      <div className="page-head">
        <h1>{words.title}</h1>
        {nodes && <p className="muted">{words.count(nodes.length)}</p>}
      </div>
      <p className="muted">{words.about}</p>
      {problem && <ProblemNotice title={texts.common.cannotBeShown(words.title)} problem={problem} onRetry={again} />}
      {value === undefined && !problem && <Skeleton rows={4} label={texts.common.loading(words.title)} />}
      {nodes && (
        <section className="card">
          <PlainTable label={words.title} columns={COLUMNS} rows={nodes} keyOf={({ id }) => id} />
        </section>
      )}
      {nodes && value && <PartitionMap nodes={nodes} partitions={value.partitions} />}
    </div>
  );
}

function PartitionMap({ nodes, partitions }: { nodes: readonly (Node & { place: number })[]; partitions: number }) {
  const owners = new Map(nodes.flatMap((node) => node.partitions.map((partition) => [partition, node] as const)));
  const free = partitions - owners.size;
  return (
    <section className="card" aria-labelledby="map-title">
      <h2 id="map-title">{words.map}</h2>
      <p role="status" className={free > 0 ? 'free' : 'muted'}>
        {free > 0 ? words.freeCount(free) : words.allOwned}
      </p>
      <ol className="partition-map">
        {Array.from({ length: partitions }, (_, partition) => {
          const owner = owners.get(partition);
          const says = owner === undefined ? words.free(partition) : words.owned(partition, owner.id);
          return (
            <li key={partition} className="partition" data-place={owner === undefined ? 'none' : owner.place % 6} title={says}>
              <span className="visually-hidden">{says}</span>
              <span aria-hidden="true" className="number">
                {partition}
              </span>
              <strong aria-hidden="true">{owner === undefined ? '?' : letterOf(owner.place)}</strong>
            </li>
          );
        })}
      </ol>
    </section>
  );
}

/** Told apart by a letter, and by a colour only beside it. */
function letterOf(place: number): string {
  return String.fromCodePoint(65 + (place % 26));
}
