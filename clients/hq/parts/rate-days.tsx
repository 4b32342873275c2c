import { Link } from '@tanstack/react-router';
import { differencesOf, formatRate, newestOf, type Difference, type KeptDay } from '../exchange.ts';
import { rateTexts } from '../texts-rates.ts';

const words = rateTexts.kept;

/** Days of rates in a few words; the rates themselves are on the screen of the exchange rates. */
export function RateDays({ days }: { days: readonly KeptDay[] }) {
  const newest = newestOf(days);
  return (
    <>
      {words.days(days.length, newest)}{' '}
      <Link to="/rates" search={{ date: newest } as never} className="link">
        {words.show}
      </Link>
    </>
  );
}

/** Days that came with other numbers than the known ones: only what differs, for it is that on which somebody decides. */
export function OtherDays({ days, known }: { days: readonly KeptDay[]; known: readonly KeptDay[] }) {
  return (
    <ul className="values">
      {days.map((day, index) => (
        <li key={index}>
          <OtherDay day={day} differences={differencesOf(day, known)} />
        </li>
      ))}
    </ul>
  );
}

function OtherDay({ day: { date, rates }, differences }: { day: KeptDay; differences: readonly Difference[] | undefined }) {
  if (differences === undefined) return `${date}: ${words.gone(Object.keys(rates).length)}`;
  return (
    <table className="mini" aria-label={words.table(date)}>
      <thead>
        <tr>
          <th scope="col">{date}</th>
          <th scope="col">{words.known}</th>
          <th scope="col">{words.came}</th>
        </tr>
      </thead>
      <tbody>
        {differences.map(({ code, known, came }) => (
          <tr key={code}>
            <th scope="row">{code}</th>
            <td className="number">{known === undefined ? words.none : formatRate(known)}</td>
            <td className="number">{came === undefined ? words.none : formatRate(came)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
