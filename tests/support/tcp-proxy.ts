import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

/**
 * What a link does with what is sent over it. `up`: carries it. `cut`: resets every connection and takes no new one. `silent`:
 * carries nothing and says nothing, as behind a firewall that drops packets; what was sent arrives when it is up again, as TCP
 * sends it again then. `deaf`: what is asked arrives, the answers do not until it is up again.
 */
export type LinkState = 'up' | 'cut' | 'silent' | 'deaf';

type Pair = { readonly near: Socket; readonly far: Socket };

/** A link to one server that a test can cut, silence and heal. */
export class TcpProxy {
  readonly #server: Server;
  readonly #to: number;
  readonly #pairs = new Set<Pair>();
  /** Connections that came while the link was silent: nobody on the other side has heard of them. */
  readonly #unheard = new Set<Socket>();
  #state: LinkState = 'up';
  #port = 0;

  private constructor(to: number) {
    this.#to = to;
    this.#server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (near) => this.#accept(near));
  }

  /** Opens one on a free port of loopback; what is sent to it goes to the port `to`. */
  static async open(to: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(to);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen(0, '127.0.0.1', resolve);
    });
    const address = proxy.#server.address();
    proxy.#port = typeof address === 'object' && address !== null ? address.port : 0;
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  get state(): LinkState {
    return this.#state;
  }

  /** How many connections go through it. */
  get connections(): number {
    return this.#pairs.size + this.#unheard.size;
  }

  become(state: LinkState): void {
    this.#state = state;
    if (state === 'cut') return this.#resetAll();
    for (const pair of this.#pairs) this.#flow(pair);
    if (state === 'up' || state === 'deaf') {
      for (const near of this.#unheard) {
        this.#unheard.delete(near);
        this.#join(near);
      }
    }
  }

  /** Resets what is open now; new connections are taken as before. */
  reset(): void {
    this.#resetAll();
  }

  async close(): Promise<void> {
    this.#state = 'cut';
    this.#resetAll();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(near: Socket): void {
    near.on('error', () => undefined);
    near.setNoDelay(true);
    if (this.#state === 'cut') return void near.resetAndDestroy();
    if (this.#state !== 'silent') return this.#join(near);
    this.#unheard.add(near);
    near.once('close', () => this.#unheard.delete(near));
  }

  #join(near: Socket): void {
    if (near.destroyed) return;
    const far = connect({ host: '127.0.0.1', port: this.#to, allowHalfOpen: true });
    far.on('error', () => undefined);
    far.setNoDelay(true);
    far.pause();
    const pair = { near, far };
    this.#pairs.add(pair);
    for (const [from, to, carries] of [
      [near, far, () => this.#state === 'up' || this.#state === 'deaf'],
      [far, near, () => this.#state === 'up'],
    ] as const) {
      from.on('data', (data: Buffer) => {
        if (!to.write(data)) from.pause();
      });
      to.on('drain', () => {
        if (carries()) from.resume();
      });
      from.on('end', () => to.end());
      // An end in silence is not heard of either: the other side believes in the connection until the link is up again.
      from.on('close', () => {
        if (carries() || this.#state === 'cut') this.#part(pair);
      });
    }
    this.#flow(pair);
  }

  #flow(pair: Pair): void {
    const { near, far } = pair;
    if (this.#state === 'up' && (near.destroyed || far.destroyed)) return this.#part(pair);
    if (this.#state === 'up' || this.#state === 'deaf') near.resume();
    else near.pause();
    if (this.#state === 'up') far.resume();
    else far.pause();
  }

  /** What one side still had under way reaches the other before it ends, unless that one has gone. */
  #part(pair: Pair): void {
    this.#pairs.delete(pair);
    for (const socket of [pair.near, pair.far]) {
      if (socket.destroyed) continue;
      socket.resume();
      socket.end();
      socket.destroySoon();
    }
  }

  #resetAll(): void {
    for (const { near, far } of this.#pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
    for (const near of this.#unheard) near.resetAndDestroy();
    this.#pairs.clear();
    this.#unheard.clear();
  }
}
