import { Link } from '@tanstack/react-router';
import { isId } from '../../../machines/ids.ts';
import type { ListItem } from '../../../hub/protocol/messages.ts';
import { nounOf, type Noun, type Reference, type Relatives } from '../nouns.ts';
import { useActor, useList } from '../services.ts';
import { actorTexts } from '../texts-actor.ts';
import { titleOf } from '../titles.ts';
import { summaryOf } from './columns.tsx';
import { StateBadge } from './state-badge.tsx';
import { Ago } from './time.tsx';

const texts = actorTexts.related;
/** The newest ones; the rest is in the list. */
const SHOWN = 5;

type RelatedProps = { readonly noun: Noun; readonly id: string; readonly context: Readonly<Record<string, unknown>> };

/** The actors that this one names, and those that name it, each as it stands now. */
export function Related({ noun, id, context }: RelatedProps) {
  const named = noun.references.flatMap((reference) => {
    const value = context[reference.field];
    return isId(value) ? [{ reference, id: value }] : [];
  });
  if (named.length === 0 && noun.relatives.length === 0) return null;
  return (
    <section className="card" aria-labelledby="related-title">
      <h2 id="related-title">{texts.title}</h2>
      {named.length > 0 && (
        <ul className="short-list related">
          {named.map((one) => (
            <Named key={one.reference.field} reference={one.reference} id={one.id} />
          ))}
        </ul>
      )}
      {noun.relatives.map((relatives) => (
        <Naming key={relatives.title} relatives={relatives} id={id} />
      ))}
    </section>
  );
}

function Named({ reference: { type, title }, id }: { reference: Reference; id: string }) {
  const followed = useActor(`${type}/${id}`);
  return (
    <li>
      <span className="short-about">{title}</span>
      <Link to={`/${type}/${id}`} className="row-link">
        {followed.kind === 'here' ? titleOf(type, id, followed.copy.context) : id}
      </Link>
      <span className="related-state">
        {followed.kind === 'here' && <StateBadge type={type} state={followed.copy.state} tags={followed.copy.tags} />}
        {followed.kind === 'waiting' && <span className="muted">{texts.waiting}</span>}
        {followed.kind === 'refused' && <span className="muted">{texts.refused}</span>}
      </span>
    </li>
  );
}

function Naming({ relatives: { type, title, filter }, id }: { relatives: Relatives; id: string }) {
  const noun = nounOf(type);
  const followed = useList({ type, [filter]: id, sort: '-updatedAt', limit: SHOWN });
  const copy = followed.kind === 'here' ? followed.copy : undefined;
  return (
    <div className="related-list">
      <h3 className="related-title">{title}</h3>
      {followed.kind === 'refused' && <p className="muted">{texts.refused}</p>}
      {copy?.items.length === 0 && <p className="muted">{texts.none}</p>}
      {copy && copy.items.length > 0 && (
        <>
          <ul className="short-list related">
            {copy.items.slice(0, SHOWN).map((item) => (
              <NamingRow key={item.address} type={type} item={item} />
            ))}
          </ul>
          <Link to={noun.path} search={{ [filter]: id } as never} className="link">
            {texts.all(copy.total, noun.many)}
          </Link>
        </>
      )}
    </div>
  );
}

function NamingRow({ type, item }: { type: string; item: ListItem }) {
  return (
    <li>
      <Link to={`/${item.address}`} className="row-link">
        {item.title}
      </Link>
      <span className="short-about">
        <span className="number">{summaryOf(item)}</span> · <Ago at={item.updatedAt} />
      </span>
      <span className="related-state">
        <StateBadge type={type} state={item.state} tags={item.tags} />
      </span>
    </li>
  );
}
