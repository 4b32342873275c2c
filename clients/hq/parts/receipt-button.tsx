import { useState } from 'react';
import { Button } from 'react-aria-components';
import { idOf } from '../../../machines/ids.ts';
import { toProblem, type Problem } from '../../core/problem.ts';
import { useServices } from '../services.ts';
import { actorTexts } from '../texts-actor.ts';
import { useAnnounce } from './announcer.tsx';
import { saveAs } from './csv-button.tsx';
import { ProblemNotice } from './notice.tsx';

const words = actorTexts.receipt;
/** The new tab has read it by then. */
const KEEP_MS = 60_000;

/** Opens the receipt of exactly the version that is in sight. */
export function ReceiptButton({ address, version }: { address: string; version: number }) {
  const { office } = useServices();
  const announce = useAnnounce();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const take = async (): Promise<void> => {
    setProblem(undefined);
    setBusy(true);
    try {
      const file = await office.file(`/v1/actors/${address}/receipt?version=${version}`, () => undefined);
      announce(show(file, `receipt-${idOf(address)}-${version}.pdf`) ? words.opened : words.saved);
    } catch (error) {
      setProblem(toProblem(error));
    }
    setBusy(false);
  };
  return (
    <>
      <div>
        <Button className="button" isDisabled={isBusy} onPress={() => void take()}>
          {isBusy ? words.busy : words.open}
          <span className="visually-hidden"> {words.about}</span>
        </Button>
      </div>
      {problem && <ProblemNotice title={words.failed} problem={problem} onRetry={() => void take()} />}
    </>
  );
}

/** Whether a tab was opened. Browsers refuse to where the answer took long after the press: then it is saved instead. */
function show(file: Blob, name: string): boolean {
  const address = URL.createObjectURL(file);
  setTimeout(() => URL.revokeObjectURL(address), KEEP_MS);
  if (window.open(address) !== null) return true;
  saveAs(file, name);
  return false;
}
