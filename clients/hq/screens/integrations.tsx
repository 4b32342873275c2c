import { Link } from '@tanstack/react-router';
import type { Can, ListItem } from '../../../hub/protocol/messages.ts';
import { idOf } from '../../../machines/ids.ts';
import { formatNumber } from '../../core/format.ts';
import { Problem } from '../../core/problem.ts';
import { callsOf } from '../figures.ts';
import { nounOf } from '../nouns.ts';
import { readItems } from '../office.ts';
import { Actions } from '../parts/actions.tsx';
import { IntegrationCare } from '../parts/integration-care.tsx';
import { Empty, ProblemNotice, Skeleton } from '../parts/notice.tsx';
import { SetupPart } from '../parts/setup.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { usePolled } from '../parts/use-polled.ts';
import { useActor, useList, useServices, useWho } from '../services.ts';
import type { Setup } from '../setup.ts';
import { officeTexts } from '../texts-office.ts';
import { texts } from '../texts.ts';
import { useTitle } from '../title.ts';

const words = officeTexts.integrations;
const noun = nounOf('integration');
const READERS = ['operator', 'admin', 'developer', 'auditor'];
const MOST = 100;
/** What waits is asked for; everything else comes by itself. */
const EVERY_MS = 3000;

/** What the hub calls outside: how each does, the switches of its circuit, and how it is set up. */
export function Integrations() {
  useTitle(words.title);
  const followed = useList({ type: noun.type, sort: 'title', limit: MOST });
  const setups = useSetups();
  return (
    <div className="page">
      <div className="page-head">
        <h1>{words.title}</h1>
      </div>
      <p className="muted">{words.about}</p>
      {followed.kind === 'waiting' && <Skeleton rows={6} label={texts.common.loading(words.title)} />}
      {followed.kind === 'refused' && (
        <ProblemNotice
          title={texts.common.cannotBeShown(words.title)}
          problem={new Problem(0, followed.code, followed.reason)}
          onRetry={followed.retry}
        />
      )}
      {followed.kind === 'here' && followed.copy.items.length === 0 && <Empty title={words.none}>{words.noneYet}</Empty>}
      <div className="integrations">
        {followed.kind === 'here' &&
          followed.copy.items.map((item) => (
            <Integration
              key={item.address}
              item={item}
              setup={setups.value?.find(({ name }) => name === idOf(item.address))}
              onConfigured={setups.again}
            />
          ))}
      </div>
      {setups.problem && <ProblemNotice title={texts.common.cannotBeShown(words.setup)} problem={setups.problem} onRetry={setups.again} />}
    </div>
  );
}

/** How they are set up is for those who run the hub; the others see only how they do. */
function useSetups() {
  const { office } = useServices();
  const who = useWho();
  const may = who?.roles.some((role) => READERS.includes(role)) ?? false;
  return usePolled(
    `setups ${may}`,
    async (signal) => (may ? readItems<Setup>(await office.get('/v1/integrations', signal)) : []),
    EVERY_MS,
  );
}

type Props = { readonly item: ListItem; readonly setup: Setup | undefined; readonly onConfigured: () => void };

function Integration({ item, setup, onConfigured }: Props) {
  const who = useWho();
  const live = useActor(item.address);
  const mayConfigure = who?.roles.some((role) => role === 'operator' || role === 'admin') ?? false;
  const counted = callsOf(item.context['window']);
  const figure = (value: unknown): string => (typeof value === 'number' ? formatNumber(value) : '—');
  return (
    <section className="card integration" aria-label={item.title}>
      <div className="card-head">
        <h2>
          <Link to={`/${item.address}`} className="row-link">
            {item.title}
          </Link>
        </h2>
        <StateBadge type={noun.type} state={item.state} tags={item.tags} />
      </div>
      <dl className="pulse-figures">
        <Figure name={words.calls} value={figure(counted?.calls)} />
        <Figure name={words.failed} value={figure(counted?.failed)} />
        <Figure name={words.trips} value={figure(item.context['trips'])} />
        {setup && <Waiting setup={setup} />}
      </dl>
      {live.kind === 'here' && <IntegrationCare context={live.copy.context} />}
      <h3>{words.actions}</h3>
      {live.kind === 'here' && <Actions address={item.address} noun={noun} now={{ ...live.copy, can: live.copy.can.filter(isShown) }} />}
      {setup && <SetupPart setup={setup} mayConfigure={mayConfigure} onConfigured={onConfigured} />}
    </section>
  );
}

/** What is possible only in rare states is not held out to everybody else; its own page lists all of it. */
const RARE = ['RELEASE', 'ROTATE', 'ACCEPT_CONTRACT'];

function isShown({ type, ok }: Can): boolean {
  return ok || !RARE.includes(type);
}

function Waiting({ setup: { waiting } }: { setup: Setup }) {
  return (
    <>
      <Figure name={words.waiting} value={formatNumber(waiting.queued)} />
      <Figure name={words.underWay} value={formatNumber(waiting.under_way)} />
      <Figure name={words.lag} value={words.seconds(formatNumber(Math.round(waiting.oldest_ms / 1000)))} />
    </>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="number">{value}</dd>
    </div>
  );
}
