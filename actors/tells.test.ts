import { expect, test } from 'vitest';
import { counter } from '../tests/support/toy-machines.ts';
import type { Outcome } from './delivery.ts';
import { VirtualPorts } from './ports/virtual.ts';
import { Tells } from './tells.ts';

test('[OUT-30] a tell that goes out again as another release writes it is what it was the first time: it is refused only if that was', async () => {
  const carried = async (outcome: Outcome): Promise<readonly string[]> => {
    const delivered: string[] = [];
    const tells = new Tells({
      ports: new VirtualPorts(),
      definitions: new Map([[counter.type, counter]]),
      settings: new Map(),
      up: () => true,
      deliver: async (address, { happening }) => {
        delivered.push(
          `${address} ${happening.kind === 'event' ? `${happening.event.type} ${String(happening.event['reason'] ?? '')}` : happening.kind}`,
        );
        return outcome;
      },
    });
    const send = { i: 0, to: 'counter/b', event: { type: 'TOUCH' } };
    await tells.carry('counter/a', { v: 3, i: 0, id: 'own:counter/a@3#0' }, send);
    return delivered.map((one) => one.trim());
  };
  const reused = { outcome: 'rejected', code: 'key_reused', detail: '', version: 3 } as const;
  expect(await carried(reused)).toEqual(['counter/b TOUCH']);
  expect(await carried({ ...reused, before: 'not_in_state' })).toEqual(['counter/b TOUCH', 'counter/a tell.refused not_in_state']);
  expect(await carried({ ...reused, code: 'not_in_state' })).toEqual(['counter/b TOUCH', 'counter/a tell.refused not_in_state']);
});
