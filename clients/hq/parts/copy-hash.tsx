import { useState } from 'react';
import { Button } from 'react-aria-components';
import { rateTexts as words } from '../texts-rates.ts';
import { Hash } from './value.tsx';

/** A hash by its beginning, and the whole of it to take along. */
export function CopyHash({ hash }: { hash: string }) {
  const [became, setBecame] = useState<'copied' | 'refused'>();
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(hash);
      setBecame('copied');
    } catch {
      // Pages that did not come over TLS have no clipboard, and people may refuse it.
      setBecame('refused');
    }
  };
  return (
    <span className="copy-hash">
      <Hash hash={hash} />
      <Button className="button" data-kind="quiet" aria-label={words.copyHash} onPress={() => void copy()}>
        {words.copy}
      </Button>
      <span role="status" className="muted">
        {became === 'copied' && words.copied}
      </span>
      {became === 'refused' && (
        <input
          className="input mono"
          readOnly
          autoFocus
          aria-label={words.whole}
          value={hash}
          onFocus={({ currentTarget }) => currentTarget.select()}
        />
      )}
    </span>
  );
}
