/* Days as a calendar in some place of the world has them. They are of 23, 24 or 25 hours where clocks are changed. */

const HOUR_MS = 3_600_000;
/** No day of a place that changes its clocks by an hour is longer. */
const LONGEST_DAY_MS = 26 * HOUR_MS;
/** To make one takes a thousand times as long as to use it. There are as many as there are zones in use. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** Whether it names a zone of the IANA time zone database, for example Europe/Brussels. */
export function isZone(zone: string): boolean {
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
}

/** Which day it is there at this moment (epoch milliseconds), as YYYY-MM-DD. */
export function dayIn(zone: string, at: number): string {
  const parts = new Map(
    formatOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  return `${parts.get('year')}-${parts.get('month')}-${parts.get('day')}`;
}

/** The first moment of the next day there (epoch milliseconds): midnight, or where the clock leaps over it the end of the leap. */
export function nextDayIn(zone: string, at: number): number {
  const today = dayIn(zone, at);
  let before = at;
  let after = at + LONGEST_DAY_MS;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (dayIn(zone, middle) === today) before = middle;
    else after = middle;
  }
  return after;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' });
  formats.set(zone, made);
  return made;
}
