import { redact } from '../observe/redact.ts';

const SECRET_NAME = /password|secret|token|authorization|cookie|credential|(api|private)[_-]?key/i;
const DEEPEST = 12;

/**
 * A value without what looks like a secret: the same signs by which the log knows one. The views have decided before what is shown;
 * this is for what somebody typed where it does not belong, since an inspector's screen is shared and photographed.
 */
export function withoutSecrets(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redact(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEEPEST) return '[deeper than is shown]';
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      isScalar(inner) && SECRET_NAME.test(name) ? '[secret]' : withoutSecrets(inner, depth + 1),
    ]),
  );
}

/** Nothing is not a secret, and that it is nothing may be what somebody looks for. */
function isScalar(value: unknown): boolean {
  return value !== null && value !== undefined && typeof value !== 'object' && typeof value !== 'boolean';
}
