/** The configuration of the embedded NATS server. */
import { join } from 'node:path';

/**
 * What a program that is not a hub may do: hand events in, and read receipts, domain events and its own replies. The same
 * lines stand in nats.conf for production; a test holds the two together.
 */
export const publisherPermissions = `{
  publish: { allow: ["greenlines.in.>"] }
  subscribe: { allow: ["greenlines.receipt.>", "greenlines.event.>", "_INBOX.>"] }
}`;

export type NatsConfig = { dir: string; port: number; hubPassword: string; serverName: string; syncsAlways: boolean };

/**
 * Loopback only. Whoever connects without a name is the stranger; the hub has a password that lies in the data directory.
 * `syncsAlways` writes every message to disk before it is acknowledged, which servers before 2.10 do not know.
 * Accepted by nats-server from 2.9.10 on.
 */
export function natsConfig(config: NatsConfig): string {
  return `# Made by the hub at every start; changes are lost.
server_name: ${config.serverName}
listen: "127.0.0.1:${config.port}"
max_payload: 1MB
pid_file: ${JSON.stringify(join(config.dir, 'nats-server.pid'))}
jetstream {
  store_dir: ${JSON.stringify(config.dir)}
  max_memory_store: 256MB
  max_file_store: 8GB${config.syncsAlways ? '\n  sync_interval: always' : ''}
}
authorization {
  users: [
    { user: hub, password: ${JSON.stringify(config.hubPassword)} }
    { user: stranger, password: "", permissions: ${publisherPermissions.replaceAll('\n', '\n    ')} }
  ]
}
no_auth_user: stranger
`;
}
