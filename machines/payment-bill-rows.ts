import { failed } from './payment-rehearsal.ts';
import * as scene from './payment-rehearsal.ts';
import { play } from './rehearsal.ts';
import type { Stage } from './rehearsal.ts';

type Row = [row: string, stage: () => Stage, state: string, cells: Readonly<Record<string, string>>];

/** What may happen to a payment while its bill has the word. */
export const BILL_ROWS: readonly Row[] = [
  [
    'of a bill: claiming',
    () => scene.claiming(),
    'claiming',
    {
      BILL_CLAIMED: 'authorizing.asking',
      'BILL_CLAIMED for another revision': 'claiming',
      'PAYMENT_BEGUN refused': 'declined',
      'after answer_wait': 'claiming',
    },
  ],
  [
    'of a bill: authorizing, asking it',
    () => scene.askingBill(),
    'authorizing.asking_bill',
    { 'bill: open': 'authorizing.calling', 'bill: not open': 'declined', 'bill: failed': 'authorizing.pausing' },
  ],
  [
    'of a bill: capturing, asking it',
    () => scene.capturingBill(),
    'capturing.asking_bill',
    { 'bill: open': 'capturing.calling', 'bill: not open': 'authorized.voiding', 'bill: failed': 'capturing.pausing' },
  ],
  [
    'of a bill: capturing, after it did not answer',
    () => play(scene.capturingBill(), failed('bill', 'failed')),
    'capturing.pausing',
    { 'after ask_pause': 'capturing.asking' },
  ],
];
