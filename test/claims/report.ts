// SPDX-License-Identifier: MIT
// npm run claims: claim → tests → result of the last run. Test titles say which claims they prove ("[claims 3, 12] …"),
// in ava's TAP (.results/last.tap) as in the guest's KTAP (.results/guest-*.ktap or .tap).
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CLAIMS, dueClaims, dueIn } from './due.js';

export interface TestResult {
  readonly title: string;
  readonly claims: readonly number[];
  readonly outcome: 'pass' | 'fail' | 'skip';
  /** File that tells it. */
  readonly source: string;
}

/** "ok 3 - title # SKIP reason", also indented and with what a kernel log puts in front. */
const RESULT =
  /^(?:\s|\[\s*\d+\.\d+\]|\w+:\s)*(not ok|ok)\s+\d+\s+(?:-\s+)?(.*?)(\s#\s*(?:SKIP|TODO)\b.*)?$/i;
const TAG = /\[claims ([\d, ]+)\]/;

/** The results in a TAP or KTAP text that name claims. */
export function readResults(text: string, source: string): TestResult[] {
  const found: TestResult[] = [];
  for (const line of text.split('\n')) {
    const [, state, title, directive] = RESULT.exec(line.trimEnd()) ?? [];
    const tag = title === undefined ? null : TAG.exec(title);
    if (state === undefined || tag === null) continue;
    const claims = tag[1].split(',').map(Number);
    const outcome = directive !== undefined ? 'skip' : state === 'ok' ? 'pass' : 'fail';
    found.push({ title: title.replace(TAG, '').replaceAll(/\s+/g, ' ').trim(), claims, outcome, source });
  }
  return found;
}

function resultFiles(dir: string): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter(name => name === 'last.tap' || /^guest-.*\.k?tap$/.test(name))
    .sort();
}

const SIGNS = { pass: '✔', fail: '✘', skip: '-' } as const;

/** What is printed of one claim; `bad` when it is due and not proved. */
function describeClaim(claim: number, results: readonly TestResult[]): { lines: string[]; bad: boolean } {
  const mine = results.filter(r => r.claims.includes(claim));
  const proved = mine.some(r => r.outcome === 'pass') && mine.every(r => r.outcome !== 'fail');
  const due = dueClaims().includes(claim);
  const verdict = proved ? 'proved' : due ? 'NOT PROVED' : `due in step ${dueIn(claim)}`;
  return {
    lines: [
      `claim ${claim}: ${verdict}`,
      ...mine.map(r => `    ${SIGNS[r.outcome]} ${r.title}  (${r.source})`),
    ],
    bad: due && !proved,
  };
}

/**
 * Prints the claims and the tests that prove them, from the results in `dir`. True when each claim that is due has a
 * test that passed and none that failed.
 */
export function reportClaims(
  dir: string,
  print: (line: string) => void = line => console.log(line),
): boolean {
  const files = resultFiles(dir);
  if (files.length === 0) {
    print(`There are no results in ${dir}: run "npm test" first.`);
    return false;
  }
  const results = files.flatMap(name => readResults(readFileSync(join(dir, name), 'utf8'), name));
  const described = Array.from({ length: CLAIMS }, (_, n) => describeClaim(n + 1, results));
  for (const { lines } of described) for (const line of lines) print(line);
  const open = described.flatMap(({ bad }, n) => (bad ? [n + 1] : []));
  const due = dueClaims().length;
  print(`\n${due - open.length} of ${due} claims that are due are proved, by ${results.length} tests`);
  if (open.length > 0) print(`Without proof: ${open.join(', ')}`);
  return open.length === 0;
}

const self = fileURLToPath(import.meta.url);
if (process.argv[1] !== undefined && resolve(process.argv[1]) === self) {
  const dir = process.argv[2] ?? join(dirname(self), '../../../.results');
  process.exitCode = reportClaims(dir) ? 0 : 1;
}
