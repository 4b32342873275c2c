declare const brand: unique symbol;

/** The id of an actor within its type: 1 to 64 of `A-Z a-z 0-9 _ -`, so that it is always one token of a NATS subject. */
export type ActorId = string & { readonly [brand]: 'ActorId' };

/** `type/id`, for example `payment/pay_1`. */
export type Address = string & { readonly [brand]: 'Address' };

const ID = /^[A-Za-z0-9_-]{1,64}$/;
const TYPE = /^[a-z][a-z0-9_]{0,31}$/;

export function isId(text: unknown): text is ActorId {
  return typeof text === 'string' && ID.test(text);
}

export function isType(text: unknown): text is string {
  return typeof text === 'string' && TYPE.test(text);
}

/** Joins a type and an id that have been checked. */
export function toAddress(type: string, id: string): Address {
  return `${type}/${id}` as Address;
}

/** Splits `type/id`; undefined for anything else. */
export function readAddress(text: unknown): { type: string; id: ActorId; address: Address } | undefined {
  if (typeof text !== 'string') return undefined;
  const cut = text.indexOf('/');
  const type = text.slice(0, cut);
  const id = text.slice(cut + 1);
  return cut > 0 && isType(type) && isId(id) ? { type, id, address: text as Address } : undefined;
}

/** The type of an address that has been checked. */
export function typeOf(address: string): string {
  return address.slice(0, address.indexOf('/'));
}

/** The id of an address that has been checked. */
export function idOf(address: string): ActorId {
  return address.slice(address.indexOf('/') + 1) as ActorId;
}

/** How many partitions actors are spread over; fixed at first start and for ever. */
export const PARTITIONS = 32;

/** FNV-1a, 32 bits, over the UTF-16 code units (addresses are ASCII), modulo the number of partitions. */
export function partitionOf(address: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < address.length; i++) hash = Math.imul(hash ^ address.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % PARTITIONS;
}
