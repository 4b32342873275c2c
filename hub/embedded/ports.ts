/** Ports on loopback. */
import { connect, createServer } from 'node:net';

const loopback = '127.0.0.1';

/**
 * Whether a server could listen on this port of loopback now. It asks both ways: binding alone succeeds on macOS beside a
 * server that listens on all addresses, and connecting alone misses a port that is bound but not listening.
 */
export async function isPortFree(port: number): Promise<boolean> {
  return !(await answers(port)) && (await mayBind(port));
}

/**
 * The first free port from `from` on, skipping `except`. Choosing and binding are two steps, so the caller must be ready to
 * lose it to another program and ask again.
 */
export async function nextFreePort(from: number, except: readonly number[] = []): Promise<number> {
  for (let port = from; port < from + 200 && port <= 65_535; port++) {
    if (!except.includes(port) && (await isPortFree(port))) return port;
  }
  throw new Error(`no free port on ${loopback} from ${from} to ${from + 199}: choose another one`);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: loopback, port });
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => settle(true));
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

function mayBind(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: loopback, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
