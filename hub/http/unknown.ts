import { Fault } from '../../machines/fault.ts';
import type { Route } from './route.ts';

/** What is served beside the list of routes. */
const ALSO = ['/', '/healthz', '/readyz'];

/** The methods of a known address, for OPTIONS. Throws the fault for every other method, and for an address that is not served. */
export function answerUnknown(routes: readonly Route[], method: string, url: string): string {
  const path = url.split('?')[0] ?? '';
  const allowed = new Set(routes.filter((route) => toPattern(route.path).test(path)).map((route) => route.method as string));
  if (ALSO.includes(path)) allowed.add('GET');
  if (allowed.size === 0) throw new Fault('not_found', 'There is nothing at this address.');
  const allow = [...allowed, ...(allowed.has('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  if (method === 'OPTIONS') return allow;
  throw new Fault('method_not_allowed', `${method.slice(0, 16)} is not taken here, but ${allow}.`, { allow });
}

const patterns = new Map<string, RegExp>();

function toPattern(path: string): RegExp {
  let pattern = patterns.get(path);
  if (pattern === undefined) {
    pattern = new RegExp(`^${path.replaceAll(/:[a-z]+/g, '[^/]+')}$`);
    patterns.set(path, pattern);
  }
  return pattern;
}
