import type { HistoryItem } from '../../core/api.ts';
import { stateWords } from '../../core/format.ts';
import { currencyAt } from '../payment.ts';
import { actorTexts } from '../texts-actor.ts';
import type { Followed } from '../services.ts';
import { toChanges, type Change } from './actor-diff.ts';
import type { Shown } from './actor-past.ts';
import { ProblemNotice, Skeleton } from './notice.tsx';
import { fieldLabel, Value } from './value.tsx';

const texts = actorTexts.changes;

type ChangesProps = {
  readonly before: Followed<Shown>;
  readonly after: Shown;
  /** What made it, where the two are one step apart. */
  readonly step: HistoryItem | undefined;
};

/** What differs between two versions: the state, and the context field by field. */
export function Changes({ before, after, step }: ChangesProps) {
  const from = before.kind === 'here' ? before.copy.version : undefined;
  const single = from === undefined || from === after.version - 1;
  return (
    <section className="card changes" aria-labelledby="changes-title">
      <h2 id="changes-title">{single ? texts.ofOne(after.version) : texts.between(from, after.version)}</h2>
      {before.kind === 'waiting' && <Skeleton rows={3} label={texts.loading} />}
      {before.kind === 'refused' && (
        <ProblemNotice title={texts.cannot} problem={{ code: before.code, message: before.reason }} onRetry={before.retry} />
      )}
      {before.kind === 'here' && <ChangeTable before={before.copy} after={after} />}
      {single && step?.event.type === '@create' && <p className="muted">{texts.first}</p>}
    </section>
  );
}

function ChangeTable({ before, after }: { before: Shown; after: Shown }) {
  const changes = toChanges(before.context, after.context);
  const moved = before.state.join() !== after.state.join();
  const tagged = before.tags.join() !== after.tags.join();
  if (changes.length === 0 && !moved && !tagged) return <p className="muted">{texts.none}</p>;
  return (
    <table className="mini change-table">
      <thead>
        <tr>
          <th scope="col">{texts.what}</th>
          <th scope="col">{texts.before}</th>
          <th scope="col">{texts.after}</th>
        </tr>
      </thead>
      <tbody>
        {moved && <Row what={texts.state} before={<States states={before.state} />} after={<States states={after.state} />} />}
        {tagged && <Row what={texts.tags} before={words(before.tags)} after={words(after.tags)} />}
        {changes.map((change) => (
          <Row
            key={change.path.join('.')}
            what={labelOf(change)}
            before={<Side change={change} value={change.before} context={before.context} />}
            after={<Side change={change} value={change.after} context={after.context} />}
          />
        ))}
      </tbody>
    </table>
  );
}

function Row({ what, before, after }: { what: string; before: React.ReactNode; after: React.ReactNode }) {
  return (
    <tr>
      <th scope="row">{what}</th>
      <td className="change-before">{before}</td>
      <td className="change-after">{after}</td>
    </tr>
  );
}

function States({ states }: { states: readonly string[] }) {
  return <>{states.map(stateWords).join(', ')}</>;
}

function words(tags: readonly string[]): string {
  return tags.length === 0 ? '—' : tags.map((tag) => tag.replaceAll('_', ' ')).join(', ');
}

/** `approvals`, 1, `by` → `Approvals › 2 › by` */
function labelOf({ path }: Change): string {
  return path
    .map((part, index) => (typeof part === 'number' ? String(part + 1) : index === 0 ? fieldLabel(part) : fieldLabel(part).toLowerCase()))
    .join(' › ');
}

function Side({ change: { path }, value, context }: { change: Change; value: unknown; context: Readonly<Record<string, unknown>> }) {
  const name = path.findLast((part) => typeof part === 'string') ?? '';
  return <Value name={String(name)} value={value} currency={currencyAt(path, context)} />;
}
