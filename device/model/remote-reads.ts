// SPDX-License-Identifier: MIT
// What a responder does in its memory for a READ or an atomic of its peer (IBTA volume 1, 9.7.5.1.5, 9.4.5). A READ goes
// on packet by packet, and its row says how far it is. The result of an atomic is stored by the outbox, after the commit:
// a step that is done again finds the old value again, and one that was committed is never computed anew.
import { Access } from '../abi/generated/commands.js';
import { MAX_MESSAGE_BYTES, WcStatus } from '../abi/generated/descriptors.js';
import {
  ACK_SYNDROME,
  BthOpcode,
  NAK_INVALID_REQUEST,
  NAK_REMOTE_ACCESS,
  NAK_REMOTE_OPERATION,
} from '../abi/generated/packets.js';
import { FaultObject } from '../abi/generated/registers.js';
import {
  putQpAtomicHi,
  putQpAtomicLo,
  putQpAtomicPsn,
  putQpRecvOpcode,
  putQpRespActive,
  putQpRespDone,
  putQpRespKey,
  putQpRespLength,
  putQpRespPsn,
  putQpRqPsn,
  QP_COUNT_RX_REQUESTS_OFFSET,
  QP_RESP_ADDRESS_OFFSET,
  qpAccess,
  qpMaxDestRdAtomic,
  qpMtuBytes,
  qpRespDone,
  qpRespKey,
  qpRespLength,
  qpRespPsn,
} from '../abi/generated/state.js';
import type { PacketFields } from '../fabric/extension-headers.js';
import type { PacketBuilder } from '../fabric/packet.js';
import type { Core } from './core.js';
import { countUp } from './counters.js';
import { ATOMIC_INFO } from './outbox.js';
import { responseOpcode } from './packet-shape.js';
import { Act, regionPayload, WAIT } from './payload.js';
import { Dma } from './ports.js';
import { type MrRow, NONE, type QpRow, qpNumber } from './rows.js';
import { allowRemote, Segment } from './translate.js';
import { MAX_MTU, PSN_MODULUS } from './wire-port.js';

const TWO_32 = 2 ** 32;
const ATOMIC_BYTES = 8;

const RESP_ADDRESS = QP_RESP_ADDRESS_OFFSET / 4;

const segment = new Segment();
/** What an atomic found, and what it leaves there. */
const found = new Uint32Array(2);
const result = new Uint32Array(2);

/** A syndrome, or WAIT. */
type Verdict = number;

export class RemoteReads {
  readonly #core: Core;
  readonly #reply: PacketBuilder;
  /** Of the packet that next() has prepared. */
  psn = 0;
  bytes = 0;
  ended = false;

  constructor(core: Core, reply: PacketBuilder) {
    this.#core = core;
    this.#reply = reply;
  }

  /** A READ request: takes over what it asks for, if it may. */
  begin(qp: QpRow, p: PacketFields): Verdict {
    const { m, journal } = this.#core;
    const length = p.dmaLength;
    if (qpMaxDestRdAtomic(m, qp) === 0 || length > MAX_MESSAGE_BYTES) return NAK_INVALID_REQUEST;
    if ((qpAccess(m, qp) & Access.REMOTE_READ) === 0) return NAK_REMOTE_ACCESS;
    const { REMOTE_READ } = Access;
    if (length > 0 && allowRemote(m, qp, p.rkey, segment.of(p.remoteAddress, length), REMOTE_READ) === NONE)
      return NAK_REMOTE_ACCESS;
    const packets = Math.max(1, Math.ceil(length / qpMtuBytes(m, qp)));
    putQpRqPsn(journal, qp, (p.psn + packets) % PSN_MODULUS);
    putQpRespActive(journal, qp, 1);
    putQpRecvOpcode(journal, qp, p.opcode);
    putQpRespKey(journal, qp, p.rkey);
    segment.of(p.remoteAddress, length).store(journal, qp + RESP_ADDRESS);
    putQpRespLength(journal, qp, length);
    putQpRespPsn(journal, qp, p.psn);
    putQpRespDone(journal, qp, 0);
    return ACK_SYNDROME;
  }

  /** Prepares the next packet of the answer in the builder, whose route is set: payload and opcode. */
  next(qp: QpRow): Verdict {
    const core = this.#core;
    const { m, journal } = core;
    const left = qpRespLength(m, qp);
    const done = qpRespDone(m, qp);
    const bytes = Math.min(left, qpMtuBytes(m, qp), MAX_MTU);
    this.psn = qpRespPsn(m, qp);
    this.bytes = bytes;
    this.ended = bytes === left;
    this.#reply.opcode = responseOpcode(done === 0, this.ended);
    if (bytes > 0) {
      segment.load(m, qp + RESP_ADDRESS, bytes);
      const mr = allowRemote(m, qp, qpRespKey(m, qp), segment, Access.REMOTE_READ);
      if (mr === NONE) return NAK_REMOTE_ACCESS;
      const { frame, payloadAt } = this.#reply;
      const read = regionPayload(core, Act.READ, qp, mr, segment, frame, payloadAt);
      if (read === WAIT) return WAIT;
      if (read !== WcStatus.SUCCESS) return NAK_REMOTE_OPERATION;
    }
    if (this.ended) {
      putQpRespActive(journal, qp, 0);
      countUp(journal, qp + QP_COUNT_RX_REQUESTS_OFFSET / 4);
      return ACK_SYNDROME;
    }
    segment.address += bytes;
    segment.store(journal, qp + RESP_ADDRESS);
    putQpRespLength(journal, qp, left - bytes);
    putQpRespPsn(journal, qp, (this.psn + 1) % PSN_MODULUS);
    putQpRespDone(journal, qp, done + bytes);
    return ACK_SYNDROME;
  }

  /** An atomic request: its result is owed to memory, and what it found stands in the builder. */
  atomic(qp: QpRow, p: PacketFields): Verdict {
    const { m } = this.#core;
    if (qpMaxDestRdAtomic(m, qp) === 0 || p.remoteAddress % ATOMIC_BYTES !== 0) return NAK_INVALID_REQUEST;
    segment.of(p.remoteAddress, ATOMIC_BYTES);
    const mr = allowRemote(m, qp, p.rkey, segment, Access.REMOTE_ATOMIC);
    if (mr === NONE) return NAK_REMOTE_ACCESS;
    const verdict = this.#look(qp, mr);
    if (verdict !== ACK_SYNDROME) return verdict;
    this.#record(qp, p);
    if (p.opcode === BthOpcode.RC_FETCH_ADD) {
      result[0] = found[0] + p.swapAddLo;
      result[1] = found[1] + p.swapAddHi + (found[0] + p.swapAddLo >= TWO_32 ? 1 : 0);
      this.#owe(qp);
    } else if (found[0] === p.compareLo && found[1] === p.compareHi) {
      result[0] = p.swapAddLo;
      result[1] = p.swapAddHi;
      this.#owe(qp);
    }
    return ACK_SYNDROME;
  }

  /** Reads what is in `segment`, from where it can be written too. */
  #look(qp: QpRow, mr: MrRow): Verdict {
    const core = this.#core;
    segment.take(core.m, mr);
    if (segment.length < ATOMIC_BYTES) return NAK_REMOTE_ACCESS;
    let dma = core.memory.at(segment.address).check(ATOMIC_BYTES, true);
    if (dma === Dma.DONE) dma = core.memory.at(segment.address).readAtomic64(found, 0);
    if (dma === Dma.DONE) return ACK_SYNDROME;
    const { REMOTE_WRITE } = FaultObject;
    core.dmaFailed(dma, REMOTE_WRITE, qpNumber(qp), 0, segment.address, ATOMIC_BYTES, true);
    return dma === Dma.NOT_YET ? WAIT : NAK_REMOTE_OPERATION;
  }

  #record(qp: QpRow, p: PacketFields): void {
    const { journal } = this.#core;
    this.#reply.originalLo = found[0];
    this.#reply.originalHi = found[1];
    putQpAtomicPsn(journal, qp, p.psn);
    putQpAtomicLo(journal, qp, found[0]);
    putQpAtomicHi(journal, qp, found[1]);
  }

  #owe(qp: QpRow): void {
    const { journal, outbox } = this.#core;
    const at = outbox.begin(segment, 2, ATOMIC_INFO + qpNumber(qp));
    journal.raw(at, result[0]);
    journal.raw(at + 1, result[1]);
    outbox.add();
  }
}
