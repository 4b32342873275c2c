/** The configuration of the embedded NATS server. */
import { join } from 'node:path';

/**
 * Hubs and everybody else are separate accounts. Permissions alone would not do: a publisher names the subject of the reply,
 * and JetStream answers there with its own rights, so `greenlines.in.>` with a reply to `$JS.API.STREAM.PURGE.…` or
 * `greenlines.changes.…` would reach the hubs' side (tried: nats-server 2.9.10 purged). Across accounts a reply goes back to
 * the publisher's side only, and the hubs' own inboxes cannot be listened to.
 */
const hubAccount = `    jetstream: enabled
    exports: [
      # A stream of responses: JetStream's acknowledgement is the first, the hub's receipt follows after its commit.
      { service: "greenlines.in.>", response_type: stream, threshold: "30s", accounts: [OUTSIDE] }
      { stream: "greenlines.receipt.>", accounts: [OUTSIDE] }
      { stream: "greenlines.event.>", accounts: [OUTSIDE] }
    ]`;

const outsideAccount = `    default_permissions: {
      publish: { allow: ["greenlines.in.>"] }
      subscribe: { allow: ["greenlines.receipt.>", "greenlines.event.>", "_INBOX.>"] }
    }
    imports: [
      { service: { account: HUB, subject: "greenlines.in.>" } }
      { stream: { account: HUB, subject: "greenlines.receipt.>" } }
      { stream: { account: HUB, subject: "greenlines.event.>" } }
    ]`;

/** The accounts for the given users, each as NATS writes a user. nats.conf for production has the same; a test holds it to that. */
export function natsAccounts(users: { hub: string; outside: string }): string {
  return `accounts {
  HUB {
    users: [ ${users.hub} ]
${hubAccount}
  }
  OUTSIDE {
    users: [ ${users.outside} ]
${outsideAccount}
  }
}
`;
}

type NatsConfig = { dir: string; port: number; hubPassword: string; serverName: string; syncsAlways: boolean };

/**
 * Loopback only. Whoever connects without a name is the stranger; the hub has a password that lies in the data directory.
 * `syncsAlways` writes every message to disk before it is acknowledged, which servers before 2.10 do not know.
 * Accepted by nats-server from 2.9.10 on.
 */
export function natsConfig(config: NatsConfig): string {
  const users = { hub: `{ user: hub, password: ${JSON.stringify(config.hubPassword)} }`, outside: '{ user: stranger, password: "" }' };
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

${natsAccounts(users)}
no_auth_user: stranger
`;
}
