import { useEffect, useState } from 'react';
import { Button } from 'react-aria-components';
import { toProblem, type Problem } from '../../core/problem.ts';
import { readRows, toSentence, type RowShown } from '../imports.ts';
import { useServices } from '../services.ts';
import { texts as words } from '../texts-imports.ts';
import { texts } from '../texts.ts';
import { saveAs } from './csv-button.tsx';
import { ProblemNotice, Skeleton } from './notice.tsx';
import { PlainTable } from './plain-table.tsx';

const PAGE = 50;

type Loaded = { readonly items: readonly RowShown[]; readonly next: number | undefined };

/** The rows that are not taken. `known`: how many there are; they are read anew when that changes. */
export function BadRows({ id, known }: { id: string; known: string }) {
  const { office } = useServices();
  const [loaded, setLoaded] = useState<Loaded>();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    const controller = new AbortController();
    office.get(`/v1/imports/${id}/rows?limit=${PAGE}`, controller.signal).then(
      (answer) => setLoaded(readRows(answer)),
      (error: unknown) => controller.signal.aborted || setProblem(toProblem(error)),
    );
    return () => controller.abort();
  }, [office, id, known]);
  const doing = async (task: () => Promise<void>): Promise<void> => {
    if (busy) return;
    setBusy(true);
    setProblem(undefined);
    await task().catch((error: unknown) => setProblem(toProblem(error)));
    setBusy(false);
  };
  const more = async (): Promise<void> => {
    const { items, next } = readRows(await office.get(`/v1/imports/${id}/rows?limit=${PAGE}&after=${loaded?.next ?? 0}`));
    setLoaded({ items: [...(loaded?.items ?? []), ...items], next });
  };
  const download = async (): Promise<void> => saveAs(await office.file(`/v1/imports/${id}/bad.csv`, () => undefined), `${id}-bad.csv`);
  return (
    <section className="import-stage" aria-labelledby="bad-title">
      <h3 id="bad-title">{words.bad}</h3>
      {problem && <ProblemNotice title={words.cannotRows} problem={problem} />}
      {loaded === undefined && problem === undefined && <Skeleton rows={3} label={texts.common.loading(words.bad)} />}
      {loaded?.items.length === 0 && <p className="muted">{words.noBad}</p>}
      {loaded !== undefined && loaded.items.length > 0 && (
        <>
          <PlainTable
            label={words.badOf}
            columns={[
              { key: 'row', label: words.row, show: ({ row }) => <span className="number">{row}</span> },
              { key: 'why', label: words.why, show: ({ reasons = [] }) => reasons.map(toSentence).join(' · ') },
            ]}
            rows={loaded.items}
            keyOf={({ row }) => String(row)}
          />
          <div className="dialog-buttons">
            {loaded.next !== undefined && (
              <Button className="button" data-busy={busy || undefined} onPress={() => void doing(more)}>
                {words.more}
              </Button>
            )}
            <Button className="button" data-busy={busy || undefined} onPress={() => void doing(download)}>
              {busy ? words.downloading : words.download}
            </Button>
          </div>
        </>
      )}
    </section>
  );
}
