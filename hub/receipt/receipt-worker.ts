import { parentPort } from 'node:worker_threads';
import { must } from '../../machines/must.ts';
import { toPdf } from './receipt-pdf.ts';
import type { Printed, ToPrint } from './printer.ts';

/* Where receipts are drawn: a thread of its own. */

const port = must(parentPort, 'the port of the thread that asks');

async function print({ n, receipt }: ToPrint): Promise<Printed> {
  try {
    return { n, bytes: await toPdf(receipt) };
  } catch (error) {
    return { n, problem: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

port.on('message', (asked: ToPrint) => {
  void print(asked).then((printed) => port.postMessage(printed));
});
