import type { z } from 'zod';
import type { Caller } from '../../actors/caller.ts';
import type { Role } from '../../machines/machine.ts';
import type { People } from '../auth/people.ts';
import type { Hub } from '../hub.ts';
import type { Limits } from './limits.ts';

/** What a route is asked, after everything that can be checked without it has been. */
export type Ask<Params, Query, Body, Who> = {
  readonly hub: Hub;
  readonly people: People;
  /** Who asks; undefined on public routes. */
  readonly caller: Who;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The address that the request comes from. */
  readonly address: string;
  readonly limits: Limits;
  /** W3C Trace Context of the request, or empty. */
  readonly traceparent: string;
};

/** What a route answers; faults are thrown. A body is sent as JSON, a string as it is. */
export type Answer = { readonly status?: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> };

export type Method = 'GET' | 'POST' | 'PUT';

type Parsed<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;

type Options<Params, Query, Body, Who> = {
  readonly method: Method;
  /** As Fastify has it, for example `/v1/actors/:type`. */
  readonly path: string;
  /** What it does, in a few words, for the documentation. */
  readonly summary: string;
  readonly description?: string;
  readonly params?: Params;
  readonly query?: Query;
  /** A schema for JSON, `raw` for up to 1 MiB of anything, or `file` for up to 50. */
  readonly body?: Body;
  /** Headers that it reads, for the documentation. */
  readonly headers?: z.ZodObject;
  /** What it answers when all is well, by status. */
  readonly answers: Readonly<Record<number, z.ZodType>>;
  readonly handler: (ask: Ask<Parsed<Params>, Parsed<Query>, Body extends 'raw' | 'file' ? Buffer : Parsed<Body>, Who>) => Promise<Answer>;
};

/** A route, whatever its types were. */
export type Route = Options<z.ZodType | undefined, z.ZodType | undefined, z.ZodType | 'raw' | 'file' | undefined, Caller | undefined> & {
  readonly access: 'public' | 'node' | 'person' | readonly Role[];
};

/** A route for people who are signed in; with `roles` only for those who have one of them. */
export function defineRoute<
  const Params extends z.ZodType | undefined = undefined,
  const Query extends z.ZodType | undefined = undefined,
  const Body extends z.ZodType | 'raw' | 'file' | undefined = undefined,
>(options: Options<Params, Query, Body, Caller> & { readonly roles?: readonly Role[] }): Route {
  const { roles, ...rest } = options;
  return { ...rest, access: roles ?? 'person' } as unknown as Route;
}

/** A route for everybody. */
export function definePublicRoute<
  const Params extends z.ZodType | undefined = undefined,
  const Query extends z.ZodType | undefined = undefined,
  const Body extends z.ZodType | 'raw' | 'file' | undefined = undefined,
>(options: Options<Params, Query, Body, undefined>): Route {
  return { ...options, access: 'public' } as unknown as Route;
}

/** A route for the other nodes of this hub, which sign what they send. */
export function defineNodeRoute<const Body extends z.ZodType | 'raw'>(options: Options<undefined, undefined, Body, undefined>): Route {
  return { ...options, access: 'node' } as unknown as Route;
}
