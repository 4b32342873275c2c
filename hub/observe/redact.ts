/** What may not leave in a log line, by what it looks like rather than by where it stands. */
const JWT = /eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+/g;
const BEARER = /(bearer\s+)[A-Za-z0-9._~+/-]{8,}=*/gi;
const URL_PASSWORD = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@"]*:)[^\s@"/]+@/gi;
const SECRET_MEMBER = /("(?:[a-z_]*(?:password|secret|token|authorization|cookie|api_?key)[a-z_]*)"\s*:\s*")(?:[^"\\]|\\.)*"/gi;
const CARD = /(?<![0-9A-Za-z_-])(?:\d[ -]?){12,18}\d(?![0-9A-Za-z_-])/g;

/** A log line without tokens, passwords, secrets and card numbers. */
export function redact(line: string): string {
  return line
    .replace(JWT, '[token]')
    .replace(BEARER, '$1[token]')
    .replace(URL_PASSWORD, '$1[password]@')
    .replace(SECRET_MEMBER, '$1[secret]"')
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
