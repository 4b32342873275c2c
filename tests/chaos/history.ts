/**
 * What a client was told of one thing that it asked for, in Jepsen's words: `ok` it was done, `fail` it was refused for good,
 * `info` nobody knows. Times are of one clock, the judge's, that never runs backwards.
 */
export type Operation = {
  readonly door: 'rest' | 'socket' | 'nats';
  readonly address: string;
  /** As the journal would have it. */
  readonly event_id: string;
  readonly event: string;
  readonly invoked_at: number;
  readonly completed_at: number;
  readonly type: 'ok' | 'fail' | 'info';
  /** Of the actor, as it was told; 0 where none was. */
  readonly version: number;
  /** Why it was refused. */
  readonly code: string;
  /** What a repeat of the same id was told that differed from the first answer. */
  readonly contradiction: string;
  /** How many times it was sent. */
  readonly tries: number;
};

export type Answer = Pick<Operation, 'type' | 'version' | 'code'>;

export const UNKNOWN: Answer = { type: 'info', version: 0, code: '' };

/** Codes of refusals that come from the gate, before any actor was asked: those are told and not written down. */
const AT_THE_GATE = new Set(['invalid', 'unknown_event', 'forbidden', 'bad_request', 'bad_id', 'bad_json', 'not_found']);

export function isRecorded({ type, code }: Answer): boolean {
  return type === 'fail' && !AT_THE_GATE.has(code);
}
