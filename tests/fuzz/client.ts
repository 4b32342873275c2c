import { Connection } from '../../clients/core/connection.ts';
import { systemClock } from '../../clients/core/clock.ts';
import { perform, toLine } from '../../clients/core/command.ts';
import type { Result } from '../../clients/core/command.ts';
import { ask } from '../../clients/core/http.ts';
import type { Http } from '../../clients/core/http.ts';
import { Session } from '../../clients/core/session.ts';
import type { ActorCopy, Copy } from '../../clients/core/store.ts';
import { PROTOCOL_VERSION } from '../../hub/protocol/messages.ts';
import { PASSWORD } from '../chaos/world.ts';
import type { ChaosNode } from '../chaos/node.ts';
import { Link } from './link.ts';
import { httpOf, tokensInMemory } from './people.ts';

/** Texts that customers may never be sent, whosever they are. */
export const SECRET = /SECRET-|NOTE-/;

/** A person's device: the SDK as it is shipped, behind one line to each node. */
export class FuzzClient {
  readonly username: string;
  readonly session: Session;
  readonly connection: Connection;
  readonly links: readonly Link[];
  readonly wrongs: string[] = [];
  /** What became of the commands that were sent, by their ids. */
  readonly results = new Map<string, { readonly to: string; readonly result: Result }>();
  readonly #http: Http;
  readonly #watched = new Map<string, () => void>();
  readonly #seen = new Map<string, Copy>();
  readonly #pending = new Set<Promise<unknown>>();
  #ids = 0;

  private constructor(username: string, links: readonly Link[], http: Http) {
    this.username = username;
    this.links = links;
    this.#http = http;
    this.session = new Session({ http, store: tokensInMemory(), clock: systemClock });
    const [home] = links;
    this.connection = new Connection({ home: home?.url ?? '', session: this.session, clock: systemClock, protocol: PROTOCOL_VERSION });
    this.connection.onChange(() => this.#look());
  }

  /** `prying`: nothing that matches `SECRET` may come to it. */
  static async open(username: string, nodes: readonly ChaosNode[], first: number, prying: boolean): Promise<FuzzClient> {
    const turned = nodes.map((_, index) => nodes[(first + index) % nodes.length]).filter((node) => node !== undefined);
    let client: FuzzClient | undefined;
    const onMessage = (text: string): void => {
      const found = prying ? SECRET.exec(text) : null;
      if (found !== null) client?.wrongs.push(`${username} was sent ${text.slice(Math.max(0, found.index - 80), found.index + 80)}`);
    };
    const urls = new Map<string, string>();
    const rewrite = (text: string): string => [...urls].reduce((changed, [theirs, ours]) => changed.replaceAll(theirs, ours), text);
    const links = await Promise.all(turned.map((node) => Link.open({ to: Number(new URL(node.url).port), onMessage, rewrite })));
    turned.forEach((node, index) => urls.set(`http://127.0.0.1:${node.links.nodes.port}`, links[index]?.url ?? ''));
    client = new FuzzClient(username, links, httpOf(nodes, first));
    return client;
  }

  async signIn(): Promise<void> {
    if (this.session.who === undefined) await this.session.signIn(this.username, PASSWORD);
    this.connection.open();
  }

  watch(topic: string): void {
    if (!this.#watched.has(topic)) this.#watched.set(topic, this.connection.watch(topic));
  }

  unwatch(topic: string): void {
    this.#watched.get(topic)?.();
    this.#watched.delete(topic);
    this.#seen.delete(topic);
  }

  get watched(): readonly string[] {
    return [...this.#watched.keys()];
  }

  /** Sends a command as the console does; what became of it is looked at in the end. */
  send(to: string, event: { readonly type: string; readonly [field: string]: unknown }): void {
    const id = `${this.username}-${this.#ids++}-${Math.random().toString(36).slice(2, 8)}`;
    const done = perform(toLine(this.connection, this.session), systemClock, { id, to, event }).then(
      (result) => void this.results.set(id, { to, result }),
    );
    this.#pending.add(done);
    void done.finally(() => this.#pending.delete(done));
  }

  /** Resolves when every command has its answer or its patience is over. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async get(path: string): Promise<unknown> {
    return ask(this.#http, { method: 'GET', path, headers: { authorization: `Bearer ${await this.session.token()}` } });
  }

  /** Signed out or turned away, it watches nothing any more: the SDK has forgotten it all. */
  again(): void {
    for (const [topic, release] of this.#watched) {
      release();
      this.#watched.set(topic, this.connection.watch(topic));
    }
    this.#seen.clear();
  }

  /** Nothing that anybody is shown may ever go back. */
  #look(): void {
    for (const topic of this.#watched.keys()) {
      const copy = this.connection.entry(topic)?.copy;
      const before = this.#seen.get(topic);
      if (copy === before) continue;
      if (copy === undefined) {
        this.#seen.delete(topic);
        continue;
      }
      this.#seen.set(topic, copy);
      if (before?.kind !== 'actor' || copy.kind !== 'actor' || before.epoch !== copy.epoch) continue;
      if (copy.version < before.version) this.wrongs.push(`${this.username} ${topic}: version ${copy.version} after ${before.version}`);
      if (copy.version === before.version && !alike(copy, before))
        this.wrongs.push(`${this.username} ${topic}: version ${copy.version} twice, and not the same: ${JSON.stringify([before, copy])}`);
    }
  }

  async close(): Promise<void> {
    this.connection.close();
    await Promise.all(this.links.map((link) => link.close()));
  }
}

/** What is seen of one version; that rights have changed changes what may be done at it. */
function alike(a: ActorCopy, b: ActorCopy): boolean {
  const said = ({ context, state, tags }: ActorCopy): string => JSON.stringify([context, state, tags]);
  return said(a) === said(b);
}
