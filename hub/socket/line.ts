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
  let stream: Stream | undefined;
  const line: Line = {
    // Protocol 5: an event (2) of the default namespace, as JSON.
    write: (frames, sent) => void conn.write(toMessage(frames), { compress: false }, sent),
    writeWire: (wire, sent) => {
      stream ??= rawSocket(conn.transport)._socket ?? undefined;
      // What Engine.IO holds would be overtaken; one that closes has said its last.
      if (stream === undefined || waiting.bytes > 0 || !stream.writable) return false;
      // One small message with nothing before it holds nobody up, and a callback for each would cost half as much as the message.
      if (stream.writableLength === 0 && wire.length < SMALL_BYTES) stream.write(wire);
      else stream.write(wire, sent);
      return true;
    },
    mark: (bytes) => {
      const raw = rawSocket(conn.transport);
      // It would overtake what Engine.IO holds.
      if (waiting.bytes > 0 || raw.readyState !== OPEN || raw.ping === undefined) return false;
      raw.ping(String(bytes));
      return true;
    },
    onRead: (listener) => rawSocket(conn.transport).on?.('pong', (data) => listener(Number(data.toString('latin1')))),
    queued: () => waiting.bytes + (stream?.writableLength ?? rawSocket(conn.transport).bufferedAmount),
  };
  // Closing would first wait for a client that does not read to take all that lies in the way.
  const terminate = (): void => {
    rawSocket(conn.transport).terminate();
    conn.close(true);
  };
  // What the operating system still has of it is not delivered either.
  const reset = (): void => {
    rawSocket(conn.transport)._socket?.resetAndDestroy();
    conn.close(true);
  };
  return { line, terminate, reset };
}

type Connection = Socket['conn'];

/** How much of what was written to a connection the operating system has not taken, in bytes. */
export function queuedOf(conn: Connection): () => number {
  const waiting = countWaiting(conn);
  return () => waiting.bytes + rawSocket(conn.transport).bufferedAmount;
}

type Waiting = { bytes: number };
const counts = new WeakMap<Connection, Waiting>();

/** Bytes that Engine.IO holds because the transport is busy. */
function countWaiting(conn: Connection): Waiting {
  const known = counts.get(conn);
  if (known !== undefined) return known;
  const waiting: Waiting = { bytes: 0 };
  conn.on('packetCreate', (packet: Packet) => {
    waiting.bytes += sizeOf(packet);
  });
  conn.on('flush', (packets: readonly Packet[]) => {
    for (const packet of packets) waiting.bytes -= sizeOf(packet);
  });
  counts.set(conn, waiting);
  return waiting;
}

type Packet = { readonly data?: unknown };

function sizeOf({ data }: Packet): number {
  return typeof data === 'string' ? data.length : 0;
}

/** The connection below a WebSocket. */
type Stream = {
  readonly writable: boolean;
  readonly writableLength: number;
  write(wire: Buffer, sent?: () => void): void;
  resetAndDestroy(): void;
};

type Raw = {
  readonly bufferedAmount: number;
  readonly terminate: () => void;
  readonly readyState?: number;
  readonly ping?: (data: string) => void;
  readonly on?: (event: 'pong', listener: (data: Buffer) => void) => void;
  /** Null when it is closed. */
  readonly _socket?: Stream | null;
};

const NONE: Raw = { bufferedAmount: 0, terminate: () => undefined };

const OPEN = 1;
const SMALL_BYTES = 16 * 1024;

/** The WebSocket of `ws` under Engine.IO's transport. */
function rawSocket(transport: object): Raw {
  const raw = 'socket' in transport ? transport.socket : undefined;
  return typeof raw === 'object' && raw !== null && 'bufferedAmount' in raw && 'terminate' in raw ? (raw as Raw) : NONE;
}
