import { useEffect, useRef, type RefObject } from 'react';

/** Leads whoever has filled a form in wrongly to the first field that is wrong, each time that `tries` has gone up. */
export function useLedToError(tries: number): RefObject<HTMLFormElement | null> {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (tries > 0) form.current?.querySelector<HTMLElement>(':is(input, select, textarea)[aria-invalid="true"]')?.focus();
  }, [tries]);
  return form;
}
