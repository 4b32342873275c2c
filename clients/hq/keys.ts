import { useEffect, useRef, type KeyboardEvent as KeyPress } from 'react';
import { letterKeysAreOn } from './browser.ts';

/** Whether somebody is typing there: then letters are letters. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && !isBox(target)))
  );
}

/** A box to tick takes no letters, nor does a slider. */
function isBox(target: HTMLElement): boolean {
  return target instanceof HTMLInputElement && /^(checkbox|radio|button|range)$/.test(target.type);
}

/** Whether a dialog or a menu is open, which has its own keys. */
export function isCovered(): boolean {
  return document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"], [role="listbox"]') !== null;
}

/** Sends the form of a long text, in which Enter alone is a new line. */
export function sendOnCtrlEnter(event: KeyPress<HTMLTextAreaElement>): void {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
}

/**
 * Hears every key that is pressed without Ctrl, Alt or Meta while nobody types and nothing covers the page; true takes it. Letters and
 * signs are heard only where they are not switched off: speech input presses them by words (WCAG 2.1.4).
 */
export function useKeys(onKey: (event: KeyboardEvent) => boolean): void {
  const newest = useRef(onKey);
  useEffect(() => {
    newest.current = onKey;
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || isCovered()) return;
      if (event.key.length === 1 && !letterKeysAreOn()) return;
      if (newest.current(event)) event.preventDefault();
    };
    addEventListener('keydown', listen);
    return () => removeEventListener('keydown', listen);
  }, []);
}
