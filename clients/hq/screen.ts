import type { ReactNode } from 'react';

/** One screen: where it is, what it is called, what it shows. */
export type Screen = {
  /** Below `/hq`; `$name` is a parameter. */
  readonly path: string;
  readonly title: string;
  readonly component: () => ReactNode;
  /** Where it stands in the navigation, if it does. `icon` is an SVG path in a box of 20. */
  readonly nav?: { readonly label: string; readonly icon: string };
  /** Shown to whoever is not signed in. */
  readonly open?: boolean;
};

/** The query of an address: plain texts, as they stand in it. */
export type Search = Readonly<Record<string, string | undefined>>;
