import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parseJson } from '../../actors/json.ts';
import { Fault } from '../../machines/fault.ts';

export const JSON_LIMIT = 64 * 1024;
export const RAW_LIMIT = 1024 * 1024;
export const FILE_LIMIT = 50 * 1024 * 1024;
/** Each is in memory until it is answered. */
const FILES_AT_ONCE = 2;

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

/** Whole files, a few at a time. Throws the faults `overloaded` and `too_large`. */
export function useFiles(app: FastifyInstance): void {
  let underWay = 0;
  app.removeAllContentTypeParsers();
  app.addHook('preParsing', (_, reply, payload, done) => {
    if (underWay >= FILES_AT_ONCE)
      return done(new Fault('overloaded', 'As many files as can be read at once are being read.', { after_ms: 2_000 }));
    underWay += 1;
    // Also where the sender has gone before he was answered.
    reply.raw.once('close', () => (underWay -= 1));
    done(null, payload);
  });
  app.addContentTypeParser('*', (_: FastifyRequest, payload: Readable) => readBody(payload, FILE_LIMIT));
}

/** Throws the fault `too_large`. */
async function readBody(payload: Readable, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of payload as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= limit) chunks.push(chunk);
    else chunks.length = 0;
    if (length > Math.max(PATIENCE, 2 * limit)) break;
  }
  if (length > limit) throw new Fault('too_large', `A body here has at most ${limit / 1024} KiB.`);
  return Buffer.concat(chunks);
}
