/**
 * Whether a browser on this origin may open a socket: the hub's own pages and the origins that were configured. Who sends no
 * origin is no browser page, and carries no cookie that could be abused: a socket is opened with a bearer token.
 */
export function mayConnectFrom(
  origin: string | undefined,
  own: { readonly host: string | undefined; readonly url: string | undefined; readonly more: readonly string[] },
): boolean {
  if (origin === undefined) return true;
  const url = readOrigin(origin);
  if (url === undefined) return false;
  // The page came from the very host and port that it now asks.
  if (own.host !== undefined && url.host === own.host.toLowerCase()) return true;
  return [own.url, ...own.more].some((allowed) => allowed !== undefined && readOrigin(allowed)?.origin === url.origin);
}

function readOrigin(text: string): URL | undefined {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') ? url : undefined;
}
