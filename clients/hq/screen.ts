import type { ReactNode } from 'react';

/** One screen: where it is, what it is called, who is led to it, and the way to its code, which comes when somebody goes there. */
export type Screen = {
  /** Below `/hq`; `$name` is a parameter. */
  readonly path: string;
  readonly title: string;
  /** Brings the module and gives the component that shows it. */
  readonly load: () => Promise<() => ReactNode>;
  /** Where it stands in the navigation, if it does. */
  readonly nav?: NavEntry;
};

export type NavEntry = {
  readonly label: string;
  /** An SVG path in a box of 20. */
  readonly icon: string;
  /** `g` and then this letter goes there. */
  readonly key?: string;
  /** Shown only to whoever has one of these roles; the hub has the last word. */
  readonly roles?: readonly string[];
};

/** The query of an address: plain texts, as they stand in it. */
export type Search = Readonly<Record<string, string | undefined>>;

/** The entry of a screen in the navigation of this person; undefined where he is not led there. */
export function navOf({ nav }: Screen, who: { readonly roles: readonly string[] } | undefined): NavEntry | undefined {
  const roles = nav?.roles;
  return roles === undefined || (who?.roles.some((role) => roles.includes(role)) ?? false) ? nav : undefined;
}
