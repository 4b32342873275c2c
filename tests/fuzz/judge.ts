import { isListTopic } from '../../clients/core/topic.ts';
import type { ActorView, ListItem } from '../../hub/protocol/messages.ts';
import { Problem } from '../../clients/core/problem.ts';
import type { FuzzClient } from './client.ts';

/** Where a client does not see what the hub says that this person sees; each as one line. */
export async function findDifference(client: FuzzClient): Promise<readonly string[]> {
  if (client.connection.state.phase !== 'online') return [`${client.username} is not connected`];
  return (await Promise.all(client.watched.map((topic) => differs(client, topic)))).filter((found) => found !== undefined);
}

async function differs(client: FuzzClient, topic: string): Promise<string | undefined> {
  const entry = client.connection.entry(topic);
  if (entry === undefined) return `${client.username} ${topic} is not followed`;
  if (entry.standing.kind === 'refused' || entry.standing.kind === 'revoked') client.connection.retry(topic);
  const answer = await client.get(`/v1/actors/${topic}`).catch((error: unknown) => {
    if (error instanceof Problem && error.status === 404) return undefined;
    throw error;
  });
  const { copy } = entry;
  if (answer === undefined || copy === undefined) {
    const both = answer === undefined && copy === undefined;
    return both
      ? undefined
      : `${client.username} ${topic}: has ${copy === undefined ? 'no copy' : 'a copy'}, the hub shows ${answer === undefined ? 'none' : 'one'} (${JSON.stringify(entry.standing)})`;
  }
  if (isListTopic(topic) !== (copy.kind === 'list')) return `${topic} has a copy of another kind`;
  const [here, there] =
    copy.kind === 'list'
      ? [copy.items.map(toRow), (answer as { items: ListItem[] }).items.map(toRow)]
      : [toSeen(copy), toSeen(answer as ActorView)];
  return JSON.stringify(here) === JSON.stringify(there)
    ? undefined
    : `${client.username} ${topic} at ${JSON.stringify(client.connection.state)} ${JSON.stringify(entry.standing)}, version ${copy.version}: has ${JSON.stringify(here).slice(0, 300)}, the hub shows ${JSON.stringify(there).slice(0, 300)}`;
}

/** All but the version and its time: in a view that does not show everything they stay where the last change was that it shows. */
function toSeen({ state, tags, context, can, timers }: Pick<ActorView, 'state' | 'tags' | 'context' | 'can' | 'timers'>): unknown {
  return [state, tags, sorted(context), can.map(({ type, ok, reason }) => [type, ok, reason]), timers];
}

function toRow({ address, state, tags, title, summary, context }: ListItem): unknown {
  return [address, state, tags, title, summary, sorted(context)];
}

/** Fields in one order: a patch appends what a snapshot has elsewhere. */
function sorted(context: Readonly<Record<string, unknown>>): unknown {
  return Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1));
}
