import { createWebSocketReceiver } from '@statelyai/inspect';
import type { StatelyInspectionEvent } from '@statelyai/inspect';
import { WebSocket } from 'ws';
import { INSPECT_PROTOCOL } from '../../hub/protocol/inspection.ts';
import type { InspectFrame, PageMessage, SessionMessage } from '../../hub/protocol/inspection.ts';
import type { TestHub } from './hub.ts';
import { Rest } from './rest.ts';
import type { Json, Reply } from './rest.ts';
import { eventually } from './socket-client.ts';

/** Asks for a ticket as somebody. */
export function askTicket(hub: TestHub, body: Json, as = 'developer'): Promise<Reply> {
  return new Rest(hub).call('POST', '/v1/inspect/tickets', { as, body });
}

/** The WebSocket's address of a fresh ticket. */
export async function ticketUrl(hub: TestHub, target: string, more: Json = {}): Promise<string> {
  const { status, body } = await askTicket(hub, { target, ...more });
  if (status !== 200) throw new Error(`No ticket for ${target}: ${status} ${JSON.stringify(body)}`);
  return String(body['url']).replace(/^http/, 'ws');
}

/** All that the receiver of the real package was sent. */
export class Receiver {
  readonly frames: StatelyInspectionEvent[] = [];

  constructor(server: string) {
    createWebSocketReceiver({ server }).subscribe((frame) => void this.frames.push(frame));
  }

  static async of(hub: TestHub, target: string, more: Json = {}): Promise<Receiver> {
    return new Receiver(await ticketUrl(hub, target, more));
  }

  about(address: string): StatelyInspectionEvent[] {
    return this.frames.filter(({ sessionId }) => sessionId === address);
  }

  /** The state after each step that was shown, in order. */
  states(address: string): unknown[] {
    return this.about(address).flatMap((frame) => (frame.type === '@xstate.snapshot' ? [valueOf(frame.snapshot)] : []));
  }

  events(address: string): string[] {
    return this.about(address).flatMap((frame) => (frame.type === '@xstate.event' ? [frame.event.type] : []));
  }

  until(is: () => boolean): Promise<void> {
    return eventually(
      is,
      10_000,
      () => `no such frames among ${JSON.stringify(this.frames.map(({ type, id }) => [type, id])).slice(-2000)}`,
    );
  }
}

function valueOf(snapshot: object): unknown {
  return 'value' in snapshot ? snapshot.value : undefined;
}

/** A connection as the hub's own page opens it, or with `plain` one of a receiver, whose closing can be watched. */
export class InspectorSocket {
  readonly socket: WebSocket;
  readonly frames: InspectFrame[] = [];
  /** The kinds of actors whose charts came. */
  readonly charts: string[] = [];
  session: SessionMessage | undefined;
  /** The HTTP status where the handshake was refused. */
  refused: number | undefined;
  closed: { readonly code: number; readonly reason: string } | undefined;

  constructor(url: string, options: { readonly plain?: boolean; readonly headers?: Record<string, string> } = {}) {
    const { plain = false, headers = {} } = options;
    this.socket = new WebSocket(url, plain ? [] : [INSPECT_PROTOCOL], { headers });
    this.socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as InspectFrame | PageMessage;
      if (message.type === '@green-lines.session') this.session = message;
      else if (message.type === '@green-lines.chart') this.charts.push(message.chart.type);
      else this.frames.push(message);
    });
    this.socket.on('unexpected-response', (request, response) => {
      this.refused = response.statusCode ?? 0;
      response.resume();
      request.destroy();
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }));
  }

  static async of(hub: TestHub, target: string, more: Json = {}): Promise<InspectorSocket> {
    const opened = new InspectorSocket(await ticketUrl(hub, target, more));
    await eventually(() => opened.session !== undefined);
    return opened;
  }

  /** `version` of each step of an actor that was shown, in order. */
  versions(address: string): number[] {
    return this.frames.flatMap(({ type, sessionId, id }) =>
      type === '@xstate.snapshot' && sessionId === address ? [Number(id.slice(id.indexOf('@') + 1))] : [],
    );
  }

  close(): void {
    this.socket.terminate();
  }
}
