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
  t.regex(lines[0], /66\.7 % {6}3 mutants {2}a\.ts, 1 left out$/);
  t.regex(lines[2], /66\.7 % {6}3 mutants {2}all of these, 1 left out$/);
  t.deepEqual(lines.slice(4), ['a.ts:2         Survived   a > b  →  a >= b', '']);
});

test('what lives twice is one line, in the order of the source, and the folder of the model goes without saying', t => {
  const lives = (line: number) => ({
    ...{ status: 'NoCoverage', mutatorName: 'X', replacement: '1', location: at(line, 1, 2) },
  });
  const mutants = [lives(2), lives(1), lives(2)];
  const { text } = summaryOf({ files: { 'device/model/a.ts': { source: 'x\ny\n', mutants } } });
  t.deepEqual(text.split('\n').slice(3), [
    'a.ts:1         NoCoverage x  →  1',
    'a.ts:2         NoCoverage y  →  1 (2 times)',
    '',
  ]);
});

test('what has been looked at comes after what has not, under its reason', t => {
  const lives = (line: number, replacement: string) => ({
    ...{ status: 'Survived', mutatorName: 'X', replacement, location: at(line, 3, 4) },
  });
  const mutants = [lives(1, '1'), lives(1, '2'), lives(2, '1')];
  const files = { 'device/model/a.ts': { source: '  x;\n  y;\n', mutants } };
  const known = [{ why: 'Because.', lives: [['a.ts', 'x;', ['1', '3']]] }] as const;
  t.deepEqual(summaryOf({ files }, known).text.split('\n').slice(3), [
    'a.ts:1         Survived   x  →  2',
    'a.ts:2         Survived   y  →  1',
    '',
    'Because.',
    'a.ts:1         Survived   x  →  1',
    '',
  ]);
});

test('files without mutants have nothing to find', t => {
  t.is(summaryOf({ files: { 'b.ts': { source: '', mutants: [] } } }).score, 100);
});
