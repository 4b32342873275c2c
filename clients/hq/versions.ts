/** Versions of an actor as they stand in an address: the one that is shown, the newest where it is left out, and one to compare it with. */
export type Versions = { readonly at: string | undefined; readonly from: string | undefined };

/** The same two, the newer one as what is shown: changes are told in the order in which they happened. Times are left as they are. */
export function inOrder({ at, from }: Partial<Versions>): Versions {
  const isNumber = (text: string | undefined): text is string => text !== undefined && /^\d+$/.test(text);
  return isNumber(at) && isNumber(from) && Number(from) > Number(at) ? { at: from, from: at } : { at, from };
}
