/** Lengths of the countries in the IBAN registry of ISO 13616. */
const LENGTHS: Readonly<Record<string, number>> = {
  AD: 24, AE: 23, AL: 28, AT: 20, AZ: 28, BA: 20, BE: 16, BG: 22, BH: 22, BI: 27, BR: 29, BY: 28, CH: 21, CR: 22, CY: 28, CZ: 24,
  DE: 22, DJ: 27, DK: 18, DO: 28, EE: 20, EG: 29, ES: 24, FI: 18, FK: 18, FO: 18, FR: 27, GB: 22, GE: 22, GI: 23, GL: 18, GR: 27,
  GT: 28, HR: 21, HU: 28, IE: 22, IL: 23, IQ: 23, IS: 26, IT: 27, JO: 30, KW: 30, KZ: 20, LB: 28, LC: 32, LI: 21, LT: 20, LU: 20,
  LV: 21, LY: 25, MC: 27, MD: 24, ME: 22, MK: 19, MN: 20, MR: 27, MT: 31, MU: 30, NI: 28, NL: 18, NO: 15, OM: 23, PK: 24, PL: 28,
  PS: 29, PT: 25, QA: 29, RO: 24, RS: 22, RU: 33, SA: 24, SC: 31, SD: 18, SE: 24, SI: 19, SK: 24, SM: 27, SO: 23, ST: 25, SV: 28,
  TL: 23, TN: 24, TR: 26, UA: 29, VA: 22, VG: 24, XK: 20, YE: 30,
};

/**
 * What is wrong with a bank account, as codes; nothing for a good one. Two forms are known: an IBAN (ISO 13616, spaces and
 * hyphens do not count), and `<routing number>-<account>` of the United States, with a colon or a space in between as well.
 */
export function bankAccountFindings(text: string): readonly string[] {
  const american = /^(\d{9})[-: ](\d{4,17})$/.exec(text.trim());
  if (american !== null) return isRoutingNumber(american[1] ?? '') ? [] : ['routing_number_checksum_wrong'];
  const iban = text.replaceAll(/[\s-]/g, '').toUpperCase();
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{1,30}$/.test(iban)) return ['bank_account_form_unknown'];
  const length = LENGTHS[iban.slice(0, 2)];
  if (length === undefined) return ['iban_country_unknown'];
  if (iban.length !== length) return ['iban_length_wrong'];
  return isIban(iban) ? [] : ['iban_checksum_wrong'];
}

/** ISO 7064 MOD 97-10: country and check digits go to the end, letters become 10 to 35, the remainder is 1. */
function isIban(iban: string): boolean {
  let remainder = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1;
}

/** The checksum of an ABA routing number: digits weighted 3, 7, 1 come to a multiple of ten, and not all are zero. */
function isRoutingNumber(routing: string): boolean {
  const sum = [...routing].reduce((total, digit, i) => total + Number(digit) * ([3, 7, 1][i % 3] ?? 0), 0);
  return sum > 0 && sum % 10 === 0;
}
