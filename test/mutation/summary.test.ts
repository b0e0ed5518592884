// SPDX-License-Identifier: MIT
import test from 'ava';
import { type MutationReport, summaryOf } from './summary.js';

const at = (line: number, column: number, end: number) => ({
  start: { line, column },
  end: { line, column: end },
});

const REPORT: MutationReport = {
  files: {
    'b.ts': { source: 'const x = 1 + 2;\n', mutants: [] },
    'a.ts': {
      source: 'one();\nif (a > b) two();\n',
      mutants: [
        { status: 'Killed', mutatorName: 'X', replacement: '', location: at(1, 1, 6) },
        { status: 'Timeout', mutatorName: 'X', replacement: '', location: at(1, 1, 6) },
        { status: 'Ignored', mutatorName: 'X', replacement: '', location: at(1, 1, 6) },
        {
          status: 'Survived',
          mutatorName: 'EqualityOperator',
          replacement: 'a >= b',
          location: at(2, 5, 10),
        },
      ],
    },
  },
};

test('a report tells the share of mutants found, and every mutant that lives with its place', t => {
  const { text, score } = summaryOf(REPORT);
  t.is(Math.round(score), 67);
  const lines = text.split('\n');
  t.regex(lines[0], /66\.7 % {6}4 mutants {2}a\.ts/);
  t.regex(lines[2], /66\.7 % {6}4 mutants {2}all/);
  t.deepEqual(lines.slice(4, 7), ['a.ts:2:5  Survived  EqualityOperator', '    a > b', '    → a >= b']);
});

test('files without mutants have nothing to find', t => {
  t.is(summaryOf({ files: { 'b.ts': { source: '', mutants: [] } } }).score, 100);
});
