import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { Fault } from '../../machines/fault.ts';

/** Generous to whoever works, and a bound for whoever floods: this much a second, and so many requests under way at once. */
const PERSON_PER_S = 1500;
const PERSON_AT_ONCE = 512;
/** For what comes without a valid token; one address may be a whole office. */
const ADDRESS_PER_S = 500;
const ADDRESS_AT_ONCE = 512;
/** Wrong passwords for one name from one address. */
const WRONG_PASSWORDS_PER_MIN = 10;

/** How much one person, or one address without a person, may ask of this node. */
export class Limits {
  readonly #persons = new RateLimiterMemory({ points: PERSON_PER_S, duration: 1 });
  readonly #addresses = new RateLimiterMemory({ points: ADDRESS_PER_S, duration: 1 });
  readonly #passwords = new RateLimiterMemory({ points: WRONG_PASSWORDS_PER_MIN, duration: 60 });
  readonly #underWay = new Map<string, number>();

  /** Throws the fault `rate_limited`. */
  person(username: string): Promise<void> {
    return take(this.#persons, username);
  }

  /** Throws the fault `rate_limited`. */
  address(address: string): Promise<void> {
    return take(this.#addresses, address);
  }

  /** Runs the work of somebody who has not too much under way already; throws the fault `rate_limited` where he has. */
  async work<T>(who: { readonly username: string } | { readonly address: string }, task: () => Promise<T>): Promise<T> {
    const [key, most] = 'username' in who ? [`person ${who.username}`, PERSON_AT_ONCE] : [`address ${who.address}`, ADDRESS_AT_ONCE];
    const underWay = this.#underWay.get(key) ?? 0;
    if (underWay >= most) throw tooMany(1000);
    this.#underWay.set(key, underWay + 1);
    try {
      return await task();
    } finally {
      const left = (this.#underWay.get(key) ?? 1) - 1;
      if (left === 0) this.#underWay.delete(key);
      else this.#underWay.set(key, left);
    }
  }

  /** Tries a password; only wrong ones count. Throws the fault `rate_limited` after too many of them. */
  async password<T>(username: string, address: string, task: () => Promise<T>): Promise<T> {
    const key = `${address} ${username}`;
    const tried = await this.#passwords.get(key);
    if (tried !== null && tried.consumedPoints >= WRONG_PASSWORDS_PER_MIN) throw tooMany(tried.msBeforeNext);
    try {
      return await task();
    } catch (error) {
      if (error instanceof Fault && error.code === 'bad_credentials') await this.#passwords.penalty(key);
      throw error;
    }
  }
}

async function take(limiter: RateLimiterMemory, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (error) {
    if (error instanceof RateLimiterRes) throw tooMany(error.msBeforeNext);
    throw error;
  }
}

function tooMany(after_ms: number): Fault {
  return new Fault('rate_limited', undefined, { after_ms });
}
