import { z } from 'zod';
import { DESCRIBED_RECEIPT, describedSubjects, eventSubject } from '../../actors/bus/subjects.ts';
import type { Definition } from '../../machines/machine.ts';
import { authenticateSchema, commandSchema, creditSchema, subscribeSchema, unsubscribeSchema } from '../protocol/messages.ts';
import { schemaOf } from '../view.ts';
import { toSchema, withoutDialect } from './openapi.ts';

type Json = Record<string, unknown>;
type Parts = { readonly channels: Json; readonly operations: Json; readonly messages: Json };

const ID = { description: '1 to 64 of A-Z a-z 0-9 _ -' };

const receipt = z.strictObject({
  outcome: z.enum(['applied', 'duplicate', 'rejected', 'parked', 'invalid']),
  address: z.string(),
  version: z.int(),
  id: z.string(),
  reason: z.string().optional(),
});

/** What clients of the socket send, each with an acknowledgement. */
const SOCKET = {
  subscribe: { schema: subscribeSchema, summary: 'Follow actors and lists; acknowledged for each topic' },
  unsubscribe: { schema: unsubscribeSchema, summary: 'Follow no longer' },
  command: { schema: commandSchema, summary: 'Send an actor an event; acknowledged after the commit' },
  authenticate: { schema: authenticateSchema, summary: 'Renew the token in place' },
  credit: { schema: creditSchema, summary: 'How many frames were consumed; not acknowledged' },
} as const;

const FRAMES = ['hello', 'snapshot', 'patch', 'list', 'heads', 'resync', 'revoked', 'expiring', 'bye'];

/** The hub's NATS and Socket.IO sides as an AsyncAPI 3.0 document, made from the machines' schemas. */
export function toAsyncApi(options: {
  readonly definitions: readonly Definition[];
  readonly release: string;
  readonly host: string;
  readonly nats: string | undefined;
}): Json {
  const parts: Parts = { channels: {}, operations: {}, messages: {} };
  for (const definition of options.definitions) {
    addIntake(parts, definition);
    addFacts(parts, definition);
  }
  addReceipts(parts);
  addSocket(parts);
  const nats = { host: options.nats?.replace(/^\w+:\/\//, '') ?? 'localhost:4222', protocol: 'nats' };
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Green Lines Hub',
      version: options.release,
      description:
        'Events for actors and from them over NATS, as CloudEvents 1.0 or bare JSON, and the state of every actor over Socket.IO.',
    },
    defaultContentType: 'application/json',
    servers: { nats, sockets: { host: options.host, protocol: 'ws', pathname: '/socket.io' } },
    channels: parts.channels,
    operations: parts.operations,
    components: { messages: parts.messages },
  };
}

function addIntake(parts: Parts, definition: Definition): void {
  const { type } = definition;
  const names = ['@create', ...Object.keys(definition.events)].filter((name) => definition.permissions[name]?.includes('system') === true);
  if (names.length === 0) return;
  const subjects = describedSubjects(type);
  for (const name of names) {
    addMessage(parts, `${type}.${name.replace('@', '')}`, name, withoutDialect(schemaOf(definition, name)));
  }
  addChannel(
    parts,
    `in.${type}`,
    subjects.in,
    names.map((name) => `${type}.${name.replace('@', '')}`),
    'receive',
    {
      id: ID,
    },
  );
  addMessage(parts, `dead.${type}`, 'What could not be applied', {
    type: 'object',
    properties: { address: { type: 'string' }, reason: { type: 'string' } },
  });
  addChannel(parts, `dead.${type}`, subjects.dead, [`dead.${type}`], 'send', { id: ID });
}

function addFacts(parts: Parts, { type, facts }: Definition): void {
  for (const [name, schema] of Object.entries(facts)) {
    addMessage(parts, `fact.${name}`, name, toSchema(schema));
    addChannel(parts, `event.${name}`, eventSubject(type, name, '{id}'), [`fact.${name}`], 'send', { id: ID });
  }
}

function addReceipts(parts: Parts): void {
  addMessage(parts, 'receipt', 'What became of a message, after the commit', toSchema(receipt));
  const named = { description: 'As it is where it is 1 to 64 of A-Z a-z 0-9 _ -, else its base64url' };
  addChannel(parts, 'receipt', DESCRIBED_RECEIPT, ['receipt'], 'send', { source: named, event_id: named });
}

function addSocket(parts: Parts): void {
  for (const [name, { schema, summary }] of Object.entries(SOCKET)) addMessage(parts, `socket.${name}`, summary, toSchema(schema));
  addChannel(
    parts,
    'socket',
    '/',
    Object.keys(SOCKET).map((name) => `socket.${name}`),
    'receive',
  );
  const frame = { type: 'object', required: ['kind'], properties: { kind: { enum: FRAMES } } };
  addMessage(parts, 'socket.frames', 'What the client follows has changed', { type: 'array', items: frame });
  addChannel(parts, 'frames', '/', ['socket.frames'], 'send');
}

function addMessage({ messages }: Parts, name: string, summary: string, payload: unknown): void {
  messages[name] = { name, summary, payload };
}

/** A channel with the operation of the hub on it: it receives what others send, and sends what they receive. */
function addChannel(
  parts: Parts,
  name: string,
  address: string,
  messages: readonly string[],
  action: 'send' | 'receive',
  parameters?: Json,
): void {
  const refs = messages.map((message) => [message, { $ref: `#/components/messages/${message}` }] as const);
  parts.channels[name] = { address, messages: Object.fromEntries(refs), ...(parameters === undefined ? {} : { parameters }) };
  parts.operations[`${action}.${name}`] = { action, channel: { $ref: `#/channels/${name}` } };
}
