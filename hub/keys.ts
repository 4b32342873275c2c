import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Encrypts what the hub stores of others' secrets: AES-256-GCM, a fresh nonce each time, bound to the secret's name. */
export class Vault {
  readonly #key: Buffer;

  constructor(secretKey: string) {
    this.#key = Buffer.from(hkdfSync('sha256', secretKey, 'green-lines-hub', 'stored secrets', 32));
  }

  seal(name: string, text: string): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(name));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return `v1.${nonce.toString('base64url')}.${sealed.toString('base64url')}.${cipher.getAuthTag().toString('base64url')}`;
  }

  /** Throws for a text that was sealed under another key or another name, or changed since. */
  open(name: string, sealed: string): string {
    const [version, nonce, text, tag] = sealed.split('.');
    if (version !== 'v1' || nonce === undefined || text === undefined || tag === undefined)
      throw new Error(`The secret ${name} is not readable`);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, Buffer.from(nonce, 'base64url'));
    decipher.setAAD(Buffer.from(name)).setAuthTag(Buffer.from(tag, 'base64url'));
    return Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()]).toString('utf8');
  }
}
