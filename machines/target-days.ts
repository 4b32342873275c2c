import type { RateDay } from './exchange.ts';

/*
 * The days on which T2, the euro's settlement system, is open, and on which the European Central Bank therefore publishes reference rates: Monday
 * to Friday but for 1 January, Good Friday, Easter Monday, 1 May, 25 and 26 December (ECB, since 2002).
 */

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** Rates come at about four in the afternoon, Frankfurt time. From this time on they are looked for; by the later one they should be there. */
const OUT_FROM = '16:05';
const OUT_BY = '18:00';
const FRANKFURT = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'Europe/Berlin',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});
const FIXED = ['01-01', '05-01', '12-25', '12-26'];

/** A day as YYYY-MM-DD that is in the calendar. */
export function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text);
}

/** Whether rates are published of this day. */
export function isTargetDay(date: string): boolean {
  const at = Date.parse(date);
  const weekday = new Date(at).getUTCDay();
  if (weekday === 0 || weekday === 6 || FIXED.includes(date.slice(5))) return false;
  const easter = easterOf(Number(date.slice(0, 4)));
  return at !== easter - 2 * DAY_MS && at !== easter + DAY_MS;
}

/** The newest day whose rates should be out at this moment (epoch milliseconds). */
export function newestDue(at: number): string {
  return newestBy(at, OUT_BY);
}

/** The newest day whose rates may be out at this moment (epoch milliseconds): a little before they should be. */
export function newestOut(at: number): string {
  return newestBy(at, OUT_FROM);
}

/** The moment after this one (both epoch milliseconds) from which the next day's rates may be out. */
export function nextOut(at: number): number {
  return toMoment(targetDayAfter(newestOut(at)), OUT_FROM);
}

/** The moment (epoch milliseconds) from which more than so many days after this one should be out. */
export function overdueFrom(date: string, days: number): number {
  let last = date;
  for (let count = 0; count <= days; count++) last = targetDayAfter(last);
  return toMoment(last, OUT_BY);
}

/** Which day it is in Frankfurt. */
export function dayInFrankfurt(at: number): string {
  return inFrankfurt(at).date;
}

/** The last such day before this one. */
export function targetDayBefore(date: string): string {
  let at = Date.parse(date);
  do at -= DAY_MS;
  while (!isTargetDay(toDate(at)));
  return toDate(at);
}

/** This day if T2 is open on it, else the first on which it is. */
export function targetDayFrom(date: string): string {
  return isTargetDay(date) ? date : targetDayAfter(date);
}

export function targetDayAfter(date: string): string {
  let at = Date.parse(date);
  do at += DAY_MS;
  while (!isTargetDay(toDate(at)));
  return toDate(at);
}

/** How many such days lie after the first and up to the second, this one included. */
export function targetDaysBetween(after: string, upTo: string): number {
  let count = 0;
  for (let at = Date.parse(after) + DAY_MS; at <= Date.parse(upTo); at += DAY_MS) if (isTargetDay(toDate(at))) count++;
  return count;
}

/** The rates that hold on a day. `missed`: of so many days rates should have been published since and are not known. */
export type Holding = { readonly day: RateDay; readonly missed: number };

/**
 * The rates of a day; of one on which none are published, those of the last day before it. `days` are in order, the oldest first, and `due` is
 * the newest of which there should be any. Undefined before the first.
 */
export function holdingOn(days: readonly RateDay[], date: string, due: string): Holding | undefined {
  const day = days.findLast((one) => one.date <= date);
  return day && { day, missed: targetDaysBetween(day.date, date < due ? date : due) };
}

function newestBy(at: number, time: string): string {
  const now = inFrankfurt(at);
  return now.time >= time && isTargetDay(now.date) ? now.date : targetDayBefore(now.date);
}

function inFrankfurt(at: number): { readonly date: string; readonly time: string } {
  const parts = Object.fromEntries(FRANKFURT.formatToParts(at).map(({ type, value }) => [type, value]));
  return { date: `${parts['year']}-${parts['month']}-${parts['day']}`, time: `${parts['hour']}:${parts['minute']}` };
}

/** A time of day in Frankfurt, which is one hour ahead of UTC in winter and two in summer. It changes at night, so there is no afternoon twice. */
export function toMoment(date: string, time: string): number {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  const winter = Date.parse(date) + (hour - 1) * HOUR_MS + minute * MINUTE_MS;
  return inFrankfurt(winter).time === time ? winter : winter - HOUR_MS;
}

/** Easter Sunday of a year of the Gregorian calendar, midnight UTC (the anonymous algorithm of 1876). */
function easterOf(year: number): number {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const h = (19 * a + b - Math.floor(b / 4) - Math.floor((b - Math.floor((b + 8) / 25) + 1) / 3) + 15) % 30;
  const l = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - h - (c % 4)) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const days = h + l - 7 * m + 114;
  return Date.UTC(year, Math.floor(days / 31) - 1, (days % 31) + 1);
}

function toDate(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
