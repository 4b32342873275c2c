import { z } from 'zod';
import { Fault } from '../machines/fault.ts';
import type { Headers } from './bus/bus.ts';
import { parseJson } from './json.ts';

/** An event as another system published it. */
export type Message = {
  readonly source: string;
  readonly id: string;
  readonly type: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly traceparent: string;
};

/** Who sent a message and what it is called, as far as its headers tell; also where its contents cannot be read. */
export type Envelope = { readonly source: string; readonly id: string };

/** Sources and ids are kept and hashed as they are, so nothing may be in them that a database would write otherwise. */
const NAME = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^\p{Cc}]+$/u)
  .refine((text) => text.isWellFormed(), 'half of a surrogate pair');
const EVENT = z.string().min(1).max(64);

/** CloudEvents 1.0 in JSON; extension attributes are allowed and of them only traceparent is read. Null is the same as absent. */
const cloudEventSchema = z.looseObject({
  specversion: z.literal('1.0'),
  id: NAME,
  source: NAME,
  type: EVENT,
  datacontenttype: z.string().nullish(),
  data: z.unknown().optional(),
  data_base64: z.base64().nullish(),
  traceparent: z.string().max(128).nullish(),
});

const bareSchema = z.looseObject({ type: EVENT });
const objectSchema = z.record(z.string(), z.unknown());

const DEFAULT_SOURCE = 'nats';

/** The source and id that a receipt goes to. A message without an id of its own is named by its place in the stream. */
export function readNames(headers: Headers, place: string): Envelope {
  const source = headers['ce-source'];
  const id = headers['ce-id'] ?? headers['nats-msg-id'];
  return {
    source: NAME.safeParse(source).data ?? DEFAULT_SOURCE,
    id: NAME.safeParse(id).data ?? place,
  };
}

/** Reads CloudEvents in structured or binary mode, or bare JSON. Throws the fault `bad_json` or `invalid`. */
export function readMessage(headers: Headers, data: Uint8Array, place: string): Message {
  const mode = headers['content-type'] ?? '';
  if (/^application\/cloudevents\+json\b/i.test(mode)) return readStructured(parseJson(data));
  if (headers['ce-specversion'] !== undefined) return readBinary(headers, data);
  const names = readNames(headers, place);
  const { type, ...payload } = must(bareSchema, parseJson(data));
  return { ...names, type, payload, traceparent: headers.traceparent ?? '' };
}

function readStructured(value: unknown): Message {
  const event = must(cloudEventSchema, value);
  const data = typeof event.data_base64 === 'string' ? parseJson(Buffer.from(event.data_base64, 'base64')) : event.data;
  return {
    source: event.source,
    id: event.id,
    type: event.type,
    payload: must(objectSchema, data ?? {}),
    traceparent: event.traceparent ?? '',
  };
}

function readBinary(headers: Headers, data: Uint8Array): Message {
  const attributes = Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (name.startsWith('ce-') ? [[name.slice(3), value]] : [])),
  );
  const event = must(cloudEventSchema, attributes);
  const payload = data.length === 0 ? {} : must(objectSchema, parseJson(data));
  return { source: event.source, id: event.id, type: event.type, payload, traceparent: event.traceparent ?? headers.traceparent ?? '' };
}

function must<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Fault('invalid', `Not a CloudEvent 1.0 and not {"type": …}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
}
