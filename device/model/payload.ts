// SPDX-License-Identifier: MIT
// Payload between frames and guest memory: gathered for a packet, scattered from one, read or written for the peer.
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

/** What is done to memory. A number, and not a function: it is asked for every piece of every packet. */
export const Act = { READ: 0, WRITE: 1, CHECK: 2 } as const;
export type Act = (typeof Act)[keyof typeof Act];

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
  if (d.inline) return copyInline(core.journal.u8, d.inlineAt + done, bytes, frame, at);
  gather.start(core.m, d.gatherAt, d.gatherCount, done);
  return overList(core, Act.READ, qp, qpPd(core.m, qp), d.index, gather, frame, at, bytes);
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
  scatter.start(core.m, d.scatterAt, d.scatterCount, done);
  return overList(core, Act.WRITE, qp, pd, d.index, scatter, frame, at, bytes);
}

function overList(
  core: Core,
  act: Act,
  qp: QpRow,
  pd: number,
  index: number,
  list: SgeCursor,
  frame: Uint8Array,
  at: number,
  bytes: number,
): Outcome {
  const write = act !== Act.READ;
  const { segment } = list;
  for (let n = 0; n < bytes; n += segment.length) {
    const status = list.next(core.m, pd, bytes - n, write);
    if (status !== WcStatus.SUCCESS) return status;
    const dma = touch(core, act, segment, frame, at + n);
    const object = write ? FaultObject.SCATTER : FaultObject.GATHER;
    if (dma !== Dma.DONE) return failed(core, dma, object, qp, index, segment, write);
  }
  return WcStatus.SUCCESS;
}

/**
 * Reads a range of a region that allows it into frame[at …), for the peer of `qp`; writes it from there; or
 * says whether that would go through.
 */
export function regionPayload(
  core: Core,
  act: Act,
  qp: QpRow,
  mr: MrRow,
  range: Segment,
  frame: Uint8Array,
  at: number,
): Outcome {
  for (let n = 0; n < range.length; n += remote.length) {
    remote.of(range.address + n, range.length - n).take(core.m, mr);
    const dma = touch(core, act, remote, frame, at + n);
    const object = act === Act.READ ? FaultObject.REMOTE_READ : FaultObject.REMOTE_WRITE;
    if (dma !== Dma.DONE) return failed(core, dma, object, qp, 0, remote, act !== Act.READ);
  }
  return WcStatus.SUCCESS;
}

/** One piece of memory, which is one range for the bus, and the bytes of the frame from `at` on. */
function touch(core: Core, act: Act, { address, length }: Segment, frame: Uint8Array, at: number): Dma {
  const memory = core.memory.at(address);
  switch (act) {
    case Act.READ:
      return memory.read(frame, at, length);
    case Act.WRITE:
      return memory.write(frame, at, length);
    case Act.CHECK:
      return memory.check(length, true);
  }
}

function failed(
  core: Core,
  dma: Dma,
  object: number,
  qp: QpRow,
  index: number,
  { address, length }: Segment,
  write: boolean,
): Outcome {
  core.dmaFailed(dma, object, qpNumber(qp), index, address, length, write);
  return dma === Dma.NOT_YET ? WAIT : WcStatus.GENERAL_ERR;
}
