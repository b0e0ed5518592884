// SPDX-License-Identifier: MIT
// A report of Stryker (mutation-testing-report-schema) as text: a line for each file, then every mutant that lives.

interface Mutant {
  readonly status: string;
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly location: { readonly start: Position; readonly end: Position };
}

interface Position {
  readonly line: number;
  readonly column: number;
}

export interface MutationReport {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
}

const FOUND = new Set(['Killed', 'Timeout', 'RuntimeError', 'CompileError']);
const LIVES = new Set(['Survived', 'NoCoverage']);

const count = (mutants: readonly Mutant[], statuses: ReadonlySet<string>): number =>
  mutants.filter(m => statuses.has(m.status)).length;

const percent = (mutants: readonly Mutant[]): number => {
  const found = count(mutants, FOUND);
  const all = found + count(mutants, LIVES);
  return all === 0 ? 100 : (100 * found) / all;
};

/** The text that a mutant replaces, on one line. */
function original(lines: readonly string[], { start, end }: Mutant['location']): string {
  const part = lines.slice(start.line - 1, end.line);
  part[part.length - 1] = part.at(-1)!.slice(0, end.column - 1);
  part[0] = part[0].slice(start.column - 1);
  return part.join(' ');
}

const short = (text: string): string => {
  const one = text.replaceAll(/\s+/g, ' ');
  return one.length > 90 ? `${one.slice(0, 87)}…` : one;
};

/** Lines for people, and the share of mutants found in percent. */
export function summaryOf(report: MutationReport): { text: string; score: number } {
  const files = Object.entries(report.files).sort(([a], [b]) => (a < b ? -1 : 1));
  const all = files.flatMap(([, { mutants }]) => mutants);
  const row = (name: string, mutants: readonly Mutant[]): string =>
    `${percent(mutants).toFixed(1).padStart(6)} %  ${String(mutants.length).padStart(5)} mutants  ${name}`;
  const lives = files.flatMap(([name, { source, mutants }]) => {
    const lines = source.split('\n');
    return mutants
      .filter(m => LIVES.has(m.status))
      .map(m => {
        const where = `${name}:${m.location.start.line}:${m.location.start.column}`;
        const from = short(original(lines, m.location));
        return `${where}  ${m.status}  ${m.mutatorName}\n    ${from}\n    → ${short(m.replacement ?? '')}`;
      });
  });
  const rows = files.map(([name, { mutants }]) => row(name, mutants));
  return {
    text: [...rows, row('all', all), '', ...lives, ''].join('\n'),
    score: percent(all),
  };
}
