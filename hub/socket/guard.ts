import type { Socket } from 'socket.io';
import { queuedOf } from './line.ts';

/** More than any answer, and than what is kept for a client before it is cut off. */
const MOST_QUEUED_BYTES = 2 * 1024 * 1024;

/**
 * Holds a connection, whoever it is and before it is anybody's, to what costs the hub no memory: who sends without reading what is
 * answered is cut off, and so is who asks for a namespace, all of which Socket.IO would answer by itself.
 */
export function guardConnection(conn: Socket['conn']): void {
  const queued = queuedOf(conn);
  conn.on('packet', ({ data }: { readonly data?: unknown }) => {
    // A packet of Socket.IO: its type, how many attachments it has, and its namespace unless that is the one there is.
    const isForeign = typeof data === 'string' && /^\d(?:\d+-)?\/(?!,)/.test(data);
    if (isForeign || queued() > MOST_QUEUED_BYTES) conn.close(true);
  });
}
