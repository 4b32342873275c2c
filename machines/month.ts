/* Months of UTC, written YYYY-MM. */

/** Until so long after the end of a month a commit that was begun in it may still come to its end. */
export const GRACE_MS = 60_000;

/** From 1970 on: nothing counts before. */
export const MONTH = /^(?:19[7-9]\d|[2-9]\d{3})-(?:0[1-9]|1[0-2])$/;

/** Its first moment, in epoch milliseconds. */
export function startOf(month: string): number {
  return Date.parse(`${month}-01`);
}

/** Its last moment, in epoch milliseconds. */
export function endOf(month: string): number {
  return startOf(monthAfter(month)) - 1;
}

export function monthAfter(month: string): string {
  return moved(month, 1);
}

export function monthBefore(month: string): string {
  return moved(month, -1);
}

/** The month of a moment in epoch milliseconds. */
export function monthOf(at: number): string {
  return new Date(at).toISOString().slice(0, 7);
}

/** The day of UTC of a moment in epoch milliseconds, YYYY-MM-DD. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

function moved(month: string, by: number): string {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return monthOf(Date.UTC(year, number - 1 + by));
}
