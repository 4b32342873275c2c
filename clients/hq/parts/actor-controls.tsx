import { useId, useState } from 'react';
import { Button } from 'react-aria-components';
import { statesOf } from '../../../hub/protocol/chart.ts';
import { sentenceFor } from '../../../machines/fault.ts';
import { nameWords, stateWords } from '../../core/format.ts';
import { isRecord, Problem, toProblem } from '../../core/problem.ts';
import { newId } from '../browser.ts';
import { useServices, useWho } from '../services.ts';
import { actorTexts } from '../texts-actor.ts';
import { isAnswer, unanswered } from '../unanswered.ts';
import { useAnnounce } from './announcer.tsx';
import { ProblemNotice, Skeleton } from './notice.tsx';
import { ReasonDialog } from './reason-dialog.tsx';
import { Time } from './time.tsx';
import { useLoaded, useRefresh } from './use-loaded.ts';
import { useChart } from './use-machine.ts';

const texts = actorTexts.controls;

/** How an actor stands, as operators see it. */
type Standing = {
  readonly parked: { readonly code: string; readonly detail: string; readonly at: string; readonly by: string | null } | null;
  readonly proposed: Proposal | null;
  readonly effects: readonly { readonly id: string; readonly src: string }[];
  readonly letters: number;
};
type Proposal = {
  readonly version: number;
  readonly state: string;
  readonly effects: string;
  readonly by: string;
  readonly reason: string;
};

const SOON_MS = 4_000;
const OPERATORS = ['operator', 'admin'];
const READERS = [...OPERATORS, 'auditor'];

type ControlsProps = { readonly address: string; readonly type: string; readonly version: number };

/** Whether it stands still and why, and for operators the ways to change that. */
export function Controls({ address, type, version }: ControlsProps) {
  const who = useWho();
  if (who === undefined || !who.roles.some((role) => READERS.includes(role))) return null;
  return (
    <ControlsCard
      address={address}
      type={type}
      version={version}
      mayAct={who.roles.some((role) => OPERATORS.includes(role))}
      me={who.username}
    />
  );
}

function ControlsCard({ address, type, version, mayAct, me }: ControlsProps & { mayAct: boolean; me: string }) {
  const { office } = useServices();
  const {
    value: standing,
    problem,
    retry,
  } = useLoaded(address, async (signal) => {
    const answer = await office.get(`/v1/actors/${address}/control`, signal);
    if (!isRecord(answer) || !Array.isArray(answer['effects'])) {
      throw new Problem(200, 'unreadable', 'The hub answered in a shape that this console does not know. Reload the page.');
    }
    return answer as unknown as Standing;
  });
  // Each version may have changed how it stands; some changes make none.
  useRefresh(retry, version, isParked(standing) ? SOON_MS : undefined);
  return (
    <section className="card controls" aria-labelledby="controls-title" data-tone={standing?.parked ? 'wrong' : undefined}>
      <h2 id="controls-title">{texts.title}</h2>
      {problem && <ProblemNotice title={texts.cannot} problem={problem} onRetry={retry} />}
      {standing === undefined && !problem && <Skeleton rows={2} label={texts.loading} />}
      {standing && (
        <>
          <StandingText standing={standing} />
          {mayAct && <Buttons address={address} type={type} standing={standing} onDone={retry} />}
          {standing.proposed && <Proposed address={address} proposal={standing.proposed} mayAct={mayAct} me={me} onDone={retry} />}
        </>
      )}
    </section>
  );
}

function isParked(standing: Standing | undefined): boolean {
  return standing !== undefined && standing.parked !== null;
}

function StandingText({ standing: { parked, effects, letters } }: { standing: Standing }) {
  return (
    <>
      {parked === null && <p>{texts.runs}</p>}
      {parked !== null && (
        <p>
          <strong>{parked.by === null ? texts.parked : texts.paused(parked.by)}</strong>, <Time at={parked.at} />.{' '}
          {texts.because(parked.by === null ? `${sentenceFor(parked.code)} ${parked.detail}` : parked.detail)}
        </p>
      )}
      {effects.length > 0 && (
        <p className="muted">
          {texts.underWay} {effects.map(({ src }) => nameWords(src)).join(', ')}
        </p>
      )}
      {letters > 0 && <p className="muted">{texts.letters(letters)}</p>}
    </>
  );
}

type Action = 'pause' | 'resume' | 'step' | 'force';
type Asked = { readonly action: Action; readonly key: string };

function Buttons({ address, type, standing, onDone }: { address: string; type: string; standing: Standing; onDone: () => void }) {
  const [asked, setAsked] = useState<Asked>();
  const [wanted, setWanted] = useState({ state: '', effects: 'refuse' });
  const [missing, setMissing] = useState(false);
  const { control, keyOf } = useControl(address, onDone);
  const actions: readonly Action[] = standing.parked === null ? ['pause', 'force'] : ['resume', 'step', 'force'];
  const close = (): void => {
    setAsked(undefined);
    setMissing(false);
  };
  const act = async (reason: string): Promise<boolean> => {
    if (asked === undefined) return true;
    if (asked.action !== 'force') return control(texts[asked.action], { action: asked.action, reason }, asked.key);
    setMissing(wanted.state === '');
    return wanted.state !== '' && control(texts.force, { action: 'force', reason, ...wanted }, asked.key);
  };
  return (
    <>
      <ul className="action-list">
        {actions.map((action) => (
          <li key={action}>
            <Button
              className="button"
              data-kind={action === 'force' ? 'grave-quiet' : undefined}
              onPress={() => setAsked({ action, key: keyOf(action) })}
            >
              {texts[action]}…
            </Button>
          </li>
        ))}
      </ul>
      {asked && (
        <ReasonDialog
          title={texts[`${asked.action}Title`]}
          about={texts[`${asked.action}About`]}
          verb={texts[asked.action]}
          failed={texts.failed}
          isGrave={asked.action === 'force'}
          onDo={act}
          onClose={close}
        >
          {asked.action === 'force' && <ForceFields type={type} wanted={wanted} onChange={setWanted} missing={missing} />}
        </ReasonDialog>
      )}
    </>
  );
}

type Wanted = { readonly state: string; readonly effects: string };
type ForceProps = { type: string; wanted: Wanted; onChange: (wanted: Wanted) => void; missing: boolean };

function ForceFields({ type, wanted, onChange, missing }: ForceProps) {
  const id = useId();
  const chart = useChart(type);
  const states = chart.value ? statesOf(chart.value).filter(({ type: kind }) => kind !== 'history') : [];
  return (
    <>
      <div className="field">
        <label htmlFor={`${id}-state`}>{texts.forceState}</label>
        <select
          id={`${id}-state`}
          className="input"
          value={wanted.state}
          aria-invalid={missing || undefined}
          aria-describedby={missing ? `${id}-missing` : undefined}
          onChange={(event) => onChange({ ...wanted, state: event.target.value })}
        >
          <option value="">{texts.forceChoose}</option>
          {states.map(({ path }) => (
            <option key={path} value={path}>
              {stateWords(path)}
            </option>
          ))}
        </select>
        {missing && (
          <span id={`${id}-missing`} className="field-error">
            {texts.forceMissing}
          </span>
        )}
      </div>
      <div className="field">
        <label htmlFor={`${id}-effects`}>{texts.effects}</label>
        <select
          id={`${id}-effects`}
          className="input"
          value={wanted.effects}
          onChange={(event) => onChange({ ...wanted, effects: event.target.value })}
        >
          <option value="refuse">{texts.effectsRefuse}</option>
          <option value="start">{texts.effectsStart}</option>
        </select>
      </div>
    </>
  );
}

type ProposedProps = { address: string; proposal: Proposal; mayAct: boolean; me: string; onDone: () => void };

/** What somebody proposed, for somebody else to confirm. */
function Proposed({ address, proposal, mayAct, me, onDone }: ProposedProps) {
  const [key, setKey] = useState<string>();
  const { control, keyOf } = useControl(address, onDone);
  const { state, effects, by, reason, version } = proposal;
  const own = by === me;
  return (
    <div className="notice" data-tone="asking">
      <p className="notice-title">{texts.proposed(by, stateWords(state))}</p>
      <p>{texts.because(reason)}</p>
      {own && <p id="proposal-own">{texts.own}</p>}
      {mayAct && (
        <button
          type="button"
          className="button"
          aria-disabled={own || undefined}
          aria-describedby={own ? 'proposal-own' : undefined}
          onClick={() => !own && setKey(keyOf('force'))}
        >
          {texts.confirm}…
        </button>
      )}
      {key !== undefined && (
        <ReasonDialog
          title={texts.confirmTitle(stateWords(state))}
          about={texts.confirmAbout(by, reason)}
          verb={texts.confirm}
          failed={texts.failed}
          isGrave
          onDo={(why) => control(texts.confirm, { action: 'force', state, effects, confirm: version, reason: why }, key)}
          onClose={() => setKey(undefined)}
        />
      )}
    </div>
  );
}

type Control = {
  readonly control: (verb: string, body: ControlBody, key: string) => Promise<boolean>;
  /** The key of the one that was not answered, or else a new one. */
  readonly keyOf: (action: Action) => string;
};
type ControlBody = Readonly<{ action: Action } & Record<string, unknown>>;

/** Sends a control, once for each key however often it is tried, in whatever dialog; what the hub refuses is thrown. */
function useControl(address: string, onDone: () => void): Control {
  const { office, session } = useServices();
  const announce = useAnnounce();
  const of = (action: Action): string => `control ${address} ${action}`;
  const control = async (verb: string, body: ControlBody, key: string): Promise<boolean> => {
    const { bearer } = session;
    const answered = (): void => unanswered.drop(bearer, of(body.action), key);
    unanswered.keep(bearer, of(body.action), { id: key, body });
    try {
      await office.post(`/v1/actors/${address}/control`, body, key);
    } catch (error) {
      const problem = toProblem(error);
      if (isAnswer(problem)) answered();
      throw problem.code === 'key_reused' ? new Problem(problem.status, problem.code, texts.receivedBefore) : problem;
    }
    answered();
    announce(texts.done(verb));
    onDone();
    return true;
  };
  return { control, keyOf: (action) => unanswered.find(session.bearer, of(action))?.id ?? newId('ctl') };
}
