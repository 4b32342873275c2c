import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { machines } from '../../machines/machines.ts';
import { toAsyncApi } from './asyncapi.ts';
import type { Door } from './door.ts';
import { withoutCredentials } from './health.ts';
import { withMachines } from './openapi.ts';
import type { Document } from './openapi.ts';

/** Has to come before the routes that it is to describe. */
export async function useDescriptions(app: FastifyInstance, release: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Green Lines Hub',
        version: release,
        description: 'Every actor of the hub over HTTP. Failures are application/problem+json with a code of the fault table.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    },
    transform: jsonSchemaTransform,
  });
}

/** The API's descriptions for programs, `/openapi.json` and `/asyncapi.json`, and for people, `/docs`. */
export async function mountDocuments(app: FastifyInstance, door: Door): Promise<void> {
  let known: { readonly of: unknown; readonly document: Document } | undefined;
  const document = (): Document => {
    const definitions = door.hub?.runtime.definitions;
    if (known === undefined || known.of !== definitions) {
      known = { of: definitions, document: withMachines(app.swagger() as unknown as Document, [...(definitions?.values() ?? machines)]) };
    }
    return known.document;
  };
  const hidden = { schema: { hide: true } };
  app.get('/openapi.json', hidden, async () => document());
  app.get('/asyncapi.json', hidden, async () => {
    const { config, release } = door.options;
    const nats = door.hub?.embedded?.natsUrl ?? config.natsUrl;
    const definitions = [...(door.hub?.runtime.definitions.values() ?? machines)];
    return toAsyncApi({
      definitions,
      release,
      host: new URL(door.url).host,
      nats: nats === undefined ? undefined : withoutCredentials(nats),
    });
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: { docExpansion: 'list', deepLinking: true, persistAuthorization: false },
    uiHooks: { onRequest: async (_, reply) => allowInlineStyles(reply) },
    transformSpecification: () => document(),
    transformSpecificationClone: false,
  });
}

/** The page of the documentation sets styles in its markup; it shows nothing that anybody else has written. */
function allowInlineStyles(reply: FastifyReply): void {
  const policy = String(reply.getHeader('content-security-policy') ?? '');
  reply.header('content-security-policy', policy.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'"));
}
