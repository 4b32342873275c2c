import { idFromKey } from '../actors/id-from-key.ts';
import type { Caller } from '../actors/caller.ts';
import type { Contender } from './lifecycle.ts';
import { APPROVER, CLERK, act } from './stage.ts';
import type { Stage } from './stage.ts';

const CALLERS: Readonly<Record<string, Caller>> = { clerk: CLERK, approver: APPROVER };

/** The hub as a contender: commands through the gate, answered after their commit, with everything running that `npm start` runs. */
export function inProcess({ hub }: Stage): Contender {
  return {
    create: async (key, input) => {
      const id = idFromKey('ord', hub.hub_id, CLERK.id, key);
      const outcome = await act(hub, CLERK, `order/${id}`, '@create', input, key);
      if (outcome.outcome !== 'applied') throw new Error(`An order was not created: ${JSON.stringify(outcome)}`);
      return { id, hash: (outcome.envelope.snapshot.context as unknown as { payload_hash: string }).payload_hash };
    },
    send: async (id, { type, by, ...payload }, event_id) => {
      const caller = CALLERS[by] ?? CLERK;
      const command = { address: `order/${id}`, type, payload, caller, id: event_id };
      for (let attempt = 0; ; attempt++) {
        const outcome = await hub.runtime.command({ ...command, repeat: attempt > 0 });
        if (outcome.outcome === 'applied') return outcome.envelope.snapshot.value as unknown as string;
        if (outcome.outcome !== 'retry') throw new Error(`${type} was not applied: ${JSON.stringify(outcome)}`);
        await new Promise((resolve) => setTimeout(resolve, outcome.after_ms));
      }
    },
  };
}
