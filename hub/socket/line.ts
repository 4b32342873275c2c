import type { Socket } from 'socket.io';
import type { Line } from './outbox.ts';

/**
 * The way to one client, below Socket.IO's own `emit`: the frames of many sockets are made once, as text, and only put
 * together here, where `emit` would encode them again for each. It also knows what has not reached the operating system.
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
    write: (frames, sent) => void conn.write(`2["frames",[${frames}]]`, { compress: false }, sent),
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

type Raw = { readonly bufferedAmount: number; readonly terminate: () => void };

const NONE: Raw = { bufferedAmount: 0, terminate: () => undefined };

/** The WebSocket of `ws` under Engine.IO's transport. */
function rawSocket(transport: object): Raw {
  const raw = 'socket' in transport ? transport.socket : undefined;
  return typeof raw === 'object' && raw !== null && 'bufferedAmount' in raw && 'terminate' in raw ? (raw as Raw) : NONE;
}
