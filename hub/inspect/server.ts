import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { Fault } from '../../machines/fault.ts';
import type { People } from '../auth/people.ts';
import type { DoorsOptions } from '../doors.ts';
import type { Hub } from '../hub.ts';
import { toProblem } from '../http/problem.ts';
import { INSPECT_PROTOCOL } from '../protocol/inspection.ts';
import { mayConnectFrom } from '../socket/origin.ts';
import { Inspection } from './inspection.ts';
import type { Visit } from './tickets.ts';

export type InspectorDoor = {
  attach(hub: Hub, people: People): void;
  drain(): Promise<void>;
  close(): void;
};

/** Beside its own path the address of the page, so that the one URL of a ticket serves browsers and receivers. */
const PATHS = new Set(['/inspect/socket', '/inspect/', '/inspect']);
/** Inspectors have nothing to say. */
const MOST_SAID = 1024;
const LEAVE_MS = 500;

/**
 * Opens the inspector's WebSockets on the server that Socket.IO listens on too; that one leaves every path alone that is not its own,
 * and ends those that nobody has answered after a second.
 */
export function openInspection(server: HttpServer, options: Pick<DoorsOptions, 'config' | 'log' | 'metrics'>): InspectorDoor {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_SAID,
    perMessageDeflate: false,
    clientTracking: false,
    handleProtocols: (offered) => (offered.has(INSPECT_PROTOCOL) ? INSPECT_PROTOCOL : false),
  });
  let hub: Hub | undefined;
  let inspection: Inspection | undefined;
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const url = URL.parse(request.url ?? '', 'http://hub');
    if (url === null || !PATHS.has(url.pathname)) return;
    socket.on('error', () => socket.destroy());
    try {
      const { visit, room } = admit(url, request, options.config, hub, inspection);
      sockets.handleUpgrade(request, socket, head, (opened) => {
        room.welcome(opened, visit).catch((error: unknown) => {
          options.log.error({ err: error }, 'An inspector could not be let in');
          opened.terminate();
        });
      });
    } catch (error) {
      refuse(socket, error, options.log);
    }
  });
  return {
    attach: (attached, people) => {
      hub = attached;
      if (!options.config.inspect) return;
      const opened = new Inspection(attached, people);
      inspection = opened;
      options.metrics.gauge('hub_inspectors', 'Open connections of the inspector.', () => opened.figures().inspectors);
      options.metrics.gauge(
        'hub_inspector_queued_bytes',
        'Bytes on their way to inspectors that nobody has taken yet.',
        () => opened.figures().queued,
      );
    },
    drain: async () => {
      if (inspection === undefined || inspection.figures().inspectors === 0) return inspection?.close();
      inspection.close();
      await new Promise<void>((resolve) => void setTimeout(resolve, LEAVE_MS));
      inspection.terminate();
    },
    close: () => {
      inspection?.close();
      inspection?.terminate();
      sockets.close();
    },
  };
}

/** What a ticket opens; it is used up by this. Throws the fault that says why nothing. */
function admit(
  url: URL,
  request: IncomingMessage,
  config: DoorsOptions['config'],
  hub: Hub | undefined,
  inspection: Inspection | undefined,
): { readonly visit: Visit; readonly room: Inspection } {
  if (!config.inspect) throw new Fault('not_found', 'The inspector of this hub is closed; HUB_INSPECT=1 opens it.');
  if (hub === undefined || inspection === undefined) throw new Fault('not_ready');
  if (inspection.stopping) throw new Fault('stopping');
  const own = { host: request.headers.host, url: hub.url(), more: config.origins };
  if (!mayConnectFrom(request.headers.origin, own)) throw new Fault('foreign_origin');
  const visit = hub.tickets.take(url.searchParams.get('ticket') ?? '');
  if (visit === undefined) throw new Fault('unauthenticated', 'The ticket is not known, was used, or is too old: get another one.');
  if (!inspection.hasRoomFor(visit)) throw new Fault('overloaded', 'There are as many inspectors as there may be; close some first.');
  return { visit, room: inspection };
}

function refuse(socket: Duplex, error: unknown, log: DoorsOptions['log']): void {
  if (!(error instanceof Fault)) log.error({ err: error }, 'An inspector was refused in a way that nobody foresaw');
  const { status, headers, body } = toProblem(error instanceof Fault ? error : new Fault('internal'), randomUUID());
  const lines = Object.entries({ ...headers, connection: 'close', 'content-length': String(Buffer.byteLength(body)) });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  // Whoever does not hang up is not waited for.
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${head}\r\n${body}`);
}
