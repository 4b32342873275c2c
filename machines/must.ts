/** Ends a `switch` over a union: a member that was forgotten is a type error here, and a loud bug at run time. */
export function unreachable(value: never): never {
  throw new Error(`Unreachable: ${JSON.stringify(value)}`);
}

/** Returns the value, or throws a bug that says what was missing. Only for what the code around it guarantees. */
export function must<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new Error(`Missing: ${what}`);
  return value;
}
