import type { PatchOp } from '../../hub/protocol/messages.ts';

type Json = unknown;
type Container = Record<string, Json> | Json[];

/**
 * Applies RFC 6902 operations (`add`, `replace`, `remove`) to a document without touching it: what did not change is shared
 * with the result, so that screens can compare by identity. Returns undefined when an operation does not fit the document:
 * the copy is then not what the hub takes it to be, and has to be fetched anew.
 */
export function applyOps<T extends object>(document: T, ops: readonly PatchOp[]): T | undefined {
  let result: Json = document;
  for (const op of ops) {
    const path = readPointer(op.path);
    if (path === undefined) return undefined;
    const next = applyAt(result, path, 0, op);
    if (next === UNFIT) return undefined;
    result = next;
  }
  return typeof result === 'object' && result !== null ? (result as T) : undefined;
}

const UNFIT = Symbol('unfit');

function applyAt(node: Json, path: readonly string[], depth: number, op: PatchOp): Json {
  const key = path[depth];
  // The empty pointer replaces the document itself.
  if (key === undefined) return op.op === 'remove' ? UNFIT : op.value;
  if (typeof node !== 'object' || node === null) return UNFIT;
  const last = depth === path.length - 1;
  if (Array.isArray(node)) return applyToArray(node, key, last, path, depth, op);
  const record = node as Record<string, Json>;
  if (!last) {
    if (!Object.hasOwn(record, key)) return UNFIT;
    return replaced(record, key, applyAt(record[key], path, depth + 1, op));
  }
  if (op.op === 'add') return { ...record, [key]: op.value };
  if (!Object.hasOwn(record, key)) return UNFIT;
  if (op.op === 'replace') return { ...record, [key]: op.value };
  const { [key]: _removed, ...rest } = record;
  return rest;
}

function applyToArray(array: Json[], key: string, last: boolean, path: readonly string[], depth: number, op: PatchOp): Json {
  const adding = last && op.op === 'add';
  const index = key === '-' && adding ? array.length : readIndex(key);
  if (index === undefined || index > array.length - (adding ? 0 : 1)) return UNFIT;
  if (!last) return replaced(array, index, applyAt(array[index], path, depth + 1, op));
  const copy = array.slice();
  if (op.op === 'add') copy.splice(index, 0, op.value);
  else if (op.op === 'replace') copy[index] = op.value;
  else copy.splice(index, 1);
  return copy;
}

function replaced(container: Container, key: string | number, value: Json): Json {
  if (value === UNFIT) return UNFIT;
  if (!Array.isArray(container)) return { ...container, [key]: value };
  const copy = container.slice();
  copy[Number(key)] = value;
  return copy;
}

function readIndex(key: string): number | undefined {
  return /^(0|[1-9][0-9]{0,15})$/.test(key) ? Number(key) : undefined;
}

/** RFC 6901. A path through `__proto__` could reach what all objects share, so no copy ever follows one. */
function readPointer(pointer: string): string[] | undefined {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) return undefined;
  const parts = pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return parts.includes('__proto__') ? undefined : parts;
}
