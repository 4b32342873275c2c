import { useState } from 'react';
import { Button } from 'react-aria-components';
import { toProblem, type Problem } from '../../core/problem.ts';
import { toListSearch, type ListQuery } from '../../core/topic.ts';
import { useServices } from '../services.ts';
import { texts } from '../texts.ts';
import { useAnnounce } from './announcer.tsx';

/** Takes all that the filter selects as a file. */
export function CsvButton({ query, onProblem }: { query: ListQuery; onProblem: (problem: Problem | undefined) => void }) {
  const { office } = useServices();
  const announce = useAnnounce();
  const [bytes, setBytes] = useState<number>();
  const take = async (): Promise<void> => {
    onProblem(undefined);
    setBytes(0);
    try {
      const filter = toListSearch({ ...query, sort: undefined, limit: undefined });
      const file = await office.file(`/v1/lists/${query.type}/csv?${filter}`, setBytes);
      saveAs(file, `${query.type}s.csv`);
      announce(texts.list.csvDone);
    } catch (error) {
      onProblem(toProblem(error));
    }
    setBytes(undefined);
  };
  return (
    <Button className="button" isDisabled={bytes !== undefined} onPress={() => void take()}>
      {bytes === undefined ? texts.list.csv : texts.list.csvBusy(bytes)}
      <span className="visually-hidden">{texts.list.csvHint}</span>
    </Button>
  );
}

/** Hands a file to the browser's downloads. */
export function saveAs(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The download has its own hold on it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
