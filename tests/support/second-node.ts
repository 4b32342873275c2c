import { rm } from 'node:fs/promises';
import { PARTITIONS } from '../../machines/ids.ts';
import { must } from '../../machines/must.ts';
import type { TestHub, TestHubOptions } from './hub.ts';
import { eventually, openDirectory, processHub } from './process-hub.ts';

/** What a hub in the test's own process is started with, so that another node of it can be started beside it. */
export const FIRST_NODE: TestHubOptions = { nodeId: 'one', jwtSecret: 'j'.repeat(40), secretKey: 's'.repeat(40) };

export type SecondNode = {
  readonly url: string;
  /** It keeps its lease and its connections, and answers nobody. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  readonly stop: () => Promise<void>;
};

/** Another node of the same hub in a process of its own, named `two`, whose lease is long. */
export async function startSecondNode({ hub: { config, runtime } }: TestHub): Promise<SecondNode> {
  const dataDir = await openDirectory('second-node');
  const node = await processHub(dataDir, {
    DATABASE_URL: must(config.databaseUrl, 'the database of the first node'),
    NATS_URL: must(config.natsUrl, 'the NATS of the first node'),
    HUB_JWT_SECRET: must(config.jwtSecret, 'the secret of the first node'),
    HUB_SECRET_KEY: must(config.secretKey, 'the key of the first node'),
    HUB_NODE_ID: 'two',
    HUB_LEASE_MS: '60000',
    HUB_CONSOLE: '0',
    HUB_DEMO: '1',
  });
  await node.start();
  await eventually('the first node has given up a share', 60_000, () => runtime.lanes.partitions.length < PARTITIONS);
  const signal = (name: 'SIGSTOP' | 'SIGCONT'): void => void process.kill(must(node.pid(), 'the process of the second node'), name);
  return {
    url: node.url,
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    stop: async () => {
      signal('SIGCONT');
      await node.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
