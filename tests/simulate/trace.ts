import { createHash } from 'node:crypto';

const CHUNK = 1 << 16;

/** SHA-256 over everything that happened, in order. */
export class Trace {
  readonly #hash = createHash('sha256');
  #text = '';

  add(step: string): void {
    this.#text += `${step}\n`;
    if (this.#text.length >= CHUNK) this.#flush();
  }

  /** 64 hex digits; nothing can be added afterwards. */
  end(): string {
    this.#flush();
    return this.#hash.digest('hex');
  }

  #flush(): void {
    this.#hash.update(this.#text);
    this.#text = '';
  }
}
