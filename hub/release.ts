import { readFileSync } from 'node:fs';

/** The version of the package that this hub is. */
export const RELEASE = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;
