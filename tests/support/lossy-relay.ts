import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** `answer`: it is carried out, and the answer is lost. `at_once`: the connection is cut while it is being carried out. `request`: it never arrives. `refused`: it never arrives, and is answered with a refusal as Odoo writes one. */
export type Loss = 'answer' | 'at_once' | 'request' | 'refused';

const REFUSAL = JSON.stringify({ name: 'odoo.exceptions.UserError', message: 'It is not allowed here.' });

/** Stands before a server that speaks HTTP and loses what a test tells it to. */
export class LossyRelay {
  /** The paths that were asked for since the last time it was told to lose something. */
  asked: string[] = [];
  /** When each of them came, by the wall clock. */
  asked_at: number[] = [];
  readonly #to: string;
  readonly #server: Server;
  #lose: (path: string, nth: number) => Loss | undefined = () => undefined;

  private constructor(to: string) {
    this.#to = to;
    this.#server = createServer((request, response) => void this.#relay(request, response));
  }

  static async open(to: string): Promise<LossyRelay> {
    const relay = new LossyRelay(to);
    await new Promise<void>((resolve) => relay.#server.listen(0, '127.0.0.1', resolve));
    return relay;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** What becomes of the nth request from now on, the first being 1. */
  lose(lose: (path: string, nth: number) => Loss | undefined): void {
    this.asked = [];
    this.asked_at = [];
    this.#lose = lose;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #relay(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/', headers } = request;
    this.asked_at.push(Date.now());
    const loss = this.#lose(path, this.asked.push(path));
    const body = await buffer(request);
    if (loss === 'request') return void request.socket.destroy();
    if (loss === 'refused') return void response.writeHead(422, { 'content-type': 'application/json' }).end(REFUSAL);
    const passed = ['authorization', 'content-type', 'x-odoo-database'].flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, value] as [string, string]] : [];
    });
    const sent = fetch(new URL(path, this.#to), { method, headers: passed, ...(method === 'GET' ? {} : { body }) });
    // So that it is there before the line is cut.
    if (loss === 'at_once') setTimeout(() => request.socket.destroy(), 15);
    try {
      const answer = await sent;
      const text = await answer.text();
      if (loss !== undefined) return void request.socket.destroy();
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' }).end(text);
    } catch {
      request.socket.destroy();
    }
  }
}
