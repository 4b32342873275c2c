import type { ReactNode } from 'react';
import { formatNumber, nameWords } from '../../core/format.ts';
import { careOf, type Change, type Deed } from '../integration.ts';
import { officeTexts } from '../texts-office.ts';
import { Ago, Left } from './time.tsx';

const words = officeTexts.integrations;
const DRIFT = 'contract';

/** How an integration does, as its actor knows it: only what there is something of. */
export function IntegrationCare({ context }: { context: Readonly<Record<string, unknown>> }) {
  const care = careOf(context);
  const { share, quarantined_because: because } = care;
  const rows: readonly (readonly [string, ReactNode | undefined])[] = [
    [words.quarantined, because === DRIFT ? words.byDrift : because],
    [words.openSince, ago(care.open_since)],
    [words.limitedUntil, care.limited_until === undefined ? undefined : <Left until={isoOf(care.limited_until)} />],
    [words.share, share === undefined ? undefined : words.percent(formatNumber(share))],
    [words.succeededAt, ago(care.succeeded_at)],
    [words.failedAt, ago(care.failed_at)],
    [words.lookedAt, ago(care.looked_at)],
    [words.lookFailed, care.look_failed === undefined ? undefined : nameWords(care.look_failed)],
    [words.version, care.version],
    [words.expiresAt, care.expires_at === undefined ? undefined : <Left until={isoOf(care.expires_at)} />],
    [words.rotatedAt, ago(care.rotated_at)],
    [words.rotationFailed, care.rotation_failed === undefined ? undefined : nameWords(care.rotation_failed)],
  ];
  const shown = rows.filter(([, value]) => value !== undefined);
  return (
    <>
      {care.changes.length > 0 && <Changes changes={care.changes} />}
      {shown.length > 0 && (
        <>
          <h3>{words.facts}</h3>
          <dl className="rows">
            {shown.map(([name, value]) => (
              <Row key={name} name={name}>
                {value}
              </Row>
            ))}
          </dl>
        </>
      )}
      {care.errors.length > 0 && (
        <>
          <h3>{words.errors}</h3>
          <dl className="rows">
            {care.errors.map(([code, count]) => (
              <Row key={code} name={nameWords(code)}>
                <span className="number">{formatNumber(count)}</span>
              </Row>
            ))}
          </dl>
        </>
      )}
      {care.did.length > 0 && <Deeds did={care.did} />}
    </>
  );
}

function Changes({ changes }: { changes: readonly Change[] }) {
  return (
    <>
      <h3>{words.changes}</h3>
      <ul className="plain-list">
        {changes.map(({ part, change, was, is }) => (
          <li key={part}>
            <strong>{part}</strong> {was !== null && is !== null ? words.changedTo(was, is) : (words.change[change] ?? change)}
          </li>
        ))}
      </ul>
      <p className="muted">{words.acceptHint}</p>
    </>
  );
}

function Deeds({ did }: { did: readonly Deed[] }) {
  return (
    <>
      <h3>{words.did}</h3>
      <dl className="rows">
        {did.map(({ at, what, detail }) => (
          <Row key={`${at} ${what}`} name={words.deeds[what] ?? nameWords(what)}>
            {detail !== null && `${detail} · `}
            {ago(at)}
          </Row>
        ))}
      </dl>
    </>
  );
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="row">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function ago(at: number | undefined): ReactNode | undefined {
  return at === undefined ? undefined : <Ago at={isoOf(at)} />;
}

function isoOf(at: number): string {
  return new Date(at).toISOString();
}
