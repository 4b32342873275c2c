import { existsSync } from 'node:fs';
import { installPackages, mayInstall } from './debian.ts';

/** The browser without windows: it does the same with a fifth less work. Older releases of Debian have none. */
const SHELL = 'chromium-headless-shell';
const PLACES = [
  `/usr/bin/${SHELL}`,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Makes sure that there is a browser before the first test that needs one. */
export function setup(): void {
  if (findChromium() !== undefined) return;
  const failure = mayInstall()
    ? (process.stderr.write('installing chromium for the tests\n'), installPackages(SHELL) && installPackages('chromium'))
    : 'only root on Debian or Ubuntu can install it';
  if (findChromium() === undefined) {
    throw new Error(
      `These tests need Chromium, and there is none (${failure ?? 'its package brought none'}): install it, or set CHROMIUM to its path`,
    );
  }
}

/** The browser that tests drive; `setup` has seen to it that there is one. */
export function chromiumPath(): string {
  const path = findChromium();
  if (path === undefined) throw new Error('There is no Chromium: run the tests with `npm test`, or set CHROMIUM to its path');
  return path;
}

function findChromium(): string | undefined {
  const given = process.env['CHROMIUM'];
  return [...(given === undefined ? [] : [given]), ...PLACES].find((path) => existsSync(path));
}
