// SPDX-License-Identifier: MIT
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { temporaryDirectory } from '../support/temporary.js';
import { CLAIMS, dueClaims, dueIn } from './due.js';
import { readResults, reportClaims } from './report.js';

const TAP = `TAP version 13
ok 1 - claims › claims › [claims 3, 12] a push overtakes
not ok 2 - conformance › qtest › [qtest] [claims 8] sizes
ok 3 - claims › claims › [claims 5] not here # SKIP no reason
ok 4 - other › without claims
1..4
`;
const KTAP = `KTAP version 1
[   12.345678] pushbell: ok 1 doorbell and push both deliver [claims 1, 15, 24]
  # deliver: 812 us
  not ok 2 torn [claims 4]
`;

test('results with claims are found in TAP and KTAP, with outcome', t => {
  const found = readResults(TAP + KTAP, 'x').map(r => [r.claims.join(), r.outcome, r.title]);
  t.deepEqual(found, [
    ['3,12', 'pass', 'claims › claims › a push overtakes'],
    ['8', 'fail', 'conformance › qtest › [qtest] sizes'],
    ['5', 'skip', 'claims › claims › not here'],
    ['1,15,24', 'pass', 'doorbell and push both deliver'],
    ['4', 'fail', 'torn'],
  ]);
});

test('the report fails while a due claim has no passing test, or a failing one', t => {
  const dir = temporaryDirectory(t);
  const lines: string[] = [];
  const report = (): boolean => reportClaims(dir, line => lines.push(line));
  t.false(report(), 'no results at all');
  const all = dueClaims().join(', ');
  const write = (tap: string): void => writeFileSync(join(dir, 'last.tap'), tap);
  write(`ok 1 - [claims ${all}] everything\n`);
  t.true(report());
  write(`ok 1 - [claims ${dueClaims().slice(1).join(', ')}] all but one\n`);
  t.false(report());
  t.true(lines.at(-1)?.endsWith(String(dueClaims()[0])));
  write(`ok 1 - [claims ${all}] everything\nnot ok 2 - [claims 17] this one\n`);
  t.false(report());
  write(`ok 1 - [claims ${all}] everything # SKIP\n`);
  t.false(report());
  writeFileSync(join(dir, 'guest-selftest.ktap'), `ok 1 in the guest [claims ${all}]\n`);
  t.true(report(), 'the guest proves it too');
});

test('the claims of later steps are not asked for yet', t => {
  t.is(CLAIMS, 29);
  t.deepEqual(
    Array.from({ length: CLAIMS }, (_, n) => n + 1).filter(claim => dueIn(claim) > 1),
    [7, 9, 21, 23],
  );
});
