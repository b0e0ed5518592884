// SPDX-License-Identifier: MIT

/** A row of the table, and of the JSON file. p99 is what 99 % of the samples reach. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly p99: number;
  /** Median of what it is compared with, in the same run; null where there is nothing. */
  readonly baseline: number | null;
  readonly ratio: number | null;
}

/** A row from rates: more is better; with a baseline sampled by turns with them. */
export function row(name: string, unit: string, rates: number[], baseline?: number[]): Row {
  return rowOf(name, unit, rates, baseline, (a, b) => b - a);
}

/** A row from costs: less is better. */
export function costRow(name: string, unit: string, costs: number[], baseline?: number[]): Row {
  return rowOf(name, unit, costs, baseline, (a, b) => a - b);
}

type Order = (a: number, b: number) => number;

function rowOf(
  name: string,
  unit: string,
  samples: number[],
  baseline: number[] | undefined,
  order: Order,
): Row {
  const sorted = samples.toSorted(order);
  const base = baseline === undefined ? null : at(baseline.toSorted(order), 0.5);
  const median = at(sorted, 0.5);
  return {
    name,
    unit,
    median,
    p99: at(sorted, 0.99),
    baseline: base,
    ratio: base === null ? null : median / base,
  };
}

export const at = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];

export function printRows(rows: readonly Row[]): void {
  const line = (cells: readonly string[]): string =>
    cells.map((cell, n) => (n === 0 ? cell.padEnd(56) : cell.padStart(12))).join('');
  console.log(line(['', 'unit', 'median', 'p99', 'beside', 'ratio']));
  const number = (n: number | null): string => (n === null ? '' : n.toFixed(2));
  for (const r of rows)
    console.log(line([r.name, r.unit, number(r.median), number(r.p99), number(r.baseline), number(r.ratio)]));
}
