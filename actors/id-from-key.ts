import { hash } from 'node:crypto';

/** An id for an actor that its creator did not name: from the creator's key, so that a repeat finds the same actor. */
export function idFromKey(prefix: string, hub_id: string, caller: string, key: string): string {
  return `${prefix}_${digestOf(hub_id, caller, key)}`;
}

/** Whether an id was made from this key, so that there cannot have been such an actor before. */
export function isFromKey(id: string, hub_id: string, caller: string, key: string): boolean {
  return id.endsWith(`_${digestOf(hub_id, caller, key)}`);
}

function digestOf(hub_id: string, caller: string, key: string): string {
  return hash('sha256', `${hub_id} ${caller} ${key}`, 'base64url').replaceAll(/[-_]/g, '').slice(0, 20);
}
