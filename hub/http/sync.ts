import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { Fault } from '../../machines/fault.ts';
import type { Subscribe } from '../protocol/messages.ts';
import { subscribeSchema } from '../protocol/messages.ts';
import type { Stream } from '../socket/hall.ts';
import { readPositions } from '../socket/last-event-id.ts';
import type { Door } from './door.ts';
import { identify, readBearer } from './mount.ts';

/** Begins to send frames to whoever the token stands for. Throws its faults before `begin` is called. */
export type OpenStream = (token: string, topics: Subscribe, begin: () => Stream) => Promise<void>;

const query = z.strictObject({
  topics: z
    .union([z.string().max(16_384), z.array(z.string().max(1024)).max(200)])
    .describe('`payment/pay_1` or `payment?state=needs_approval`, percent-encoded; once for each topic, addresses also with commas'),
});

/** The frames of the sockets as server-sent events, for those who cannot have WebSockets. Commands go over REST. */
export function mountSync(app: FastifyInstance, door: Door): void {
  app.route({
    method: 'GET',
    url: '/v1/sync',
    schema: {
      summary: 'Follows topics as server-sent events',
      description:
        'First `subscribed` with an answer for each topic, then `frames`, each an array of what sockets are sent. Whoever comes again with ' +
        '`Last-Event-ID` goes on from there, lists apart, which begin with snapshots. It ends with its token.',
      tags: ['sync'],
      security: [{ token: [] }],
      querystring: query,
      response: { 200: z.string() },
    },
    handler: async (request, reply) => {
      const caller = await identify(door, door.enter().people, request);
      await door.limits.person(caller.id);
      const token = readBearer(request);
      const asked = readTopics((request.query as z.output<typeof query>).topics);
      const last = request.headers['last-event-id'];
      const positions = readPositions(
        typeof last === 'string' ? last : undefined,
        asked.map(({ topic }) => topic),
      );
      const topics = asked.map((ask, index) => (positions[index] === undefined ? ask : { ...ask, at: positions[index] }));
      const open = door.stream;
      if (open === undefined) throw new Fault('not_ready');
      await open(token, topics, () => {
        const headers = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' };
        reply.headers(headers).hijack();
        reply.raw.writeHead(200, reply.getHeaders() as Record<string, string>);
        reply.raw.write('retry: 2000\n\n');
        return toStream(reply.raw);
      });
      return reply;
    },
  });
}

/** Throws the fault `bad_request`. */
function readTopics(given: string | readonly string[]): Subscribe {
  // A list has a query, in which a comma may stand; an address has none.
  const texts = [given].flat().flatMap((text) => (text.includes('?') ? [text] : text.split(',')));
  const parsed = subscribeSchema.safeParse(texts.map((topic) => ({ topic })));
  if (!parsed.success) throw new Fault('bad_request', 'topics names 1 to 200 topics, each of at most 1024 characters.');
  return parsed.data;
}

function toStream(raw: ServerResponse): Stream {
  raw.on('error', () => undefined);
  return {
    write: (text, sent) => {
      if (!raw.writableEnded && !raw.destroyed) raw.write(text, () => sent());
    },
    queued: () => raw.writableLength,
    end: (how) => void (how === 'reset' ? raw.socket?.resetAndDestroy() : how === 'hard' ? raw.destroy() : raw.end()),
    // Whoever has gone while his token was looked at closes nothing any more.
    onClose: (run) => void (raw.destroyed ? run() : raw.on('close', run)),
  };
}
