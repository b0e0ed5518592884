// SPDX-License-Identifier: MIT
// Requests of the control socket that every device answers; a model adds its own (PciModel.controlOps).
import type { ControlOp, PciModel } from '../model/ports.js';
import type { Reactor } from './reactor.js';
import { type Trace, traceText } from './trace.js';

function flag(request: Readonly<Record<string, unknown>>, name: string): boolean | undefined {
  const value = request[name];
  if (value === undefined || typeof value === 'boolean') return value;
  throw new TypeError(`"${name}" must be true or false`);
}

/** `trace`: {enable?, clear?, format?: 'records' | 'text'} → what was recorded. */
function traceOp(trace: Trace): ControlOp {
  return request => {
    const { format = 'records' } = request;
    if (format !== 'records' && format !== 'text')
      throw new TypeError('"format" must be "records" or "text"');
    trace.enabled = flag(request, 'enable') ?? trace.enabled;
    const records = trace.records();
    const result = { enabled: trace.enabled, recorded: trace.recorded };
    if (flag(request, 'clear')) trace.clear();
    return format === 'text' ? { ...result, text: traceText(records) } : { ...result, records };
  };
}

/** All requests by name. A model's may not hide a device's. */
export function deviceOps(reactor: Reactor, trace: Trace, model: PciModel): ReadonlyMap<string, ControlOp> {
  const ops = new Map<string, ControlOp>(Object.entries(model.controlOps ?? {}));
  for (const name of ['status', 'trace', 'ops']) {
    if (ops.has(name)) throw new RangeError(`control operation "${name}" of the model is taken`);
  }
  ops.set('status', () => reactor.status());
  ops.set('trace', traceOp(trace));
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
