import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { PROTOCOL_VERSION } from '../../hub/protocol/messages.ts';
import type { Command, CommandAck, Frame, ListItem, Position, SubscribeAck } from '../../hub/protocol/messages.ts';
import type { TestHub } from './hub.ts';

const ACK_MS = 10_000;

/** One connection, all that came on it, and ways to ask. */
export class SocketClient {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  /** How many messages the frames came in. */
  messages = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('frames', (frames: readonly Frame[]) => {
      this.messages++;
      this.frames.push(...frames);
    });
  }

  static async connect(url: string, token: unknown, auth: object = { protocol: PROTOCOL_VERSION }): Promise<SocketClient> {
    const socket = io(url, { transports: ['websocket'], reconnection: false, forceNew: true, auth: { token, ...auth } });
    const client = new SocketClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    return client;
  }

  static async of(hub: TestHub, username: string): Promise<SocketClient> {
    return SocketClient.connect(hub.url, await hub.token(username));
  }

  close(): void {
    this.socket.disconnect();
  }

  ask<T>(event: string, ...payload: readonly unknown[]): Promise<T> {
    return this.socket.timeout(ACK_MS).emitWithAck(event, ...payload) as Promise<T>;
  }

  async subscribe(topic: string, at?: Position): Promise<SubscribeAck> {
    const [ack] = await this.ask<SubscribeAck[]>('subscribe', [at === undefined ? { topic } : { topic, at }]);
    if (ack === undefined) throw new Error('The subscription was not answered');
    return ack;
  }

  /** Subscribes and waits for the frame that it begins with. */
  async follow(topic: string): Promise<{ readonly sub: number; readonly epoch: string; readonly version: number }> {
    const ack = await this.subscribe(topic);
    if (!ack.ok) throw new Error(`${topic}: ${ack.code}`);
    await this.until('snapshot', (frame) => frame.sub === ack.sub);
    return ack;
  }

  command(to: string, type: string, payload: object = {}, more: Partial<Command> = {}): Promise<CommandAck> {
    return this.ask<CommandAck>('command', { id: crypto.randomUUID(), to, event: { type, ...payload }, ...more });
  }

  /** The items of a list, as its frames have left them. */
  list(sub: number): readonly ListItem[] {
    let items: ListItem[] = [];
    for (const frame of this.frames) {
      if (!('sub' in frame) || frame.sub !== sub) continue;
      if (frame.kind === 'snapshot' && 'items' in frame) items = [...frame.items];
      if (frame.kind !== 'list') continue;
      for (const op of frame.ops) {
        const address = op.op === 'leave' || op.op === 'move' ? op.address : op.item.address;
        const at = items.findIndex((item) => item.address === address);
        if (op.op === 'update') items[at] = op.item;
        else if (at >= 0) items.splice(at, 1);
        if (op.op === 'enter' || op.op === 'move') items.splice(op.index, 0, op.item);
      }
    }
    return items;
  }

  of<Kind extends Frame['kind']>(kind: Kind): Extract<Frame, { kind: Kind }>[] {
    return this.frames.filter((frame): frame is Extract<Frame, { kind: Kind }> => frame.kind === kind);
  }

  /** The first frame of a kind that fits, whether it has come already or comes within the time. */
  async until<Kind extends Frame['kind']>(
    kind: Kind,
    fits: (frame: Extract<Frame, { kind: Kind }>) => boolean = () => true,
    within_ms = 8000,
  ): Promise<Extract<Frame, { kind: Kind }>> {
    const found = (): Extract<Frame, { kind: Kind }> | undefined => this.of(kind).find(fits);
    await eventually(
      () => found() !== undefined,
      within_ms,
      () => `no ${kind} that fits among ${JSON.stringify(this.frames).slice(0, 2000)}`,
    );
    return found() as Extract<Frame, { kind: Kind }>;
  }
}

export async function eventually(
  is: () => boolean | Promise<boolean>,
  within_ms = 8000,
  why: () => string = () => 'it did not come true',
): Promise<void> {
  const until = performance.now() + within_ms;
  while (!(await is())) {
    if (performance.now() > until) throw new Error(`Within ${within_ms} ms ${why()}`);
    await sleep(10);
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
