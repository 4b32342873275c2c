import { z } from 'zod';
import type { Definition } from '../../machines/machine.ts';
import { schemaOf } from '../view.ts';
import { problem } from './schemas.ts';

type Json = { readonly [key: string]: unknown };
type Operation = { readonly responses?: Json; readonly parameters?: readonly Json[]; readonly [key: string]: unknown };
type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;
/** An OpenAPI document, as far as it matters here. */
export type Document = { readonly paths?: Paths; readonly components?: { readonly schemas?: Json }; readonly [key: string]: unknown };

const CREATE = '/v1/actors/{type}';
const SEND = '/v1/actors/{type}/{id}/events';

/** The routes as they were declared, with what the machines add: a path for each kind of actor, with its inputs and events. */
export function withMachines(document: Document, definitions: readonly Definition[]): Document {
  const paths: Record<string, Readonly<Record<string, Operation>>> = {};
  for (const [path, item] of Object.entries(document.paths ?? {})) paths[path] = mapValues(item, withProblem);
  const create = paths[CREATE]?.['post'];
  const send = paths[SEND]?.['post'];
  const schemas: Record<string, unknown> = { ...document.components?.schemas, Problem: toSchema(problem) };
  for (const definition of definitions) {
    const { type } = definition;
    for (const name of ['@create', ...Object.keys(definition.events)]) schemas[componentOf(type, name)] = bodyOf(definition, name);
    if (create !== undefined)
      paths[`/v1/actors/${type}`] = { post: specific(create, `Create a ${type}`, ref(componentOf(type, '@create')), ['type']) };
    const events = Object.keys(definition.events).map((name) => [name, componentOf(type, name)] as const);
    if (send === undefined || events.length === 0) continue;
    const mapping = Object.fromEntries(events.map(([name, component]) => [name, `#/components/schemas/${component}`]));
    const body = { oneOf: events.map(([, component]) => ref(component)), discriminator: { propertyName: 'type', mapping } };
    paths[`/v1/actors/${type}/{id}/events`] = { post: specific(send, `Send a ${type} an event`, body, ['type']) };
  }
  return { ...document, paths, components: { ...document.components, schemas } };
}

/** Every route can fail, and always in the same shape. */
function withProblem(operation: Operation): Operation {
  const failed = { description: 'A problem, see the fault table', content: { 'application/problem+json': { schema: ref('Problem') } } };
  return { ...operation, responses: { ...operation.responses, default: failed } };
}

function specific(operation: Operation, summary: string, schema: unknown, without: readonly string[]): Operation {
  const parameters = (operation.parameters ?? []).filter(({ name }) => !without.includes(String(name)));
  return { ...operation, summary, parameters, requestBody: { required: true, content: { 'application/json': { schema } } } };
}

/** What is posted: a creation's input stands in `input`, an event's payload beside `type`. */
function bodyOf(definition: Definition, name: string): unknown {
  const {
    properties = {},
    required = [],
    ...rest
  } = withoutDialect(schemaOf(definition, name)) as { properties?: Json; required?: readonly string[] };
  const id = { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' };
  if (name === '@create') {
    return {
      type: 'object',
      properties: { id, input: { ...rest, properties, required } },
      required: ['input'],
      additionalProperties: false,
    };
  }
  const own = { type: { const: name }, id: { type: 'string' }, ifVersion: { type: 'integer', minimum: 0 } };
  return { ...rest, properties: { ...own, ...properties }, required: ['type', ...required] };
}

/** Names in components take letters, digits, dots and hyphens only. */
function componentOf(type: string, name: string): string {
  return `${type}.${name.replace('@', '')}`;
}

function ref(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

export function toSchema(schema: z.ZodType): unknown {
  return withoutDialect(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
}

export function withoutDialect(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  const { $schema: _, ...rest } = schema as Record<string, unknown>;
  return rest;
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
