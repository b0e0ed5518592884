// SPDX-License-Identifier: MIT
// Descriptors out of the rings in guest memory: of a send queue, a receive queue, a shared receive queue. Each is
// copied once, into the row of the queue pair that executes it.
import { WQE_STRIDE_MAX } from '../abi/generated/descriptors.js';
import { FaultObject } from '../abi/generated/registers.js';
import {
  QP_RECV_WQE_OFFSET,
  QP_SEND_WQE_OFFSET,
  qpPd,
  qpRecvAddress,
  qpRecvConsumer,
  qpRecvLkey,
  qpRecvLogDepth,
  qpRecvLogStride,
  qpSendAddress,
  qpSendConsumer,
  qpSendLkey,
  qpSendLogDepth,
  qpSendLogStride,
  srqAddress,
  srqConsumer,
  srqLkey,
  srqLogDepth,
  srqLogStride,
  srqPd,
} from '../abi/generated/state.js';
import type { Core } from './core.js';
import { Dma } from './ports.js';
import { placeOf, pow2 } from './powers.js';
import { NONE, type QpRow, qpNumber, type SrqRow, srqNumber } from './rows.js';
import { allow, Segment } from './translate.js';

const segment = new Segment();

/** First word of the receive that a queue pair has taken. */
export const receiveAt = (qp: QpRow): number => qp + QP_RECV_WQE_OFFSET / 4;

/** Where the bytes of a send descriptor stand that came from memory. */
export const sendAt = (qp: QpRow): number => qp + QP_SEND_WQE_OFFSET / 4;

/** Reads the entry that `segment` names of a queue, which is `object` `number`, into the region at word `target`. */
function fetchEntry(
  core: Core,
  object: number,
  number: number,
  index: number,
  key: number,
  pd: number,
  target: number,
): Dma {
  const { m } = core;
  const { address, length } = segment;
  const mr = allow(m, key, pd, segment, false);
  if (mr === NONE) {
    core.faults.forget();
    return Dma.FAULT;
  }
  for (let done = 0; done < length; done += segment.length) {
    segment.of(address + done, length - done).take(m, mr);
    const dma = core.memory.at(segment.address).readWords(m, target + done / 4, segment.length / 4);
    if (dma !== Dma.DONE)
      return core.dmaFailed(dma, object, number, index, segment.address, segment.length, false);
  }
  return Dma.DONE;
}

/** The next descriptor of the send queue. */
export function fetchSend(core: Core, qp: QpRow): Dma {
  const { m } = core;
  const stride = pow2(qpSendLogStride(m, qp));
  const index = qpSendConsumer(m, qp);
  const place = placeOf(index, qpSendLogDepth(m, qp));
  segment.of(qpSendAddress(m, qp) + place * stride, Math.min(stride, WQE_STRIDE_MAX));
  const { SEND_QUEUE } = FaultObject;
  const key = qpSendLkey(m, qp);
  return fetchEntry(core, SEND_QUEUE, qpNumber(qp), index, key, qpPd(m, qp), sendAt(qp));
}

/** The next descriptor of the queue pair's own receive queue. */
export function fetchReceive(core: Core, qp: QpRow): Dma {
  const { m } = core;
  const stride = pow2(qpRecvLogStride(m, qp));
  const index = qpRecvConsumer(m, qp);
  const place = placeOf(index, qpRecvLogDepth(m, qp));
  segment.of(qpRecvAddress(m, qp) + place * stride, Math.min(stride, WQE_STRIDE_MAX));
  const { RECV_QUEUE } = FaultObject;
  const key = qpRecvLkey(m, qp);
  return fetchEntry(core, RECV_QUEUE, qpNumber(qp), index, key, qpPd(m, qp), receiveAt(qp));
}

/** The next descriptor of a shared receive queue, for the queue pair. */
export function fetchShared(core: Core, srq: SrqRow, qp: QpRow): Dma {
  const { m } = core;
  const stride = pow2(srqLogStride(m, srq));
  const index = srqConsumer(m, srq);
  const place = placeOf(index, srqLogDepth(m, srq));
  segment.of(srqAddress(m, srq) + place * stride, Math.min(stride, WQE_STRIDE_MAX));
  const { SRQ } = FaultObject;
  const key = srqLkey(m, srq);
  return fetchEntry(core, SRQ, srqNumber(srq), index, key, srqPd(m, srq), receiveAt(qp));
}
