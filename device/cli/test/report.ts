// SPDX-License-Identifier: MIT
// Results of guest tests as lines for a person, as TAP 14 and as JUnit XML.
import type { Outcome } from './run-one.js';
import type { TapCase } from './tap.js';

const SYMBOLS = { pass: '✔', fail: '✘', skip: '-', hang: '✘', broken: '✘' } as const;

/** What stands on the screen when a test has ended. */
export function tell(outcome: Outcome): string {
  const { test, verdict, reason, cases, durationMs, folder } = outcome;
  const passed = cases.filter(c => c.ok && !c.skipped).length;
  const counted = cases.length === 0 ? '' : `, ${passed} of ${cases.length} cases`;
  const head = `${SYMBOLS[verdict]} ${test.name} (${(durationMs / 1000).toFixed(1)} s${counted})${reason === '' ? '' : `: ${reason}`}\n`;
  if (verdict === 'pass' || verdict === 'skip') return head;
  const failed = cases.filter(c => !c.ok && !c.skipped);
  const named = failed.map(c => [`    not ok: ${c.title}`, ...c.notes.map(n => `      ${n}`)].join('\n'));
  const tails = [
    ...(named.length > 0 ? [named.join('\n')] : []),
    section('console, last lines', outcome.consoleTail),
    section("adapter's trace, last lines", outcome.traceTail),
    `    everything is kept in ${folder}`,
  ];
  return `${head}${tails.join('\n')}\n`;
}

function section(title: string, text: string): string {
  const lines = text.trimEnd() === '' ? ['(nothing)'] : text.trimEnd().split('\n');
  return [`    --- ${title}`, ...lines.map(line => `    | ${line}`)].join('\n');
}

export function toTap(outcomes: readonly Outcome[]): string {
  const lines = ['TAP version 14', `1..${outcomes.length}`];
  outcomes.forEach((o, n) => {
    if (o.cases.length > 0) {
      lines.push(`# Subtest: ${o.test.name}`, `    1..${o.cases.length}`);
      const line = (c: TapCase, k: number) =>
        `    ${c.ok ? 'ok' : 'not ok'} ${k + 1} - ${c.title}${c.skipped ? ' # SKIP' : ''}`;
      lines.push(...o.cases.map(line));
    }
    const good = o.verdict === 'pass' || o.verdict === 'skip';
    lines.push(`${good ? 'ok' : 'not ok'} ${n + 1} - ${o.test.name}${o.verdict === 'skip' ? ' # SKIP' : ''}`);
    if (!good) lines.push(`# ${o.reason}`);
  });
  return `${lines.join('\n')}\n`;
}

const escapeXml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 allows none of these
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, '?');

export function toJUnit(outcomes: readonly Outcome[]): string {
  const suites = outcomes.map(o => {
    const cases =
      o.cases.length > 0
        ? o.cases.map(c => junitCase(o, c.title, c.ok || c.skipped, c.skipped, c.notes.join('\n')))
        : [wholeTest(o)];
    const lost = o.cases.length > 0 && o.verdict !== 'pass' && o.cases.every(c => c.ok) ? [wholeTest(o)] : [];
    const all = [...cases, ...lost];
    const failures = all.filter(text => text.includes('<failure')).length;
    return `  <testsuite name="${escapeXml(o.test.name)}" tests="${all.length}" failures="${failures}" time="${(o.durationMs / 1000).toFixed(3)}">\n${all.join('\n')}\n  </testsuite>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('\n')}\n</testsuites>\n`;
}

function wholeTest(o: Outcome): string {
  const good = o.verdict === 'pass' || o.verdict === 'skip';
  return junitCase(o, o.test.name, good, o.verdict === 'skip', `${o.reason}\n${o.consoleTail}`);
}

function junitCase(o: Outcome, title: string, good: boolean, skipped: boolean, text: string): string {
  const open = `    <testcase classname="${escapeXml(o.test.name)}" name="${escapeXml(title)}"`;
  if (skipped) return `${open}><skipped/></testcase>`;
  return good
    ? `${open}/>`
    : `${open}><failure message="${escapeXml(text.split('\n')[0])}">${escapeXml(text)}</failure></testcase>`;
}
