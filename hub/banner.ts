import { describedSubjects } from '../actors/bus/subjects.ts';
import type { Hub } from './hub.ts';

/** What somebody who has just started the hub on a terminal wants to know. */
export function banner(hub: Hub): string {
  const { config, embedded } = hub;
  const demo = config.demo ? ['', `  Sign in      clerk, approver, cfo, operator, acme … with the password ${config.demoPassword}`] : [];
  const nats = embedded.natsUrl ?? config.natsUrl ?? '';
  const lines = [
    '',
    `  Green Lines Hub ${hub.release}`,
    '',
    `  HQ console   ${hub.url()}/hq/`,
    `  API          ${hub.url()}/docs`,
    `  NATS         ${nats}   (publish to ${describedSubjects('<type>').in.replace('{id}', '<id>')})`,
    `  Data         ${config.dataDir}`,
    ...demo,
    '',
    '  Ctrl-C stops it, drained.',
    '',
  ];
  return `${lines.join('\n')}\n`;
}
