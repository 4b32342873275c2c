import { board } from './board.ts';

/** What a node that is started for a bench knows beside the product's machines. */
export const machines = [board];
