/**
 * Whoever presses Ctrl K types on at once, and a dialog takes a moment to be there: what is typed until its field has the focus
 * is kept for it.
 */
let typed = '';
let stop: (() => void) | undefined;

export function keepTyping(): void {
  typed = '';
  stop?.();
  const over = new AbortController();
  stop = () => over.abort();
  const keep = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
    typed += event.key;
    event.preventDefault();
    event.stopPropagation();
  };
  addEventListener('keydown', keep, { capture: true, signal: over.signal });
}

/** What has been typed meanwhile; from now on nothing is kept any more. */
export function takeTyped(): string {
  stop?.();
  const taken = typed;
  typed = '';
  return taken;
}
