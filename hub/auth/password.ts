import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { Fault } from '../../machines/fault.ts';

/** OWASP's Password Storage Cheat Sheet for argon2id: 19 MiB, 2 passes, 1 lane. */
const MEMORY_KIB = 19_456;
const PASSES = 2;
const LANES = 1;
const LENGTH = 32;

/** Each takes about 19 MiB and a core for some tens of milliseconds, so that a flood of sign-ins must wait outside. */
const AT_ONCE = 2;
const MOST_WAITING = 256;
const MOST_WAITING_PER_ADDRESS = 64;

const ENCODED = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;
/** What an unknown name is compared with, so that it takes as long as a known one. */
const NOBODY = `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${LANES}$${'A'.repeat(22)}$${'A'.repeat(43)}`;

/** Hashes and compares passwords with argon2id (RFC 9106), a few at a time. */
export class Passwords {
  readonly #perAddress = new Map<string, number>();
  readonly #queue: (() => void)[] = [];
  #working = 0;

  /** A PHC string, with a salt of its own. */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(16);
    const key = await this.#work('', () => derive(password, salt, MEMORY_KIB, PASSES, LANES));
    return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${LANES}$${toText(salt)}$${toText(key)}`;
  }

  /** Whether it is the password; takes the same time when there is nothing to compare it with. Throws the fault `overloaded`. */
  async matches(password: string, encoded: string | undefined, address: string): Promise<boolean> {
    const [, memory, passes, lanes, salt, key] = ENCODED.exec(encoded ?? NOBODY) ?? ENCODED.exec(NOBODY) ?? [];
    const expected = Buffer.from(key ?? '', 'base64');
    const derived = await this.#work(address, () =>
      derive(password, Buffer.from(salt ?? '', 'base64'), Number(memory), Number(passes), Number(lanes)),
    );
    return derived.length === expected.length && timingSafeEqual(derived, expected) && encoded !== undefined;
  }

  async #work<T>(address: string, task: () => Promise<T>): Promise<T> {
    const waiting = this.#perAddress.get(address) ?? 0;
    if (this.#queue.length >= MOST_WAITING || waiting >= MOST_WAITING_PER_ADDRESS) {
      throw new Fault('overloaded', 'Too many sign-ins are waiting; try again in a moment.', { after_ms: 2000 });
    }
    this.#perAddress.set(address, waiting + 1);
    try {
      if (this.#working >= AT_ONCE) await new Promise<void>((resolve) => this.#queue.push(resolve));
      else this.#working++;
      return await task();
    } finally {
      const left = (this.#perAddress.get(address) ?? 1) - 1;
      if (left === 0) this.#perAddress.delete(address);
      else this.#perAddress.set(address, left);
      // The place is handed on; only where nobody waits does it become free.
      const next = this.#queue.shift();
      if (next === undefined) this.#working--;
      else next();
    }
  }
}

function derive(password: string, nonce: Buffer, memory: number, passes: number, parallelism: number): Promise<Buffer> {
  // The same password typed on another keyboard may come in another normal form.
  const message = Buffer.from(password.normalize('NFKC'), 'utf8');
  return new Promise((resolve, reject) => {
    argon2('argon2id', { message, nonce, parallelism, tagLength: LENGTH, memory, passes }, (error, key) =>
      error === null || error === undefined ? resolve(key) : reject(error),
    );
  });
}

function toText(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
