import { account } from './account.ts';
import { bill } from './bill.ts';
import { binding } from './binding.ts';
import { booking } from './booking.ts';
import { client } from './client.ts';
import { dispute } from './dispute.ts';
import { fileImport } from './import.ts';
import { feed } from './feed.ts';
import { integration } from './integration.ts';
import { limit } from './limit.ts';
import type { Definition } from './machine.ts';
import { payment } from './payment.ts';
import { period } from './period.ts';
import { rates } from './rates.ts';

/** Every machine that the hub hosts. A new noun is one file and one line here. */
export const machines: readonly Definition[] = [
  payment,
  client,
  account,
  limit,
  dispute,
  integration,
  rates,
  period,
  fileImport,
  feed,
  bill,
  binding,
  booking,
];
