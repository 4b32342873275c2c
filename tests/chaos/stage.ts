import { eventually } from '../support/process-hub.ts';
import { Doorman, RestCaller } from './callers.ts';
import { PASSWORD } from './world.ts';
import type { World } from './world.ts';

export const CLIENTS = ['acme', 'globex'] as const;
export type Client = (typeof CLIENTS)[number];

const WITHIN_MS = 30_000;

/** People of both sides, an enabled gateway, and two active clients whose people must never see anything of each other. */
export async function setStage(world: World, random: () => number): Promise<Doorman> {
  const doorman = new Doorman(world.nodes);
  const caller = (username: string): RestCaller => new RestCaller(username, world.nodes, doorman, random);
  const admin = caller('admin');
  const until = performance.now() + WITHIN_MS;
  for (const role of ['clerk', 'operator', 'approver', 'auditor']) {
    await must(admin.ask('PUT', `/v1/people/${role}`, until, { roles: [role], password: PASSWORD }));
  }
  for (const client of CLIENTS)
    await must(admin.ask('PUT', `/v1/people/${client}`, until, { roles: ['customer'], client, password: PASSWORD }));
  const operator = caller('operator');
  const clerk = caller('clerk');
  const approver = caller('approver');
  for (const name of ['sandbox', 'sandbox_checks']) await operator.send(`integration/${name}`, { type: 'ENABLE' }, `enable-${name}`, until);
  for (const client of CLIENTS) {
    const address = `client/${client}`;
    const input = { name: `${client} Facility Services GmbH`, country: 'DE', email: `office@${client}.example`, kind: 'company' };
    await clerk.create('client', client, input, `create-${client}`, until);
    await clerk.send(address, { type: 'INVITE' }, `invite-${client}`, until);
    const submit = { type: 'SUBMIT', documents: ['trade register extract'], bank_account: 'DE89370400440532013000' };
    await clerk.send(address, submit, `submit-${client}`, until);
    await approver.send(address, { type: 'VERIFY' }, `verify-${client}`, until);
    await eventually(`${client} is active`, WITHIN_MS, async () => {
      const [row] = await world.ask<{ state: string }>(`select state from actor where address = $1`, [address]);
      return row?.state === 'active';
    });
  }
  return doorman;
}

async function must(asked: Promise<{ reply: { status: number; body: unknown } | undefined }>): Promise<void> {
  const { reply } = await asked;
  if (reply === undefined || reply.status >= 300) throw new Error(`The stage could not be set: ${JSON.stringify(reply)}`);
}
