// SPDX-License-Identifier: MIT
// Requests of the control socket that every device answers; a model adds its own (PciModel.controlOps). A request that
// is about one adapter names it in `adapter`; without, it is the only one that is connected, or else adapter 0.
import type { ControlOp } from '../model/ports.js';
import type { AdapterSlot, AdapterSlots } from './adapter-slot.js';
import { explainTransport, type Finding } from './explain.js';
import { type Trace, traceText } from './trace.js';

type Fields = Readonly<Record<string, unknown>>;

/** What a device says of itself as a process. */
export interface ProcessFacts {
  /** How often a supervisor has replaced the process. */
  restarts: number;
}

function flag(request: Fields, name: string): boolean | undefined {
  const value = request[name];
  if (value === undefined || typeof value === 'boolean') return value;
  throw new TypeError(`"${name}" must be true or false`);
}

/** `trace`: {adapter?, enable?, clear?, format?: 'records' | 'text'} → what was recorded. */
function traceOp(trace: Trace, request: Fields): unknown {
  const { format = 'records' } = request;
  if (format !== 'records' && format !== 'text') throw new TypeError('"format" must be "records" or "text"');
  trace.enabled = flag(request, 'enable') ?? trace.enabled;
  const records = trace.records();
  const result = { enabled: trace.enabled, recorded: trace.recorded };
  if (flag(request, 'clear')) trace.clear();
  return format === 'text' ? { ...result, text: traceText(records) } : { ...result, records };
}

/** `explain`: {adapter?} → {adapters: [{adapter, findings}]}: what the transport and the model know, problems first. */
function explainOne(slot: AdapterSlot, nowNs: number): { adapter: number; findings: Finding[] } {
  const ofModel = (slot.model.controlOps?.explain?.({ op: 'explain' }) ?? []) as Finding[];
  const known = new Set(ofModel.map(f => f.code));
  const all = [...explainTransport(slot, nowNs).filter(f => !known.has(f.code)), ...ofModel];
  const bySeverity = (severity: string): Finding[] => all.filter(f => f.severity === severity);
  return { adapter: slot.index, findings: [...bySeverity('problem'), ...bySeverity('note')] };
}

/** One of the model's own. It may store into the state region, which is another process's once this one was given up. */
function askModel(slot: AdapterSlot, name: string, request: Fields): unknown {
  slot.function.checkCurrent();
  return slot.model.controlOps![name]!(request);
}

/** All requests by name. A model's may not hide a device's, `explain` apart, which is asked on its behalf. */
export function deviceOps(
  adapters: AdapterSlots,
  facts: ProcessFacts,
  nowNs: () => number,
): ReadonlyMap<string, ControlOp> {
  const ops = new Map<string, ControlOp>();
  for (const name of Object.keys(adapters.all[0]!.model.controlOps ?? {})) {
    ops.set(name, request => askModel(adapters.select(request.adapter), name, request));
  }
  for (const name of ['status', 'trace', 'ops'])
    if (ops.has(name)) throw new RangeError(`control operation "${name}" of the model is taken`);
  ops.set('status', ({ adapter }) => ({
    pid: process.pid,
    restarts: facts.restarts,
    ...adapters.select(adapter).status(),
    adapters: adapters.all.map(slot => slot.status()),
  }));
  ops.set('trace', request => traceOp(adapters.select(request.adapter).trace, request));
  ops.set('explain', ({ adapter }) => {
    const asked = adapter === undefined ? adapters.all : [adapters.select(adapter)];
    const connected = asked.filter(slot => slot.session !== undefined);
    const worth = connected.length > 0 ? connected : asked.slice(0, 1);
    return { adapters: worth.map(slot => explainOne(slot, nowNs())) };
  });
  ops.set('ops', () => [...ops.keys()].sort());
  return ops;
}

/** Runs one request; the answer is what goes back over the socket. */
export function answerRequest(ops: ReadonlyMap<string, ControlOp>, request: unknown): ControlAnswer {
  if (typeof request !== 'object' || request === null || !('op' in request))
    return { error: 'no "op" in the request' };
  const handler = ops.get(String(request.op));
  if (handler === undefined) return { error: `unknown op "${String(request.op)}"` };
  try {
    return { result: handler(request as Record<string, unknown>) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

export type ControlAnswer = { readonly result: unknown } | { readonly error: string };
