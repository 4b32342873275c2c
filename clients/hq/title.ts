import { useEffect } from 'react';

/** Names the page after its screen, for tabs, history and screen readers. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Green Lines Hub`;
  }, [title]);
}
