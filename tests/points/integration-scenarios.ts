import type { Scenario } from './scenarios.ts';
import type { Answer, Scene } from './scene.ts';

const operator =
  (type: string, payload: object = {}) =>
  (scene: Scene) =>
    scene.send('integration', { ...payload, type }, 'operator');

async function opened(scene: Scene): Promise<void> {
  await scene.create('integration', { title: 'Points' }, 'operator');
  await scene.sent('integration', { type: 'ENABLE' }, 'operator');
}

/** With a messenger beside it, because only the hub and actors report calls. */
export async function troubled(scene: Scene): Promise<void> {
  await opened(scene);
  await scene.create('messenger', {});
}

export function tellOfFailures(scene: Scene): Promise<Answer> {
  const to = `integration/${scene.id}`;
  return scene.send('messenger', { type: 'TELL', to, event: { type: 'CALLS', succeeded: 0, failed: 20 } });
}

function declare(scene: Scene): Promise<Answer> {
  const event = { type: 'DECLARED', probes: false, rotates: true, drains: false };
  return scene.send('messenger', { type: 'TELL', to: `integration/${scene.id}`, event });
}

export const integrations: readonly Scenario[] = [
  {
    row: 'integration @create',
    watch: '@create',
    command: (scene: Scene) => scene.create('integration', { title: 'Points' }, 'operator'),
    rest: /lifecycle.disabled/,
  },
  {
    row: 'integration ENABLE',
    watch: 'ENABLE',
    before: (scene: Scene) => scene.create('integration', { title: 'Points' }, 'operator'),
    command: operator('ENABLE'),
    rest: /lifecycle.enabled/,
  },
  {
    row: 'integration DISABLE',
    watch: 'DISABLE',
    before: opened,
    command: operator('DISABLE', { reason: 'upkeep' }),
    rest: /lifecycle.disabled/,
  },
  { row: 'integration TRIP', watch: 'TRIP', before: opened, command: operator('TRIP', { reason: 'drill' }), rest: /circuit.forced_open/ },
  {
    row: 'integration RESET',
    watch: 'RESET',
    before: async (scene: Scene) => {
      await opened(scene);
      await scene.sent('integration', { type: 'TRIP', reason: 'drill' }, 'operator');
    },
    command: operator('RESET'),
    rest: /circuit.closed/,
  },
  {
    row: 'integration CALLS',
    watch: 'CALLS',
    before: troubled,
    command: tellOfFailures,
    rest: /circuit.open/,
    others: (id: string) => [`messenger/${id}`],
  },
  {
    row: 'integration PROBE',
    watch: 'PROBE',
    before: async (scene: Scene) => {
      await troubled(scene);
      await tellOfFailures(scene);
      await scene.until('integration', /circuit.open/);
    },
    command: operator('PROBE'),
    rest: /circuit.half_open/,
  },
  {
    row: 'integration QUARANTINE',
    watch: 'QUARANTINE',
    before: opened,
    command: operator('QUARANTINE', { reason: 'odd' }),
    rest: /quarantined/,
  },
  {
    row: 'integration RELEASE',
    watch: 'RELEASE',
    before: async (scene: Scene) => {
      await opened(scene);
      await scene.sent('integration', { type: 'QUARANTINE', reason: 'odd' }, 'operator');
    },
    command: operator('RELEASE'),
    rest: /lifecycle.enabled/,
  },
  {
    row: 'integration DECLARED',
    watch: 'DECLARED',
    before: troubled,
    command: declare,
    rest: /lifecycle.enabled/,
    others: (id: string) => [`messenger/${id}`],
  },
  // Nothing outside is behind it, so that the exchange fails, and the old credentials stay.
  {
    row: 'integration ROTATE',
    watch: 'ROTATE',
    before: async (scene: Scene) => {
      await troubled(scene);
      await declare(scene);
    },
    command: operator('ROTATE'),
    rest: /auth.valid/,
    others: (id: string) => [`messenger/${id}`],
  },
  {
    row: 'integration ACCEPT_CONTRACT refused',
    watch: 'ACCEPT_CONTRACT',
    before: opened,
    command: operator('ACCEPT_CONTRACT', { fingerprint: 'f' }),
    rest: /contract.compatible/,
  },
].map((row) => ({ ...row, subject: 'integration' }));
