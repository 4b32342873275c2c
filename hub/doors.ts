import type { Config } from './config.ts';
import type { Hub } from './hub.ts';
import { openHttp } from './http/server.ts';
import { openInspection } from './inspect/server.ts';
import type { HubLog } from './observe/log.ts';
import { Metrics } from './observe/metrics.ts';
import { openSockets } from './socket/server.ts';

export type DoorsOptions = {
  readonly config: Config;
  readonly log: HubLog;
  readonly release: string;
  readonly node: string;
  readonly metrics: Metrics;
};

/** The doors of the hub: HTTP and Socket.IO on one port. They listen from the first moment and serve once there is a hub. */
export type Doors = {
  readonly port: number;
  readonly url: () => string;
  attach(hub: Hub): Promise<void>;
  /** Takes no new work, tells the sockets, and waits for what is under way. */
  drain(): Promise<void>;
  close(): Promise<void>;
};

export async function openDoors(given: Omit<DoorsOptions, 'metrics'>): Promise<Doors> {
  const options: DoorsOptions = { ...given, metrics: new Metrics() };
  const http = await openHttp(options);
  const sockets = openSockets(http.server, options);
  const inspection = openInspection(http.server, options);
  return {
    port: http.port,
    url: http.url,
    attach: async (hub) => {
      const people = http.people(hub);
      hub.runtime.forwarding.use({ direct: postToNode, recheck: async (token) => (await people.verify(token)).caller });
      sockets.attach(hub, people);
      inspection.attach(hub, people);
      http.streams(sockets.stream);
      await http.attach(hub);
    },
    drain: async () => {
      await Promise.all([sockets.drain(), inspection.drain()]);
      await http.drain();
    },
    close: async () => {
      await sockets.close();
      inspection.close();
      await http.close();
    },
  };
}

/** The way from node to node while NATS is down. */
async function postToNode(url: string, text: string, signature: string, within_ms: number): Promise<string> {
  const answer = await fetch(`${url}/v1/nodes/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream', 'hub-signature': signature },
    body: text,
    signal: AbortSignal.timeout(within_ms),
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer.text();
}
