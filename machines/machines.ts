import { client } from './client.ts';
import { integration } from './integration.ts';
import type { Definition } from './machine.ts';
import { payment } from './payment.ts';

/** Every machine that the hub hosts. A new noun is one file and one line here. */
export const machines: readonly Definition[] = [payment, client, integration];
