/** Something that is not as it was written, and where. */
export type Finding = {
  readonly partition?: number;
  readonly seq?: number;
  readonly actor?: string;
  readonly version?: number;
  /** The column that was changed, where that can be told. */
  readonly column?: string;
  readonly what: string;
};

/** `partition 7 seq 1234 payment/pay_1@5: envelope was changed (…)`. No contents: a report may lie where journals may not. */
export function toLine({ partition, seq, actor, version, column, what }: Finding): string {
  const place = [
    partition === undefined ? '' : `partition ${partition}`,
    seq === undefined ? '' : `seq ${seq}`,
    actor === undefined ? '' : `${actor}${version === undefined ? '' : `@${version}`}`,
  ];
  return `${place.filter((part) => part !== '').join(' ')}: ${column === undefined ? '' : `${column} `}${what}`;
}

/** A journal that was overwritten as a whole has as many findings as rows; beyond so many they are only counted. */
const MOST = 10_000;

export class Findings {
  readonly kept: Finding[] = [];
  count = 0;

  add(finding: Finding): void {
    this.count++;
    if (this.kept.length < MOST) this.kept.push(finding);
  }
}
