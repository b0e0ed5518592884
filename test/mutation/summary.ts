// SPDX-License-Identifier: MIT
// A report of Stryker (mutation-testing-report-schema) as text: a line for each file, then one for every mutant that lives:
// first those that nobody has looked at yet, then the others under the reason why they may.
import { EXPLAINED, type Explanation } from './explained.js';

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

/** Where the files are that are tested; their names are told from there. */
const MODEL = 'device/model/';

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

/** How often each line comes, where that is more than once. */
function counted(lines: readonly string[]): string[] {
  const times = new Map<string, number>();
  for (const line of lines) times.set(line, (times.get(line) ?? 0) + 1);
  return [...times].map(([line, n]) => (n === 1 ? line : `${line} (${n} times)`));
}

/** Why this one may live; '' if nobody has said so. */
function reasonOf(known: readonly Explanation[], name: string, line: string, to: string): string {
  const fits = known.find(({ lives }) =>
    lives.some(([file, text, tos]) => file === name && text === line.trim() && tos.includes(to)),
  );
  return fits?.why ?? '';
}

/** Lines for people, and the share of mutants found in percent. */
export function summaryOf(
  report: MutationReport,
  known: readonly Explanation[] = EXPLAINED,
): { text: string; score: number } {
  const files = Object.entries(report.files).sort(([a], [b]) => (a < b ? -1 : 1));
  const all = files.flatMap(([, { mutants }]) => mutants);
  const nameOf = (path: string): string => (path.startsWith(MODEL) ? path.slice(MODEL.length) : path);
  const row = (name: string, mutants: readonly Mutant[]): string => {
    const run = count(mutants, FOUND) + count(mutants, LIVES);
    const left = mutants.length === run ? '' : `, ${mutants.length - run} left out`;
    return `${percent(mutants).toFixed(1).padStart(6)} %  ${String(run).padStart(5)} mutants  ${name}${left}`;
  };
  const lives = new Map<string, string[]>([['', []]]);
  for (const [path, { source, mutants }] of files) {
    const lines = source.split('\n');
    const alive = mutants.filter(m => LIVES.has(m.status));
    for (const m of alive.sort((a, b) => a.location.start.line - b.location.start.line)) {
      const { line } = m.location.start;
      const to = short(m.replacement ?? '');
      const why = reasonOf(known, nameOf(path), lines[line - 1], to);
      const where = `${nameOf(path)}:${line}`.padEnd(14);
      const text = `${where} ${m.status.padEnd(10)} ${short(original(lines, m.location))}  →  ${to}`;
      lives.set(why, [...(lives.get(why) ?? []), text]);
    }
  }
  const told = [...lives].flatMap(([why, texts]) =>
    why === '' ? counted(texts) : ['', why, ...counted(texts)],
  );
  const rows = files.map(([path, { mutants }]) => row(nameOf(path), mutants));
  return {
    text: [...rows, row('all of these', all), '', ...told, ''].join('\n'),
    score: percent(all),
  };
}
