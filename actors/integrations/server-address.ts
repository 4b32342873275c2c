/** Whether it is the address of a server, with https and no path; http only of this machine. */
export function isServer(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname, search, hash, username, password } = new URL(text);
  const isHere = hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
  const isPlain = search === '' && hash === '' && username === '' && password === '' && pathname === '/';
  return (protocol === 'https:' || (protocol === 'http:' && isHere)) && isPlain && text.length <= 200;
}
