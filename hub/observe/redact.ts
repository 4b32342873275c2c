/**
 * What may not leave in a log line, by what it looks like rather than by where it stands. Every repetition is bounded or begins
 * at a border: whoever can put a long text into the log must not be able to keep the process busy with it.
 */
const JWT = /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]+/g;
const BEARER = /(bearer\s{1,8})[A-Za-z0-9._~+/-]{8,4096}=*/gi;
const URL_PASSWORD = /((?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@"]{0,256}:)[^\s@"/]{1,256}@/gi;
const NAME = '[a-z0-9_.-]{0,40}?(?:password|secret|token|authorization|cookie|credential|(?:api|private|secret)[_-]?key)[a-z0-9_.-]{0,40}';
const SECRET_MEMBER = new RegExp(String.raw`((?<!\\)"${NAME}"\s*:\s*")(?:[^"\\]|\\.)*"`, 'gi');
/** The same within a text that was JSON already, for example a body quoted in a message. */
const QUOTED_MEMBER = new RegExp(String.raw`(\\"${NAME}\\"\s*:\s*\\")(?:[^"\\]|\\\\(?:\\["\\]|[^"\\]))*`, 'gi');
const CARD = /(?<![0-9A-Za-z_-])(?:\d[ -]?){12,18}\d(?![0-9A-Za-z_-])/g;

/** A log line without tokens, passwords, secrets and card numbers. */
export function redact(line: string): string {
  return line
    .replace(JWT, '[token]')
    .replace(BEARER, '$1[token]')
    .replace(URL_PASSWORD, '$1[password]@')
    .replace(SECRET_MEMBER, '$1[secret]"')
    .replace(QUOTED_MEMBER, '$1[secret]')
    .replace(CARD, (digits) => (isCardNumber(digits) ? '[card]' : digits));
}

/** Luhn's check over 13 to 19 digits (ISO/IEC 7812-1). */
function isCardNumber(text: string): boolean {
  const digits = text.replaceAll(/\D/g, '');
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return digits.length >= 13 && digits.length <= 19 && sum % 10 === 0;
}
