import { sentenceFor } from '../../../machines/fault.ts';
import { nameWords } from '../../core/format.ts';
import type { Letter } from '../letters.ts';
import { readItems } from '../office.ts';
import { useServices, useWho } from '../services.ts';
import { actorTexts } from '../texts-actor.ts';
import { Ended, LetterActions } from './letter-list.tsx';
import { ProblemNotice } from './notice.tsx';
import { Ago } from './time.tsx';
import { useLoaded, useRefresh } from './use-loaded.ts';

const texts = actorTexts.letters;
const OPERATORS = ['operator', 'admin'];
const READERS = [...OPERATORS, 'auditor'];
const MOST = 20;
const SOON_MS = 4_000;

/** Events for this actor that could not be applied, with what may be done about each. Nothing where there are none. */
export function Letters({ address, version, parked }: { address: string; version: number; parked: boolean }) {
  const who = useWho();
  const { office } = useServices();
  const mayRead = who?.roles.some((role) => READERS.includes(role)) ?? false;
  const mayAct = who?.roles.some((role) => OPERATORS.includes(role)) ?? false;
  const search = new URLSearchParams({ address, limit: String(MOST) });
  const { value, problem, retry } = useLoaded(address, async (signal) =>
    mayRead ? readItems<Letter>(await office.get(`/v1/dead-letters?${search}`, signal)) : [],
  );
  // Events that are kept for one that stands still make no version.
  useRefresh(retry, version, parked ? SOON_MS : undefined);
  if (problem === undefined && (value === undefined || value.length === 0)) return null;
  return (
    <section className="card" aria-labelledby="letters-title">
      <h2 id="letters-title">{texts.title}</h2>
      {problem && <ProblemNotice title={texts.cannot} problem={problem} onRetry={retry} />}
      <ul className="short-list letters">
        {value?.map((letter) => (
          <li key={letter.id}>
            <strong>{nameWords(letter.event.type)}</strong>
            <span className="short-about">
              {letter.caller} · <Ago at={letter.at} />
            </span>
            <span>
              {sentenceFor(letter.reason)} {letter.detail}
            </span>
            {letter.resolution === null && mayAct ? <LetterActions letter={letter} onChanged={retry} /> : <Ended letter={letter} />}
          </li>
        ))}
      </ul>
    </section>
  );
}
