import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What befalls every request: `cut_before` while it is sent, all others when it has been read. */
export const WIRE_FAULTS = ['refused', 'cut_before', 'cut_after', '401', '403', '429', '500', 'html', 'endless', 'slow'] as const;
export type WireFault = (typeof WIRE_FAULTS)[number];

export const RETRY_AFTER_S = 7;

/** A server on loopback that goes wrong in one way, until it answers as it is told. */
export class FaultyServer {
  fault: WireFault = '500';
  /** Instead of the fault. */
  play: RequestListener | undefined;
  /** Bodies that have come in whole. */
  readonly taken: { readonly headers: IncomingMessage['headers']; readonly body: string }[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => {
      if (this.play === undefined && this.fault === 'cut_before') return void request.socket.destroy();
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.taken.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
        if (this.play === undefined) this.#answer(request, response);
        else this.play(request, response);
      });
    });
  }

  /** An address of this machine where nothing listens. */
  static async nowhere(): Promise<string> {
    const server = await FaultyServer.start();
    const { url } = server;
    await server.stop();
    return url;
  }

  static async start(): Promise<FaultyServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new FaultyServer(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #answer(request: IncomingMessage, response: Parameters<RequestListener>[1]): void {
    const { fault } = this;
    if (fault === 'cut_after') return void request.socket.destroy();
    if (fault === 'slow') return;
    if (fault === 'html') return void response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Welcome</body></html>');
    if (fault === 'endless') {
      response.writeHead(200, { 'content-type': 'application/json' });
      const more = (): void => void (response.destroyed || (response.write('['.repeat(64 * 1024)), setTimeout(more, 1)));
      return more();
    }
    response
      .writeHead(Number(fault), { 'content-type': 'application/json', 'retry-after': String(RETRY_AFTER_S) })
      .end('{"error":{"type":"refused","message":"Not now"}}');
  }
}
