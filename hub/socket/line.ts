import type { Socket } from 'socket.io';
import type { Line } from './outbox.ts';
import { toMessage } from './shared-frame.ts';

/**
 * The way to one client, below Socket.IO's own `emit`: the frames of many sockets are made once, as text, and only put
 * together here, where `emit` would encode them again for each; one that goes alone is not even encoded again. It also knows what has
 * not reached the operating system.
 */
export function openLine(socket: Socket): { readonly line: Line; readonly terminate: () => void } {
  const { conn } = socket;
  let waiting = 0; // bytes that Engine.IO holds because the transport is busy
  conn.on('packetCreate', (packet: Packet) => {
    waiting += sizeOf(packet);
  });
  conn.on('flush', (packets: readonly Packet[]) => {
    for (const packet of packets) waiting -= sizeOf(packet);
  });
  const line: Line = {
    // Protocol 5: an event (2) of the default namespace, as JSON.
    write: (frames, sent) => void conn.write(toMessage(frames), { compress: false }, sent),
    writeWire: (wire, sent) => {
      const stream = rawSocket(conn.transport)._socket;
      // What Engine.IO holds would be overtaken; a WebSocket that closes has said its last.
      if (waiting > 0 || conn.readyState !== 'open' || stream?.writable !== true || !isOpen(conn.transport)) return false;
      stream.write(wire, sent);
      return true;
    },
    queued: () => waiting + rawSocket(conn.transport).bufferedAmount,
  };
  // Closing would first wait for a client that does not read to take all that lies in the way.
  const terminate = (): void => {
    rawSocket(conn.transport).terminate();
    conn.close(true);
  };
  return { line, terminate };
}

type Packet = { readonly data?: unknown };

function sizeOf({ data }: Packet): number {
  return typeof data === 'string' ? data.length : 0;
}

type Raw = {
  readonly bufferedAmount: number;
  readonly terminate: () => void;
  readonly readyState?: number;
  /** The connection below it. */
  readonly _socket?: { readonly writable: boolean; write(wire: Buffer, sent: () => void): void };
};

const NONE: Raw = { bufferedAmount: 0, terminate: () => undefined };

const OPEN = 1;

function isOpen(transport: object): boolean {
  return rawSocket(transport).readyState === OPEN;
}

/** The WebSocket of `ws` under Engine.IO's transport. */
function rawSocket(transport: object): Raw {
  const raw = 'socket' in transport ? transport.socket : undefined;
  return typeof raw === 'object' && raw !== null && 'bufferedAmount' in raw && 'terminate' in raw ? (raw as Raw) : NONE;
}
