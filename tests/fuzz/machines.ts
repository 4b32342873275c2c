import { shelf } from '../support/shelf.ts';

/** What the nodes of the fuzz know beside the product's machines. */
export const machines = [shelf];
