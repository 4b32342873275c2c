import type { Job } from './effect-job.ts';
import type { CallResult, IntegrationKind } from './integrations/integration.ts';
import type { Ports } from './ports/ports.ts';

export type Made = {
  readonly job: Job;
  readonly ports: Ports;
  readonly kind: Pick<IntegrationKind, 'name' | 'timeout_ms'>;
  readonly operation: string;
};

/** One call, given up after the integration's time limit; whatever is not an answer is unknown. Never rejects. */
export function callOnce<R>(made: Made, run: (signal: AbortSignal) => Promise<R>): Promise<R | Exclude<CallResult, { kind: 'done' }>> {
  const { job, ports, kind, operation } = made;
  return new Promise((resolve) => {
    const controller = new AbortController();
    const end = (result: R | Exclude<CallResult, { kind: 'done' }>): void => {
      cancel();
      job.giveUp = undefined;
      resolve(result);
    };
    const giveUp = (code: string, detail: string): void => {
      controller.abort();
      end({ kind: 'unknown', code, detail });
    };
    const cancel = ports.timers.after(kind.timeout_ms, () => giveUp('timeout', `No answer within ${kind.timeout_ms} ms`));
    job.giveUp = () => giveUp('given_up', 'The machine does not wait for it any more');
    const threw = (error: unknown): void => {
      ports.log.error({ err: error, integration: kind.name, operation }, 'An integration threw; the outcome of its call is unknown');
      end({ kind: 'unknown', code: 'integration_threw' });
    };
    try {
      run(controller.signal).then(end, threw);
    } catch (error) {
      threw(error);
    }
  });
}
