import type { z } from 'zod';
import { Fault, sentenceFor } from '../../machines/fault.ts';
import type { Log } from '../../actors/ports/ports.ts';
import type { Verdict } from './budget.ts';

/** Why an event was not handled. */
export type Refusal = { readonly code: string; readonly reason: string; readonly afterMs?: number };

export type Reply = (answer: unknown) => void;

type Handler<Sender, Payload> = {
  readonly schema: z.ZodType<Payload>;
  /** What it takes of the sender's budget. */
  readonly cost: (payload: Payload) => number;
  readonly handle: (sender: Sender, payload: Payload, reply: Reply) => Promise<void> | void;
  /** The answer that says why not. */
  readonly refuse?: (refusal: Refusal) => unknown;
};

export type EventsOptions<Sender> = {
  readonly log: Log;
  readonly budget: (sender: Sender, cost: number) => Verdict;
  /** Somebody does not stop sending what is not taken. */
  readonly onAbuse: (sender: Sender) => void;
};

const DEEPEST = 40;
const GARBAGE_COST = 10;

/**
 * The one way in which what a client sends reaches any code: by name, checked against its schema, within the sender's budget,
 * with every error caught. A missing acknowledgement is no error, and nothing that is sent can end the process.
 */
export class Events<Sender> {
  readonly #options: EventsOptions<Sender>;
  readonly #handlers = new Map<string, Handler<Sender, unknown>>();

  constructor(options: EventsOptions<Sender>) {
    this.#options = options;
  }

  on<Payload>(name: string, handler: Handler<Sender, Payload>): void {
    // The schema stands between: the handler is only ever given what its own schema has passed.
    this.#handlers.set(name, handler as unknown as Handler<Sender, unknown>);
  }

  /** `packet` is the event's name, its arguments and, where the client waits for one, the acknowledgement. */
  receive(sender: Sender, packet: readonly unknown[]): void {
    const [name, ...rest] = packet;
    const last = rest.at(-1);
    const waits = typeof last === 'function';
    const reply = waits ? once(last as Reply) : () => undefined;
    const handler = typeof name === 'string' ? this.#handlers.get(name) : undefined;
    const refuse = (refusal: Refusal): void => reply(handler?.refuse?.(refusal) ?? { ok: false, ...refusal });
    try {
      const parsed = this.#parse(handler, name, waits ? rest.slice(0, -1) : rest);
      const verdict = this.#options.budget(sender, handler === undefined || parsed instanceof Fault ? GARBAGE_COST : handler.cost(parsed));
      if (verdict.kind === 'abuse') return this.#options.onAbuse(sender);
      if (verdict.kind === 'wait') return refuse({ code: 'rate_limited', reason: sentenceFor('rate_limited'), afterMs: verdict.ms });
      if (handler === undefined || parsed instanceof Fault) return refuse(toRefusal(parsed));
      const handled = handler.handle(sender, parsed, reply);
      handled?.catch((error: unknown) => refuse(this.#explain(error, name)));
    } catch (error) {
      refuse(this.#explain(error, name));
    }
  }

  #parse(handler: Handler<Sender, unknown> | undefined, name: unknown, payload: readonly unknown[]): unknown {
    if (handler === undefined) return new Fault('unknown_event', `There is no event ${JSON.stringify(String(name).slice(0, 64))}.`);
    if (payload.length !== 1) return new Fault('invalid', `${String(name)} takes one argument and an acknowledgement.`);
    const [value] = payload;
    if (!isPlain(value, 0)) return new Fault('invalid', `The payload may hold JSON only, without __proto__ and at most ${DEEPEST} deep.`);
    const parsed = handler.schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
    return new Fault('invalid', `${String(name)}: ${where}${issue?.message ?? 'not the expected shape'}`.slice(0, 300));
  }

  #explain(error: unknown, name: unknown): Refusal {
    if (error instanceof Fault) return toRefusal(error);
    this.#options.log.error({ err: error, event: String(name).slice(0, 64) }, 'A socket event failed');
    return { code: 'internal', reason: sentenceFor('internal') };
  }
}

function toRefusal(fault: unknown): Refusal {
  return fault instanceof Fault ? { code: fault.code, reason: fault.message } : { code: 'internal', reason: sentenceFor('internal') };
}

function once(reply: Reply): Reply {
  let replied = false;
  return (answer) => {
    if (replied) return;
    replied = true;
    reply(answer);
  };
}

/** Whether a value is what JSON can hold: no binary attachments, nothing that would change an object's prototype. */
function isPlain(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth >= DEEPEST) return false;
  if (Array.isArray(value)) return value.every((item) => isPlain(item, depth + 1));
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const key of Object.keys(value)) {
    if (key === '__proto__' || !isPlain((value as Record<string, unknown>)[key], depth + 1)) return false;
  }
  return true;
}
