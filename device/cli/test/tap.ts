// SPDX-License-Identifier: MIT
// Reads TAP and KTAP (Documentation/dev-tools/ktap.rst of Linux): result lines at any nesting, the innermost ones count.

export interface TapCase {
  readonly title: string;
  readonly ok: boolean;
  readonly skipped: boolean;
  /** Diagnostic lines (# …) since the case before. */
  readonly notes: readonly string[];
}

export interface TapReport {
  readonly cases: readonly TapCase[];
  /** True when the text held a plan and as many results as it says; undefined without a plan. */
  readonly complete: boolean | undefined;
}

const RESULT = /^(\s*)(not )?ok\s+(\d+)\s*(?:-\s*)?(.*?)(?:\s+#\s*(SKIP|XFAIL|TODO)\b.*)?$/i;
const PLAN = /^(\s*)1\.\.(\d+)\s*$/;
/** What a kernel log puts before each line. */
const PREFIX = /^(?:<\d+>)?\[\s*\d+\.\d+\](?:\[[^\]]*\])?\s?/;

export function parseTap(text: string): TapReport {
  const found: (TapCase & { depth: number })[] = [];
  let notes: string[] = [];
  let planned: number | undefined;
  for (const raw of text.split('\n')) {
    const line = raw.replace(PREFIX, '').trimEnd();
    const plan = PLAN.exec(line);
    if (plan !== null && plan[1] === '') planned = Number(plan[2]);
    const result = RESULT.exec(line);
    if (result === null) {
      if (/^\s*#/.test(line)) notes.push(line.trim());
      continue;
    }
    found.push({
      depth: result[1].length,
      title: result[4],
      ok: result[2] === undefined,
      skipped: result[5] !== undefined,
      notes,
    });
    notes = [];
  }
  const top = found.filter(c => c.depth === 0).length;
  return { cases: innermost(found), complete: planned === undefined ? undefined : planned === top };
}

/** A result that is followed by nothing deeper before it is a case; one that sums up deeper ones is not. */
function innermost(found: readonly (TapCase & { depth: number })[]): TapCase[] {
  return found
    .filter((c, n) => n === 0 || found[n - 1].depth <= c.depth)
    .map(({ depth: _depth, ...rest }) => rest);
}
