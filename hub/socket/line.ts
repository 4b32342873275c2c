import type { Socket } from 'socket.io';
import type { Line } from './outbox.ts';
import { toMessage } from './shared-frame.ts';

/**
 * The way to one client, below Socket.IO's own `emit`: the frames of many sockets are made once, as text, and only put
 * together here, where `emit` would encode them again for each; one that goes alone is not even encoded again. It also knows what has
 * not reached the operating system.
 */
export function openLine({ conn }: Socket): {
  readonly line: Line;
  readonly terminate: () => void;
  readonly reset: () => void;
} {
  const waiting = countWaiting(conn);
  let transport: object | undefined;
  let found = NONE;
  // The transport changes when a client that began with polling upgrades.
  const raw = (): Raw => {
    if (conn.transport === transport) return found;
    transport = conn.transport;
    return (found = rawSocket(transport));
  };
  const line: Line = {
    // Protocol 5: an event (2) of the default namespace, as JSON.
    write: (frames, sent) => void conn.write(toMessage(frames), { compress: false }, sent),
    writeWire: (wire, sent) => {
      const { _socket: stream, readyState } = raw();
      // What Engine.IO holds would be overtaken; a WebSocket that closes has said its last.
      if (waiting() > 0 || readyState !== OPEN || stream === undefined || conn.readyState !== 'open') return false;
      // One small message with nothing before it holds nobody up, and a callback for each would cost half as much as the message.
      if (stream.writableLength === 0 && wire.length < SMALL_BYTES) stream.write(wire);
      else stream.write(wire, sent);
      return true;
    },
    queued: () => waiting() + raw().bufferedAmount,
  };
  // Closing would first wait for a client that does not read to take all that lies in the way.
  const terminate = (): void => {
    raw().terminate();
    conn.close(true);
  };
  // What the operating system still has of it is not delivered either.
  const reset = (): void => {
    raw()._socket?.resetAndDestroy();
    conn.close(true);
  };
  return { line, terminate, reset };
}

type Connection = Socket['conn'];

/** How much of what was written to a connection the operating system has not taken, in bytes. */
export function queuedOf(conn: Connection): () => number {
  const waiting = countWaiting(conn);
  return () => waiting() + rawSocket(conn.transport).bufferedAmount;
}

const counts = new WeakMap<Connection, () => number>();

/** Bytes that Engine.IO holds because the transport is busy. */
function countWaiting(conn: Connection): () => number {
  const known = counts.get(conn);
  if (known !== undefined) return known;
  let waiting = 0;
  conn.on('packetCreate', (packet: Packet) => {
    waiting += sizeOf(packet);
  });
  conn.on('flush', (packets: readonly Packet[]) => {
    for (const packet of packets) waiting -= sizeOf(packet);
  });
  const count = (): number => waiting;
  counts.set(conn, count);
  return count;
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
  readonly _socket?: { readonly writableLength: number; write(wire: Buffer, sent?: () => void): void; resetAndDestroy(): void };
};

const NONE: Raw = { bufferedAmount: 0, terminate: () => undefined };

const OPEN = 1;
const SMALL_BYTES = 16 * 1024;

/** The WebSocket of `ws` under Engine.IO's transport. */
function rawSocket(transport: object): Raw {
  const raw = 'socket' in transport ? transport.socket : undefined;
  return typeof raw === 'object' && raw !== null && 'bufferedAmount' in raw && 'terminate' in raw ? (raw as Raw) : NONE;
}
