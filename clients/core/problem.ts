/** What a call to the hub failed with: its `application/problem+json`, or what stands for one when none came. */
export class Problem extends Error {
  /** 0 when no answer came. */
  readonly status: number;
  /** A code of the fault table, or `unreachable`, `unreadable`, `aborted`. */
  readonly code: string;
  /** What else the hub said: `reason`, `can`, `errors`, … */
  readonly extra: Readonly<Record<string, unknown>>;
  readonly retryAfterMs: number | undefined;

  constructor(status: number, code: string, sentence: string, extra: Readonly<Record<string, unknown>> = {}, retryAfterMs?: number) {
    super(sentence);
    this.name = 'Problem';
    this.status = status;
    this.code = code;
    this.extra = extra;
    this.retryAfterMs = retryAfterMs;
  }
}

/** No answer came, so nobody knows whether the call took effect. Safe to repeat only by the same key. */
export function unreachable(): Problem {
  return new Problem(0, 'unreachable', 'The hub did not answer. Check the connection; then try again.');
}

/** Somebody else has signed in meanwhile, or nobody is signed in any more: nothing is asked on his behalf, and no answer is shown to him. */
export function anotherPerson(): Problem {
  return new Problem(0, 'aborted', 'This was given up, because the person who asked for it is not signed in any more.');
}

export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new Problem(0, 'client', `The console itself failed: ${text}`);
}

/** Reads an error answer. Proxies answer in HTML, so nothing about the body is taken for granted. */
export function readProblem(status: number, body: unknown, retryAfter: string | null): Problem {
  const seconds = retryAfter === null ? Number.NaN : Number(retryAfter);
  const afterMs = Number.isFinite(seconds) ? seconds * 1000 : undefined;
  if (!isRecord(body)) return new Problem(status, 'unreadable', `The hub answered ${status} without saying why.`, {}, afterMs);
  const { code, detail, title, ...extra } = body;
  const sentence = text(detail) ?? text(title) ?? `The hub answered ${status}.`;
  return new Problem(status, text(code) ?? String(status), sentence, extra, afterMs);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
