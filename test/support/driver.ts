// SPDX-License-Identifier: MIT
// A small driver on a Target: what a kernel driver does, in the fewest lines, so that a conformance case says only what
// it is about. It knows the adapter from device/abi alone.
import {
  Access,
  Command,
  CommandCode,
  cmdHandleOutHandle,
  cmdQpOutErrorStatus,
  cmdQpOutState,
  MAILBOX_BYTES,
  MAILBOX_OUTPUT_OFFSET,
  MrKind,
  Mtu,
  QpAttr,
  QpState,
  QpType,
  setCmdCreateCqAddress,
  setCmdCreateCqEqn,
  setCmdCreateCqLkey,
  setCmdCreateCqLogDepth,
  setCmdCreateCqPage,
  setCmdCreateEqAddress,
  setCmdCreateEqLkey,
  setCmdCreateEqLogDepth,
  setCmdCreateEqVector,
  setCmdCreateQpPage,
  setCmdCreateQpPd,
  setCmdCreateQpRecvAddress,
  setCmdCreateQpRecvCqn,
  setCmdCreateQpRecvLkey,
  setCmdCreateQpRecvLogDepth,
  setCmdCreateQpRecvLogStride,
  setCmdCreateQpSendAddress,
  setCmdCreateQpSendCqn,
  setCmdCreateQpSendLkey,
  setCmdCreateQpSendLogDepth,
  setCmdCreateQpSendLogStride,
  setCmdCreateQpType,
  setCmdLinkHold,
  setCmdLinkRateMbps,
  setCmdModifyQpAttrMask,
  setCmdModifyQpDestQpn,
  setCmdModifyQpHandle,
  setCmdModifyQpMtu,
  setCmdModifyQpRqPsn,
  setCmdModifyQpSqPsn,
  setCmdModifyQpState,
  setCmdRegisterMrAccess,
  setCmdRegisterMrIova,
  setCmdRegisterMrKind,
  setCmdRegisterMrLength,
  setCmdRegisterMrPageCount,
  setCmdRegisterMrPageList,
  setCmdRegisterMrPageShift,
  setCmdRegisterMrPd,
} from '../../device/abi/generated/commands.js';
import {
  CQE_SIZE,
  cqeByteCount,
  cqeOpcode,
  cqeOwnerRecv,
  cqeOwnerValid,
  cqeQpn,
  cqeStatus,
  cqeWqeIndex,
  cqeWrIdLo,
  EQE_SIZE,
  eqeDetail,
  eqeNumber,
  eqeOwnerValid,
  eqeType,
  Opcode,
  SGE_SIZE,
  setSgeAddress,
  setSgeLength,
  setSgeLkey,
  setWqeFlags,
  setWqeGatherCount,
  setWqeIndex,
  setWqeOpcode,
  setWqePatternHi,
  setWqePatternLo,
  setWqeScatterCount,
  setWqeWrIdLo,
  WQE_SIZE,
  WqeFlag,
} from '../../device/abi/generated/descriptors.js';
import {
  DB_CQ_ARM_OFFSET,
  DB_CQ_UPDATE_OFFSET,
  DB_EQ_ARM_OFFSET,
  DB_RECV_OFFSET,
  DB_SEND_OFFSET,
  DOORBELL_BAR,
  DOORBELL_PAGE_BYTES,
  PRIORITY_AREA_OFFSET,
  PUSH_BUFFER_STRIDE,
  PUSH_LENGTH_UNIT,
  PUSH_TRAILER_OFFSET,
  REG_COMMAND_OFFSET,
  REG_COMMAND_STATUS_OFFSET,
  REG_CONTROL_OFFSET,
  REG_MAILBOX_HI_OFFSET,
  REG_MAILBOX_LO_OFFSET,
  REGISTER_BAR,
  regCommandStatusBusy,
  regCommandStatusStatus,
  regCommandStatusToggle,
  setDbCqArmSolicited,
  setDbSendIndex,
  setDbSendNumber,
  setPushTrailerBuffer,
  setPushTrailerGeneration,
  setPushTrailerIndex,
  setPushTrailerLength,
  setPushTrailerQpn,
  setRegCommandOpcode,
  setRegCommandToggle,
} from '../../device/abi/generated/registers.js';
import type { Target } from './target.js';

export interface Range {
  address: number;
  length: number;
  lkey?: number;
}

export interface Work {
  opcode: number;
  gather?: Range[];
  scatter?: Range[];
  wrId?: number;
  flags?: number;
  pattern?: readonly [number, number];
  /** Overrides, for malformed descriptors. */
  index?: number;
}

export interface Cqe {
  wrId: number;
  qpn: number;
  byteCount: number;
  opcode: number;
  status: number;
  index: number;
  receive: boolean;
}

export class CommandError extends Error {
  readonly status: number;
  constructor(command: number, status: number) {
    super(`command 0x${command.toString(16)} ended with status ${status}`);
    this.status = status;
  }
}

const ALIGN = 4096;
const INDEX_MODULUS = 65536;
const REGISTER_WORDS = 64;
const asWords = (bytes: Uint8Array): Uint32Array =>
  new Uint32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 4));

export interface Cq {
  readonly number: number;
  readonly address: number;
  readonly depth: number;
  readonly page: number;
  consumer: number;
}

export interface Eq {
  readonly number: number;
  readonly address: number;
  readonly depth: number;
  readonly vector: number;
  consumer: number;
}

export interface Ring {
  readonly address: number;
  readonly depth: number;
  readonly stride: number;
  producer: number;
}

export interface Qp {
  readonly number: number;
  readonly type: number;
  readonly page: number;
  readonly send: Ring;
  readonly recv: Ring | undefined;
}

export interface QpOptions {
  type?: number;
  page?: number;
  sendCq: Cq;
  recvCq?: Cq;
  logDepth?: number;
  logStride?: number;
  /** Key and I/O virtual address of the send ring when it is not in whole memory. */
  sendLkey?: number;
  sendAddress?: number;
  pd?: number;
}

export class Driver {
  readonly target: Target;
  pd = 0;
  /** Key of all of memory, all rights. */
  key = 0;
  #brk: number;
  #toggle = 0;
  readonly #mailbox: number;
  /** Trailers written so far, by page and buffer. */
  readonly #generations = new Map<string, number>();

  constructor(target: Target) {
    this.target = target;
    this.#brk = Math.ceil(target.ramBase / ALIGN) * ALIGN + ALIGN;
    this.#mailbox = this.alloc(MAILBOX_BYTES);
  }

  /** Brings the adapter up: mailbox, ENABLE, a protection domain, all of memory as a region. */
  start(): this {
    this.writeRegister(REG_MAILBOX_LO_OFFSET, this.#mailbox % 2 ** 32);
    this.writeRegister(REG_MAILBOX_HI_OFFSET, Math.floor(this.#mailbox / 2 ** 32));
    this.writeRegister(REG_CONTROL_OFFSET, 1);
    this.pd = this.create(Command.ALLOC_PD);
    this.key = this.registerWhole(this.pd);
    return this;
  }

  /** Zeroed guest memory, page aligned. */
  alloc(bytes: number): number {
    const at = this.#brk;
    this.#brk += Math.ceil(bytes / ALIGN) * ALIGN;
    if (this.#brk > this.target.ramBase + this.target.ramBytes) throw new Error('the target has no more RAM');
    return at;
  }

  readRegister(offset: number): number {
    return this.target.load(REGISTER_BAR, offset, 4);
  }

  writeRegister(offset: number, value: number): void {
    this.target.store(REGISTER_BAR, offset, 4, value);
  }

  /** Runs a command; returns its output. Throws CommandError on any status but OK. */
  command(opcode: number, fill?: (input: Uint32Array) => void): Uint32Array {
    const status = this.tryCommand(opcode, fill);
    if (status !== CommandCode.OK) throw new CommandError(opcode, status);
    return asWords(this.target.readBytes(this.#mailbox + MAILBOX_OUTPUT_OFFSET, 64));
  }

  tryCommand(opcode: number, fill?: (input: Uint32Array) => void): number {
    const input = new Uint32Array(16);
    fill?.(input);
    this.target.writeBytes(this.#mailbox, new Uint8Array(input.buffer));
    this.#toggle = 1 - this.#toggle;
    const registers = new Uint32Array(REGISTER_WORDS);
    setRegCommandOpcode(registers, 0, opcode);
    setRegCommandToggle(registers, 0, this.#toggle);
    this.writeRegister(REG_COMMAND_OFFSET, registers[REG_COMMAND_OFFSET / 4]);
    for (let tries = 0; tries < 1000; tries++) {
      registers[REG_COMMAND_STATUS_OFFSET / 4] = this.readRegister(REG_COMMAND_STATUS_OFFSET);
      const done =
        regCommandStatusToggle(registers, 0) === this.#toggle && regCommandStatusBusy(registers, 0) === 0;
      if (done) return regCommandStatusStatus(registers, 0);
      this.target.settle();
    }
    throw new Error(`command 0x${opcode.toString(16)} does not end`);
  }

  create(opcode: number, fill?: (input: Uint32Array) => void): number {
    return cmdHandleOutHandle(this.command(opcode, fill), 0);
  }

  destroy(opcode: number, handle: number): number {
    return this.tryCommand(opcode, input => {
      input[0] = handle;
    });
  }

  registerWhole(pd: number, access: number = Access.LOCAL_WRITE): number {
    return this.create(Command.REGISTER_MR, i => {
      setCmdRegisterMrPd(i, 0, pd);
      setCmdRegisterMrKind(i, 0, MrKind.WHOLE_MEMORY);
      setCmdRegisterMrAccess(i, 0, access);
    });
  }

  /** A region of 4 KiB (or 2^shift) pages at `pages`, seen from `iova` on. */
  registerPages(
    pages: readonly number[],
    iova: number,
    length: number,
    options: { pd?: number; access?: number; shift?: number } = {},
  ): number {
    const list = this.alloc(pages.length * 8);
    const entries = new Uint32Array(pages.length * 2);
    pages.forEach((page, n) => {
      entries[n * 2] = page % 2 ** 32;
      entries[n * 2 + 1] = Math.floor(page / 2 ** 32);
    });
    this.target.writeBytes(list, new Uint8Array(entries.buffer));
    return this.create(Command.REGISTER_MR, i => {
      setCmdRegisterMrPd(i, 0, options.pd ?? this.pd);
      setCmdRegisterMrKind(i, 0, MrKind.PAGE_LIST);
      setCmdRegisterMrAccess(i, 0, options.access ?? Access.LOCAL_WRITE);
      setCmdRegisterMrPageShift(i, 0, options.shift ?? 12);
      setCmdRegisterMrIova(i, 0, iova);
      setCmdRegisterMrLength(i, 0, length);
      setCmdRegisterMrPageList(i, 0, list);
      setCmdRegisterMrPageCount(i, 0, pages.length);
    });
  }

  createEq(vector = 0, logDepth = 8): Eq {
    const depth = 2 ** logDepth;
    const address = this.alloc(depth * EQE_SIZE);
    const number = this.create(Command.CREATE_EQ, i => {
      setCmdCreateEqAddress(i, 0, address);
      setCmdCreateEqLkey(i, 0, this.key);
      setCmdCreateEqLogDepth(i, 0, logDepth);
      setCmdCreateEqVector(i, 0, vector);
    });
    return { number, address, depth, vector, consumer: 0 };
  }

  createCq(eq: Eq, logDepth = 8, page = 0): Cq {
    const depth = 2 ** logDepth;
    const address = this.alloc(depth * CQE_SIZE);
    const number = this.create(Command.CREATE_CQ, i => {
      setCmdCreateCqAddress(i, 0, address);
      setCmdCreateCqLkey(i, 0, this.key);
      setCmdCreateCqLogDepth(i, 0, logDepth);
      setCmdCreateCqEqn(i, 0, eq.number);
      setCmdCreateCqPage(i, 0, page);
    });
    return { number, address, depth, page, consumer: 0 };
  }

  /** A queue pair in RESET. */
  createQp(o: QpOptions): Qp {
    const type = o.type ?? QpType.RC;
    const logDepth = o.logDepth ?? 6;
    const logStride = o.logStride ?? 8;
    const bytes = 2 ** (logDepth + logStride);
    const ring = (address: number): Ring => ({
      address,
      depth: 2 ** logDepth,
      stride: 2 ** logStride,
      producer: 0,
    });
    const send = ring(o.sendAddress ?? this.alloc(bytes));
    const recv = type === QpType.RC ? ring(this.alloc(bytes)) : undefined;
    const page = o.page ?? 0;
    const number = this.create(Command.CREATE_QP, i => {
      setCmdCreateQpPd(i, 0, o.pd ?? this.pd);
      setCmdCreateQpPage(i, 0, page);
      setCmdCreateQpSendCqn(i, 0, o.sendCq.number);
      setCmdCreateQpType(i, 0, type);
      setCmdCreateQpSendLogDepth(i, 0, logDepth);
      setCmdCreateQpSendLogStride(i, 0, logStride);
      setCmdCreateQpSendAddress(i, 0, send.address);
      setCmdCreateQpSendLkey(i, 0, o.sendLkey ?? this.key);
      if (recv === undefined) return;
      setCmdCreateQpRecvCqn(i, 0, (o.recvCq ?? o.sendCq).number);
      setCmdCreateQpRecvLogDepth(i, 0, logDepth);
      setCmdCreateQpRecvLogStride(i, 0, logStride);
      setCmdCreateQpRecvAddress(i, 0, recv.address);
      setCmdCreateQpRecvLkey(i, 0, this.key);
    });
    return { number, type, page, send, recv };
  }

  modify(
    qp: Qp,
    mask: number,
    a: { state?: number; dest?: number; mtu?: number; sqPsn?: number; rqPsn?: number },
  ): number {
    return this.tryCommand(Command.MODIFY_QP, i => {
      setCmdModifyQpHandle(i, 0, qp.number);
      setCmdModifyQpAttrMask(i, 0, mask);
      setCmdModifyQpState(i, 0, a.state ?? 0);
      setCmdModifyQpDestQpn(i, 0, a.dest ?? 0);
      setCmdModifyQpMtu(i, 0, a.mtu ?? 0);
      setCmdModifyQpSqPsn(i, 0, a.sqPsn ?? 0);
      setCmdModifyQpRqPsn(i, 0, a.rqPsn ?? 0);
    });
  }

  /** RESET → INIT → RTR → RTS, connected to `dest` (an RC queue pair). */
  connect(qp: Qp, dest: number, mtu: number = Mtu.MTU_1024, psn = 0): void {
    const rc = qp.type === QpType.RC;
    const S = QpAttr.STATE;
    const steps = [
      this.modify(qp, S, { state: QpState.INIT }),
      rc
        ? this.modify(qp, S | QpAttr.DEST_QPN | QpAttr.MTU | QpAttr.RQ_PSN, {
            state: QpState.RTR,
            dest,
            mtu,
            rqPsn: psn,
          })
        : this.modify(qp, S, { state: QpState.RTR }),
      rc
        ? this.modify(qp, S | QpAttr.SQ_PSN, { state: QpState.RTS, sqPsn: psn })
        : this.modify(qp, S, { state: QpState.RTS }),
    ];
    if (steps.some(s => s !== CommandCode.OK))
      throw new Error(`queue pair ${qp.number} does not come up: ${steps}`);
  }

  /** Two RC queue pairs connected to each other. */
  pair(o: QpOptions, mtu?: number, psn = 0): [Qp, Qp] {
    const a = this.createQp(o);
    const b = this.createQp(o);
    this.connect(a, b.number, mtu, psn);
    this.connect(b, a.number, mtu, psn);
    return [a, b];
  }

  queryQp(qp: Qp): { state: number; errorStatus: number } {
    const out = this.command(Command.QUERY_QP, i => {
      i[0] = qp.number;
    });
    return { state: cmdQpOutState(out, 0), errorStatus: cmdQpOutErrorStatus(out, 0) };
  }

  setLink(hold: number, rateMbps = 0): void {
    this.command(Command.SET_LINK, i => {
      setCmdLinkHold(i, 0, hold);
      setCmdLinkRateMbps(i, 0, rateMbps);
    });
  }

  /** The bytes of a descriptor with queue index `index`. */
  encode(work: Work, index: number): Uint8Array {
    const gather = work.gather ?? [];
    const scatter = work.scatter ?? [];
    const w = new Uint32Array((WQE_SIZE + (gather.length + scatter.length) * SGE_SIZE) / 4);
    setWqeOpcode(w, 0, work.opcode);
    setWqeFlags(w, 0, work.flags ?? WqeFlag.SIGNALED);
    setWqeGatherCount(w, 0, gather.length);
    setWqeScatterCount(w, 0, scatter.length);
    setWqeIndex(w, 0, work.index ?? index);
    setWqeWrIdLo(w, 0, work.wrId ?? index);
    setWqePatternLo(w, 0, work.pattern?.[0] ?? 0);
    setWqePatternHi(w, 0, work.pattern?.[1] ?? 0);
    [...gather, ...scatter].forEach((range, n) => {
      const at = (WQE_SIZE + n * SGE_SIZE) / 4;
      setSgeAddress(w, at, range.address);
      setSgeLength(w, at, range.length);
      setSgeLkey(w, at, range.lkey ?? this.key);
    });
    return new Uint8Array(w.buffer);
  }

  /** Writes a descriptor into the queue at its producer index and moves that on; returns the bytes. Rings nothing. */
  post(ring: Ring, work: Work, at?: number): Uint8Array {
    const bytes = this.encode(work, ring.producer);
    this.target.writeBytes((at ?? ring.address) + (ring.producer % ring.depth) * ring.stride, bytes);
    ring.producer = (ring.producer + 1) % INDEX_MODULUS;
    return bytes;
  }

  doorbell(page: number, register: number, number: number, index: number, solicited = false): void {
    const w = new Uint32Array(2 + DB_CQ_ARM_OFFSET);
    setDbSendNumber(w, 0, number);
    setDbSendIndex(w, 0, index);
    const arm = new Uint32Array(DB_CQ_ARM_OFFSET / 4 + 2);
    setDbCqArmSolicited(arm, 0, solicited ? 1 : 0);
    this.target.store(
      DOORBELL_BAR,
      page * DOORBELL_PAGE_BYTES + register,
      8,
      w[0],
      w[1] + arm[DB_CQ_ARM_OFFSET / 4 + 1],
    );
  }

  ringSend(qp: Qp): void {
    this.doorbell(qp.page, DB_SEND_OFFSET, qp.number, qp.send.producer);
  }

  ringRecv(qp: Qp): void {
    this.doorbell(qp.page, DB_RECV_OFFSET, qp.number, qp.recv!.producer);
  }

  /** Posts by doorbell. */
  send(qp: Qp, ...work: Work[]): void {
    for (const w of work) this.post(qp.send, w);
    this.ringSend(qp);
  }

  recv(qp: Qp, ...ranges: Range[][]): void {
    for (const scatter of ranges) this.post(qp.recv!, { opcode: Opcode.RECV, scatter });
    this.ringRecv(qp);
  }

  /** Posts by push: memory copy (unless `memory` gives other bytes or null for none), then the stores, then the trailer. */
  push(qp: Qp, work: Work, o: { buffer?: number; page?: number; memory?: Work | null } = {}): void {
    const index = qp.send.producer;
    const bytes = this.encode(work, index);
    if (o.memory === null) qp.send.producer = (index + 1) % INDEX_MODULUS;
    else this.post(qp.send, o.memory ?? work);
    this.storePush(o.page ?? qp.page, o.buffer ?? 0, bytes);
    this.trailer(o.page ?? qp.page, o.buffer ?? 0, qp.number, index, bytes.length);
  }

  storePush(page: number, buffer: number, bytes: Uint8Array, size: 1 | 2 | 4 | 8 = 8): void {
    const base = page * DOORBELL_PAGE_BYTES + PRIORITY_AREA_OFFSET + buffer * PUSH_BUFFER_STRIDE;
    for (let n = 0; n < bytes.length; n += size) this.storeAt(base + n, bytes.subarray(n, n + size));
  }

  /** One store of 1, 2, 4 or 8 bytes to the doorbell BAR. */
  storeAt(offset: number, bytes: Uint8Array): void {
    const w = new Uint8Array(8);
    w.set(bytes);
    const [lo, hi] = asWords(w);
    this.target.store(DOORBELL_BAR, offset, bytes.length, lo, hi);
  }

  trailer(
    page: number,
    buffer: number,
    qpn: number,
    index: number,
    length: number,
    generation?: number,
  ): void {
    const id = `${page}.${buffer}`;
    const next = this.#generations.get(id) ?? 0;
    this.#generations.set(id, (next + 1) % 256);
    const w = new Uint32Array(PUSH_TRAILER_OFFSET / 4 + 2);
    setPushTrailerQpn(w, 0, qpn);
    setPushTrailerLength(w, 0, Math.ceil(length / PUSH_LENGTH_UNIT));
    setPushTrailerIndex(w, 0, index);
    setPushTrailerBuffer(w, 0, buffer);
    setPushTrailerGeneration(w, 0, generation ?? next);
    const offset =
      page * DOORBELL_PAGE_BYTES + PRIORITY_AREA_OFFSET + buffer * PUSH_BUFFER_STRIDE + PUSH_TRAILER_OFFSET;
    this.target.store(DOORBELL_BAR, offset, 8, w[PUSH_TRAILER_OFFSET / 4], w[PUSH_TRAILER_OFFSET / 4 + 1]);
  }

  /** Takes what is in a completion queue; reports the consumer index when `report`. */
  poll(cq: Cq, report = true): Cqe[] {
    const found: Cqe[] = [];
    for (; found.length < cq.depth; cq.consumer = (cq.consumer + 1) % 2 ** 32) {
      const c = asWords(this.target.readBytes(cq.address + (cq.consumer % cq.depth) * CQE_SIZE, CQE_SIZE));
      if (cqeOwnerValid(c, 0) !== 1 - (Math.floor(cq.consumer / cq.depth) % 2)) break;
      found.push({
        wrId: cqeWrIdLo(c, 0),
        qpn: cqeQpn(c, 0),
        byteCount: cqeByteCount(c, 0),
        opcode: cqeOpcode(c, 0),
        status: cqeStatus(c, 0),
        index: cqeWqeIndex(c, 0),
        receive: cqeOwnerRecv(c, 0) === 1,
      });
    }
    if (report && found.length > 0)
      this.doorbell(cq.page, DB_CQ_UPDATE_OFFSET, cq.number, cq.consumer % INDEX_MODULUS);
    return found;
  }

  arm(cq: Cq, solicited = false): void {
    this.doorbell(cq.page, DB_CQ_ARM_OFFSET, cq.number, cq.consumer % INDEX_MODULUS, solicited);
  }

  armEq(eq: Eq): void {
    this.doorbell(0, DB_EQ_ARM_OFFSET, eq.number, eq.consumer % INDEX_MODULUS);
  }

  events(eq: Eq): { type: number; number: number; detail: number }[] {
    const found: { type: number; number: number; detail: number }[] = [];
    for (; found.length < eq.depth; eq.consumer++) {
      const e = asWords(this.target.readBytes(eq.address + (eq.consumer % eq.depth) * EQE_SIZE, EQE_SIZE));
      if (eqeOwnerValid(e, 0) !== 1 - (Math.floor(eq.consumer / eq.depth) % 2)) break;
      found.push({ type: eqeType(e, 0), number: eqeNumber(e, 0), detail: eqeDetail(e, 0) });
    }
    return found;
  }
}
