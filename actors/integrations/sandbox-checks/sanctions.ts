/**
 * The sandbox's own list. Every name on it is invented for this product; likeness to anybody is chance. It stands for a real
 * list so that a hit can be seen and tried, and must never be used to judge a real person.
 */
const INVENTED = [
  'Malvina Grubstake',
  'Ozymandias Vantablack',
  'Фёдор Кощеев-Бессмертный',
  'José Ñandú Testigo',
  'Crimson Anchor Shadow Shipping',
] as const;

const LISTED = INVENTED.map((name) => ({ name, words: toWords(name) }));

/**
 * The listed names that a name contains word for word. Order, case, accents, punctuation and width of the letters do not
 * count, so `GRUBSTAKE, Málvina` is found; a word that is spelled differently is not: these rules are simple on purpose.
 */
export function sanctionsFindings(name: string): readonly string[] {
  const words = new Set(toWords(name));
  return LISTED.filter((listed) => listed.words.every((word) => words.has(word))).map((listed) => `listed:${listed.name}`);
}

function toWords(name: string): readonly string[] {
  const plain = name.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
  return plain.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
}
