import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RateDay } from '../../machines/exchange.ts';
import { targetDayBefore } from '../../machines/target-days.ts';

export type Play = (request: IncomingMessage, response: ServerResponse) => void;

/** Plays the server of the European Central Bank on loopback: answers what it is told to, and keeps who asked for what. */
export class EcbServer {
  readonly asked: string[] = [];
  play: Play = (_, response) => response.writeHead(404).end();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.asked.push(request.url ?? '');
      this.play(request, response);
    });
  }

  static async start(): Promise<EcbServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new EcbServer(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/stats/`;
  }

  /** The daily file has the newest of these days, the other one all of them. */
  publish(days: readonly RateDay[]): void {
    this.play = ({ url = '' }, response) => {
      const shown = url.endsWith('daily.xml') ? days.slice(-1) : days;
      response.writeHead(200, { 'content-type': 'text/xml' }).end(toFeed(shown));
    };
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

const RATES = { USD: '1.1700', JPY: '182.00', GBP: '0.87000', CHF: '0.9300', SEK: '10.9000', NOK: '11.7000', DKK: '7.4690', PLN: '4.2300' };
const MORE = { CZK: '24.300', HUF: '382.00', RON: '5.0900', TRY: '50.0000', AUD: '1.7600', BRL: '6.2500', CAD: '1.6200', CNY: '8.2000' };
const LAST = { HKD: '9.1000', IDR: '19600.00', ILS: '3.7500', INR: '105.0000', KRW: '1700.00', MXN: '21.0000', ZAR: '19.5000' };

/** So many days up to this one, the oldest first; each with a dollar of its own. */
export function daysUpTo(newest: string, count: number, usd?: string): readonly RateDay[] {
  const dates = [newest];
  while (dates.length < count) dates.unshift(targetDayBefore(dates[0] ?? newest));
  return dates.map((date) => {
    const own = `1.1${date.slice(8)}${date.slice(6, 7)}`;
    return { source: 'ecb', base: 'EUR', date, rates: { ...RATES, ...MORE, ...LAST, USD: usd ?? own } };
  });
}

export function toFeed(days: readonly RateDay[], sender = 'European Central Bank'): string {
  const cubes = days.toReversed().map(({ date, rates }) => {
    const inner = Object.entries(rates).map(([code, rate]) => `<Cube currency='${code}' rate='${rate}'/>`);
    return `<Cube time='${date}'>${inner.join('')}</Cube>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
<gesmes:subject>Reference rates</gesmes:subject><gesmes:Sender><gesmes:name>${sender}</gesmes:name></gesmes:Sender>
<Cube>${cubes.join('\n')}</Cube>
</gesmes:Envelope>`;
}
