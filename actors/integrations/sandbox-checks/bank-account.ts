/** How long an IBAN is in each country of the registry of ISO 13616. */
const LENGTHS = new Map(
  `AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29
   ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28
   LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25
   QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30`
    .split(/\s+/)
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/**
 * What is wrong with a bank account, as codes; nothing for a good one. Two forms are known: an IBAN (ISO 13616, spaces and
 * hyphens do not count), and `<routing number>-<account>` of the United States, with a colon or a space in between as well.
 */
export function bankAccountFindings(text: string): readonly string[] {
  const american = /^(\d{9})[-: ](\d{4,17})$/.exec(text.trim());
  if (american !== null) return isRoutingNumber(american[1] ?? '') ? [] : ['routing_number_checksum_wrong'];
  const iban = text.replaceAll(/[\s-]/g, '').toUpperCase();
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{1,30}$/.test(iban)) return ['bank_account_form_unknown'];
  const length = LENGTHS.get(iban.slice(0, 2));
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
  const sum = Array.from(routing).reduce((total, digit, i) => total + Number(digit) * ([3, 7, 1][i % 3] ?? 0), 0);
  return sum > 0 && sum % 10 === 0;
}
