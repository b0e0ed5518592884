// SPDX-License-Identifier: MIT

/** A row of the table, and of the JSON file. All figures are rates: more is better, and p99 is what 99 % of the samples reach. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly p99: number;
  /** Median of what it is compared with, in the same run; null where there is nothing. */
  readonly baseline: number | null;
  readonly ratio: number | null;
}

/** A row from rates; with a baseline sampled by turns with them. */
export function row(name: string, unit: string, rates: number[], baseline?: number[]): Row {
  const sorted = rates.sort((a, b) => b - a);
  const median = at(sorted, 0.5);
  const base =
    baseline === undefined
      ? null
      : at(
          baseline.sort((a, b) => b - a),
          0.5,
        );
  return {
    name,
    unit,
    median,
    p99: at(sorted, 0.99),
    baseline: base,
    ratio: base === null ? null : median / base,
  };
}

const at = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];

export function printRows(rows: readonly Row[]): void {
  const line = (cells: readonly string[]): string =>
    cells.map((cell, n) => (n === 0 ? cell.padEnd(44) : cell.padStart(12))).join('');
  console.log(line(['', 'unit', 'median', 'p99', 'plain copy', 'ratio']));
  const number = (n: number | null): string => (n === null ? '' : n.toFixed(2));
  for (const r of rows)
    console.log(line([r.name, r.unit, number(r.median), number(r.p99), number(r.baseline), number(r.ratio)]));
}
