import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parseJson } from '../../actors/json.ts';
import { Fault } from '../../machines/fault.ts';

export const JSON_LIMIT = 64 * 1024;
export const RAW_LIMIT = 1024 * 1024;

/** What comes beyond the limit is read and thrown away up to here, so that the sender gets to hear why; then he is cut off. */
const PATIENCE = 16 * 1024 * 1024;

/** The one parser of JSON: the same for every route, so that no two readers disagree. */
export function useJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', async (_: FastifyRequest, payload: Readable) =>
    parseJson(await readBody(payload, JSON_LIMIT)),
  );
}

/** Bodies as the bytes that came, whatever they are said to be: signatures are made over bytes. */
export function useBytes(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_: FastifyRequest, payload: Readable) => readBody(payload, RAW_LIMIT));
}

/** Throws the fault `too_large`. */
async function readBody(payload: Readable, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of payload as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= limit) chunks.push(chunk);
    else chunks.length = 0;
    if (length > PATIENCE) break;
  }
  if (length > limit) throw new Fault('too_large', `A body here has at most ${limit / 1024} KiB.`);
  return Buffer.concat(chunks);
}
