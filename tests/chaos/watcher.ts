import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { applyOps } from '../../clients/core/patch.ts';
import { PROTOCOL_VERSION } from '../../hub/protocol/messages.ts';
import type { CommandAck, Frame, ListItem, ListOp, SubscribeAck } from '../../hub/protocol/messages.ts';
import { sleep } from '../support/process-hub.ts';
import type { Doorman } from './callers.ts';
import { UNKNOWN } from './history.ts';
import type { Answer, Operation } from './history.ts';
import type { ChaosNode } from './node.ts';

/** A client's copy of one actor. */
export type Copy = {
  readonly epoch: string;
  readonly version: number;
  readonly state: readonly string[];
  readonly tags: readonly string[];
  readonly context: object;
};
type Shown = Extract<Frame, { kind: 'snapshot'; context: unknown }>;
type Change = Extract<Frame, { kind: 'patch' }>;

const ACK_MS = 1500;

/**
 * Somebody with a screen: follows actors and a list over a socket, goes to another node when one does not answer, and carries on
 * from the version that the copy stands at. It writes down what no client may ever see: a version that goes back.
 */
export class Watcher {
  readonly username: string;
  readonly operations: Operation[] = [];
  readonly copies = new Map<string, Copy>();
  /** Versions that went back, and patches that did not fit. */
  readonly wrongs: string[] = [];
  /** How many versions copies came to. */
  versions = 0;
  list: readonly ListItem[] = [];
  readonly #nodes: readonly ChaosNode[];
  readonly #doorman: Doorman;
  readonly #random: () => number;
  readonly #markers: readonly string[];
  readonly #topics = new Set<string>();
  readonly #refused = new Map<string, string>();
  #subs = new Map<number, string>();
  #early = new Map<number, Frame[]>();
  #socket: Socket | undefined;
  #turn: number;
  #closed = false;
  #loop: Promise<void> | undefined;

  /** `markers`: texts of others that must never come to this one. */
  constructor(
    username: string,
    nodes: readonly ChaosNode[],
    doorman: Doorman,
    { random, first, markers }: { readonly random: () => number; readonly first: number; readonly markers: readonly string[] },
  ) {
    this.username = username;
    this.#nodes = nodes;
    this.#doorman = doorman;
    this.#random = random;
    this.#turn = first;
    this.#markers = markers;
  }

  /** Keeps connected to one node or another until it is closed. */
  open(): void {
    this.#loop = this.#keep();
  }

  get connected(): boolean {
    return this.#socket?.connected === true;
  }

  get topics(): readonly string[] {
    return [...this.#topics];
  }

  follow(topic: string): void {
    if (this.#topics.has(topic)) return;
    this.#topics.add(topic);
    if (this.connected) void this.#subscribe([topic]);
  }

  /** Forgets its topics, as a screen that is left does. */
  leave(): void {
    this.#topics.clear();
    this.copies.clear();
    this.#refused.clear();
    this.list = [];
    const subs = [...this.#subs.keys()];
    this.#subs = new Map();
    if (subs.length > 0) this.#socket?.emit('unsubscribe', subs);
  }

  /** Why the hub would not let it follow a topic. */
  refusalOf(topic: string): string | undefined {
    return this.#refused.get(topic);
  }

  /** Breaks its connection, as a lost network does. */
  drop(): void {
    this.#socket?.io.engine.close();
  }

  /** Sends a command until there is an answer or it is too late. */
  async command(to: string, event: { readonly type: string }, id: string, until: number): Promise<Operation> {
    const invoked_at = performance.now();
    let answer: Answer = UNKNOWN;
    let tries = 0;
    while (answer.type === 'info' && performance.now() < until && !this.#closed) {
      tries++;
      const socket = this.#socket;
      const ack = socket?.connected === true ? await this.#ask<CommandAck>(socket, 'command', { id, to, event }) : undefined;
      if (ack !== undefined) answer = toAnswer(ack);
      if (answer.type === 'info') await sleep(40 + this.#random() * 60);
    }
    const event_id = `caller:${this.username}:${id}`;
    const completed_at = performance.now();
    const operation = { address: to, event_id, event: event.type, invoked_at, completed_at, ...answer, contradiction: '', tries };
    this.operations.push({ door: 'socket', ...operation });
    return { door: 'socket', ...operation };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#socket?.disconnect();
    await this.#loop;
  }

  async #keep(): Promise<void> {
    while (!this.#closed) {
      const node = this.#nodes[this.#turn % this.#nodes.length];
      if (node !== undefined) await this.#connectTo(node).catch(() => undefined);
      this.#turn++;
      await sleep(30 + this.#random() * 120);
    }
  }

  /** Resolves when the connection has ended, or was never made. */
  async #connectTo(node: ChaosNode): Promise<void> {
    const token = await this.#doorman.token(this.username);
    const auth = { token, protocol: PROTOCOL_VERSION };
    const socket = io(node.url, { transports: ['websocket'], reconnection: false, forceNew: true, timeout: ACK_MS, auth });
    this.#socket = socket;
    this.#subs = new Map();
    this.#early = new Map();
    socket.on('frames', (frames: readonly Frame[]) => {
      if (this.#socket === socket) this.#hear(frames);
    });
    const over = new Promise<void>((resolve) => {
      socket.once('disconnect', () => resolve());
      socket.once('connect_error', () => resolve());
    });
    socket.once('connect', () => {
      if (this.#topics.size > 0) void this.#subscribe([...this.#topics]);
    });
    const pulse = setInterval(() => void this.#feel(socket), 1000);
    await over;
    clearInterval(pulse);
    socket.disconnect();
  }

  /** A node that does not answer is left: waiting for Socket.IO to notice takes most of a minute. */
  async #feel(socket: Socket): Promise<void> {
    if (socket.connected && (await this.#ask(socket, 'unsubscribe', [1_000_000])) === undefined) socket.disconnect();
  }

  async #subscribe(topics: readonly string[]): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined) return;
    const asked = topics.map((topic) => {
      const copy = this.copies.get(topic);
      return copy === undefined ? { topic } : { topic, at: { epoch: copy.epoch, version: copy.version } };
    });
    const acks = await this.#ask<SubscribeAck[]>(socket, 'subscribe', asked);
    if (this.#socket !== socket) return;
    if (acks === undefined) return void socket.disconnect();
    for (const [index, ack] of acks.entries()) {
      const topic = topics[index] ?? '';
      if (!ack.ok) {
        this.#refused.set(topic, ack.code);
        if (ack.code !== 'not_found' && ack.code !== 'forbidden') setTimeout(() => this.#again(socket, topic), 200);
        continue;
      }
      this.#refused.delete(topic);
      this.#subs.set(ack.sub, topic);
      for (const frame of this.#early.get(ack.sub) ?? []) this.#take(topic, frame);
      this.#early.delete(ack.sub);
    }
  }

  #again(socket: Socket, topic: string): void {
    if (this.#socket === socket && this.#topics.has(topic) && socket.connected) void this.#subscribe([topic]);
  }

  async #ask<T>(socket: Socket, event: string, payload: unknown): Promise<T | undefined> {
    try {
      return (await socket.timeout(ACK_MS).emitWithAck(event, payload)) as T;
    } catch {
      return undefined;
    }
  }

  #hear(frames: readonly Frame[]): void {
    const text = JSON.stringify(frames);
    for (const marker of this.#markers) if (text.includes(marker)) this.wrongs.push(`I8 ${this.username} was sent ${marker}`);
    for (const frame of frames) {
      if (frame.kind === 'heads') for (const { sub, version } of frame.heads) this.#compare(sub, version);
      if (!('sub' in frame)) continue;
      const topic = this.#subs.get(frame.sub);
      if (topic !== undefined) this.#take(topic, frame);
      else this.#early.set(frame.sub, [...(this.#early.get(frame.sub) ?? []), frame]);
    }
  }

  #compare(sub: number, version: number): void {
    const topic = this.#subs.get(sub);
    const copy = topic === undefined ? undefined : this.copies.get(topic);
    if (topic !== undefined && copy !== undefined && copy.version < version) this.#anew(topic);
  }

  #take(topic: string, frame: Frame): void {
    if (!this.#topics.has(topic)) return;
    switch (frame.kind) {
      case 'snapshot':
        if ('items' in frame) this.list = frame.items;
        else this.#keepCopy(topic, frame);
        return;
      case 'patch':
        return this.#patch(topic, frame);
      case 'list':
        this.list = applyList(this.list, frame.ops);
        return;
      case 'resync':
      case 'revoked':
        if (frame.kind === 'revoked') this.copies.delete(topic);
        return this.#anew(topic);
      default:
        return;
    }
  }

  #keepCopy(topic: string, { epoch, version, state, tags, context }: Shown): void {
    const before = this.copies.get(topic);
    if (before !== undefined && before.epoch === epoch && version < before.version)
      this.wrongs.push(`I5 ${this.username} saw ${topic} go back from ${before.version} to ${version} (snapshot)`);
    this.copies.set(topic, { epoch, version, state, tags, context });
    this.versions++;
  }

  #patch(topic: string, { base, version, ops, state, tags }: Change): void {
    const copy = this.copies.get(topic);
    if (copy === undefined || base > copy.version) return this.#anew(topic);
    if (version <= copy.version) return;
    const context = applyOps(copy.context, ops);
    if (context === undefined) return void this.wrongs.push(`I5 a patch of ${topic} to ${version} does not fit version ${copy.version}`);
    this.copies.set(topic, { ...copy, version, context, state: state ?? copy.state, tags: tags ?? copy.tags });
    this.versions++;
  }

  #anew(topic: string): void {
    for (const [sub, known] of this.#subs) {
      if (known !== topic) continue;
      this.#subs.delete(sub);
      this.#socket?.emit('unsubscribe', [sub]);
    }
    void this.#subscribe([topic]);
  }
}

function applyList(items: readonly ListItem[], ops: readonly ListOp[]): readonly ListItem[] {
  const list = [...items];
  for (const op of ops) {
    const address = op.op === 'leave' || op.op === 'move' ? op.address : op.item.address;
    const at = list.findIndex((item) => item.address === address);
    if (op.op === 'update') {
      if (at >= 0) list[at] = op.item;
      continue;
    }
    if (at >= 0) list.splice(at, 1);
    if (op.op !== 'leave') list.splice(op.index, 0, op.item);
  }
  return list;
}

function toAnswer(ack: CommandAck): Answer {
  switch (ack.outcome) {
    case 'applied':
    case 'duplicate':
      return { type: 'ok', version: ack.version, code: '' };
    case 'rejected':
      return { type: 'fail', version: ack.version, code: ack.code };
    case 'parked':
      return { type: 'fail', version: 0, code: 'parked' };
    case 'retry':
      return UNKNOWN;
  }
}
