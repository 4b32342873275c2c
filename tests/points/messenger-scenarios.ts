import type { Scenario } from './scenarios.ts';

export const messengers: readonly Scenario[] = [
  {
    row: 'messenger TELL',
    subject: 'messenger',
    watch: 'TELL',
    before: async (scene) => {
      await scene.create('messenger', {});
      await scene.payment();
    },
    command: (scene) => scene.send('messenger', { type: 'TELL', to: `payment/${scene.id}`, event: { type: 'SUBMIT' } }),
    rest: /^open/,
    others: (id) => [`payment/${id}`],
  },
  {
    row: 'messenger tell.refused',
    subject: 'messenger',
    watch: 'tell.refused',
    before: (scene) => scene.create('messenger', {}),
    command: (scene) => scene.send('messenger', { type: 'TELL', to: 'client/acme', event: { type: 'REINSTATE' } }),
    rest: /^open/,
  },
  {
    row: 'messenger PAY',
    subject: 'messenger',
    watch: 'PAY',
    before: (scene) => scene.create('messenger', {}),
    command: (scene) => scene.send('messenger', { type: 'PAY', amount_minor: 300 }),
    rest: /^open/,
  },
];
