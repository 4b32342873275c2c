/* The texts of the switch for keys, on whatever page it stands. */

export const keysTexts = {
  letters: 'Keys of a single letter or sign',
  lettersAbout:
    'Switch them off where speech input, or a slip of the hand, presses them. Arrows, Enter, Esc and keys with Ctrl go on working.',
} as const;
