/* The texts that are there before anything else: the sign-in, and what stands where the console itself fails. They need nothing. */

export const firstTexts = {
  product: 'Green Lines Hub',
  signIn: {
    title: 'Sign in',
    heading: 'Sign in to HQ',
    name: 'Name',
    password: 'Password',
    nameMissing: 'Enter your name.',
    passwordMissing: 'Enter your password.',
    do: 'Sign in',
    doing: 'Signing in…',
    failed: 'You are not signed in',
    ended: (why: string) => `Your session has ended. ${why}`,
    demo: 'Demo: sign in as',
  },
  opening: 'Opening the console',
  notOpened: 'The console could not be opened',
  notOpenedWhy: 'Its files did not come. Check the connection, then load the page again.',
  tryAgain: 'Try again',
  page: {
    opening: 'Opening the page',
    failed: 'This page has failed',
    ownFault: 'The console itself is at fault',
    none: 'No such page',
    nothingHere: 'There is nothing at this address.',
    toOverview: 'Go to the overview',
  },
} as const;
