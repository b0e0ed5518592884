// SPDX-License-Identifier: MIT
// "Why did nothing happen?", as far as the transport knows: is there a front-end, has it come through the handshake,
// does it still speak. Findings are data {code, severity, …}; cli/explain-words.ts says them in words.
import type { AdapterSlot } from './adapter-slot.js';
import type { TraceRecord } from './trace.js';

export interface Finding {
  readonly code: string;
  readonly severity: 'problem' | 'note';
  readonly [field: string]: unknown;
}

/** Phases in which the model runs the function (vhost/pci-requests.ts). */
const ATTACHED: readonly unknown[] = ['stopped', 'running'];

function absenceFindings(slot: AdapterSlot): Finding[] {
  if (slot.session !== undefined) return [];
  if (slot.lastEnd === undefined) return [{ code: 'no-front-end', severity: 'problem' }];
  const reason = slot.lastEnd === '' ? 'closed' : slot.lastEnd;
  return [{ code: 'front-end-gone', severity: 'problem', reason }];
}

function sessionFindings(slot: AdapterSlot): Finding[] {
  const phase = slot.session?.phase;
  const findings: Finding[] = [];
  if (phase !== undefined && !ATTACHED.includes(phase))
    findings.push({ code: 'handshake', severity: 'problem', phase });
  if (slot.lastRefusal !== undefined)
    findings.push({ code: 'request-refused', severity: 'problem', reason: slot.lastRefusal });
  return findings;
}

const isAccess = (r: TraceRecord): boolean => r.point === 'write' || r.point === 'read';

/**
 * When the guest touched a register or a doorbell last. The trace is of this process and keeps a few thousand points, the
 * ring's position is the function's: only while that is 0 is it sure that the guest has never touched anything.
 */
function accessFindings(slot: AdapterSlot, records: readonly TraceRecord[], nowNs: number): Finding[] {
  if (!ATTACHED.includes(slot.session?.phase)) return [];
  if (!slot.trace.enabled) return [{ code: 'trace-off', severity: 'note' }];
  const last = records.findLast(isAccess);
  if (last !== undefined)
    return [{ code: 'last-access', severity: 'note', ageMs: Math.round((nowNs - last.timeNs) / 1e6) }];
  if (slot.function.status().position === 0) return [{ code: 'no-access', severity: 'problem' }];
  return [{ code: 'no-access-traced', severity: 'note' }];
}

/** Interrupts that were sent, by vector. What the guest has masked is known to the front-end alone. */
function interruptFindings(slot: AdapterSlot, records: readonly TraceRecord[]): Finding[] {
  const counts = new Map<number, number>();
  for (const r of records) {
    const vector = Number(r.fields.vector);
    // The one behind the last vector stands for a change of INTx.
    if (r.point !== 'interrupt' || vector >= (slot.function.description.msix?.vectors ?? 0)) continue;
    counts.set(vector, (counts.get(vector) ?? 0) + 1);
  }
  return [...counts].map(([vector, count]) => ({ code: 'interrupts-sent', severity: 'note', vector, count }));
}

/** What the transport knows of an adapter. */
export function explainTransport(slot: AdapterSlot, nowNs: number): Finding[] {
  const records = slot.trace.records();
  return [
    ...absenceFindings(slot),
    ...sessionFindings(slot),
    ...accessFindings(slot, records, nowNs),
    ...interruptFindings(slot, records),
  ];
}
