// SPDX-License-Identifier: MIT
// Payload between frames and guest memory: gathered for a packet, scattered from one, read or written for the peer. A
// range that is contiguous on the bus is one access.
import { WcStatus } from '../abi/generated/descriptors.js';
import { FaultObject } from '../abi/generated/registers.js';
import { qpPd } from '../abi/generated/state.js';
import type { Core } from './core.js';
import type { Descriptor } from './descriptor.js';
import { Dma } from './ports.js';
import { type MrRow, type QpRow, qpNumber } from './rows.js';
import { Segment, SgeCursor } from './translate.js';

/** A translation is being fetched: the step is tried again. */
export const WAIT = 255;
export type Outcome = WcStatus | typeof WAIT;

const gather = new SgeCursor();
const scatter = new SgeCursor();
const remote = new Segment();

/** Gathers `bytes` of a descriptor's data, from byte `done` on, into frame[at …). */
export function gatherPayload(
  core: Core,
  qp: QpRow,
  d: Descriptor,
  done: number,
  bytes: number,
  frame: Uint8Array,
  at: number,
): Outcome {
  const { m, memory } = core;
  if (d.inline) return copyInline(core.journal.u8, d.inlineAt + done, bytes, frame, at);
  const pd = qpPd(m, qp);
  gather.start(m, d.gatherAt, d.gatherCount, done);
  for (let n = 0; n < bytes; n += gather.segment.length) {
    const status = gather.next(m, pd, bytes - n, false);
    if (status !== WcStatus.SUCCESS) return status;
    const { address, length } = gather.segment;
    const dma = memory.read(address, frame, at + n, length);
    if (dma !== Dma.DONE) return failed(core, dma, FaultObject.GATHER, qp, d.index, address, length, false);
  }
  return WcStatus.SUCCESS;
}

/** The data stands in the region already, in the descriptor. It is short: a loop costs less than a view. */
function copyInline(from: Uint8Array, start: number, bytes: number, frame: Uint8Array, at: number): Outcome {
  for (let n = 0; n < bytes; n++) frame[at + n] = from[start + n];
  return WcStatus.SUCCESS;
}

/** Scatters frame[at … at + bytes) over a descriptor's scatter ranges, from byte `done` of them on; keys are of `pd`. */
export function scatterPayload(
  core: Core,
  qp: QpRow,
  pd: number,
  d: Descriptor,
  done: number,
  frame: Uint8Array,
  at: number,
  bytes: number,
): Outcome {
  const { m, memory } = core;
  scatter.start(m, d.scatterAt, d.scatterCount, done);
  for (let n = 0; n < bytes; n += scatter.segment.length) {
    const status = scatter.next(m, pd, bytes - n, true);
    if (status !== WcStatus.SUCCESS) return status;
    const { address, length } = scatter.segment;
    const dma = memory.write(address, frame, at + n, length);
    if (dma !== Dma.DONE) return failed(core, dma, FaultObject.SCATTER, qp, d.index, address, length, true);
  }
  return WcStatus.SUCCESS;
}

/** Reads [address, address + bytes) of a region that allows it into frame[at …), for the peer of `qp`. */
export function readRegion(
  core: Core,
  qp: QpRow,
  mr: MrRow,
  start: number,
  frame: Uint8Array,
  at: number,
  bytes: number,
): Outcome {
  for (let n = 0; n < bytes; n += remote.length) {
    remote.take(core.m, mr, start + n, bytes - n);
    const { address, length } = remote;
    const dma = core.memory.read(address, frame, at + n, length);
    if (dma !== Dma.DONE) return failed(core, dma, FaultObject.REMOTE_READ, qp, 0, address, length, false);
  }
  return WcStatus.SUCCESS;
}

/** Writes frame[at … at + bytes) to [address, …) of a region that allows it, for the peer of `qp`. */
export function writeRegion(
  core: Core,
  qp: QpRow,
  mr: MrRow,
  start: number,
  frame: Uint8Array,
  at: number,
  bytes: number,
): Outcome {
  for (let n = 0; n < bytes; n += remote.length) {
    remote.take(core.m, mr, start + n, bytes - n);
    const { address, length } = remote;
    const dma = core.memory.write(address, frame, at + n, length);
    if (dma !== Dma.DONE) return failed(core, dma, FaultObject.REMOTE_WRITE, qp, 0, address, length, true);
  }
  return WcStatus.SUCCESS;
}

/** Whether writeRegion() would go through. */
export function checkRegion(core: Core, qp: QpRow, mr: MrRow, start: number, bytes: number): Outcome {
  for (let n = 0; n < bytes; n += remote.length) {
    remote.take(core.m, mr, start + n, bytes - n);
    const { address, length } = remote;
    const dma = core.memory.check(address, length, true);
    if (dma !== Dma.DONE) return failed(core, dma, FaultObject.REMOTE_WRITE, qp, 0, address, length, true);
  }
  return WcStatus.SUCCESS;
}

function failed(
  core: Core,
  dma: Dma,
  object: number,
  qp: QpRow,
  index: number,
  address: number,
  length: number,
  write: boolean,
): Outcome {
  core.dmaFailed(dma, object, qpNumber(qp), index, address, length, write);
  return dma === Dma.NOT_YET ? WAIT : WcStatus.GENERAL_ERR;
}
