// SPDX-License-Identifier: MIT
// The slow path of the small driver: memory, registers, commands and the objects that they make.
import * as c from '../../device/abi/generated/commands.js';
import { CQE_SIZE, EQE_SIZE } from '../../device/abi/generated/descriptors.js';
import * as r from '../../device/abi/generated/registers.js';
import type { Target } from './target.js';
import { asWords, type Cq, type Eq, type Qp, type Ring } from './work.js';

const ALIGN = 4096;
const REGISTER_WORDS = r.REG_SIZE / 4;
const OUTPUT_BYTES = 192;
const COMMAND_TRIES = 1000;

export class CommandError extends Error {
  readonly status: number;
  constructor(command: number, status: number) {
    super(`command 0x${command.toString(16)} ended with status ${status}`);
    this.status = status;
  }
}

export interface QpOptions {
  type?: number;
  page?: number;
  sendCq: Cq;
  recvCq?: Cq;
  logDepth?: number;
  logStride?: number;
  /** Key and I/O virtual address of the send ring when it is not in whole memory; writing it is then the caller's. */
  sendLkey?: number;
  sendAddress?: number;
  pd?: number;
}

export interface QpAttributes {
  state?: number;
  dest?: number;
  mtu?: number;
  sqPsn?: number;
  rqPsn?: number;
}

export interface QpView {
  state: number;
  type: number;
  dest: number;
  mtu: number;
  sqPsn: number;
  rqPsn: number;
  sendProducer: number;
  sendConsumer: number;
  recvProducer: number;
  recvConsumer: number;
  errorStatus: number;
  errorIndex: number;
  faultAddress: number;
  faultInfo: number;
}

export class Commander {
  readonly target: Target;
  pd = 0;
  /** Key of all of memory, with local write. */
  key = 0;
  readonly mailbox: number;
  #brk: number;
  #toggle = 0;

  constructor(target: Target) {
    this.target = target;
    this.#brk = Math.ceil(target.ramBase / ALIGN) * ALIGN + ALIGN;
    this.mailbox = this.alloc(c.MAILBOX_BYTES);
  }

  /** Brings the adapter up: mailbox, ENABLE, a protection domain, all of memory as a region. */
  start(): this {
    this.writeRegister(r.REG_MAILBOX_LO_OFFSET, this.mailbox % 2 ** 32);
    this.writeRegister(r.REG_MAILBOX_HI_OFFSET, Math.floor(this.mailbox / 2 ** 32));
    this.writeRegister(r.REG_CONTROL_OFFSET, 1);
    this.pd = this.create(c.Command.ALLOC_PD);
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
    return this.target.load(r.REGISTER_BAR, offset, 4);
  }

  writeRegister(offset: number, value: number): void {
    this.target.store(r.REGISTER_BAR, offset, 4, value);
  }

  /** Runs a command; returns its output. Throws CommandError on any status but OK. */
  command(opcode: number, fill?: (input: Uint32Array) => void): Uint32Array {
    const status = this.tryCommand(opcode, fill);
    if (status !== c.CommandCode.OK) throw new CommandError(opcode, status);
    return asWords(this.target.readBytes(this.mailbox + c.MAILBOX_OUTPUT_OFFSET, OUTPUT_BYTES));
  }

  tryCommand(opcode: number, fill?: (input: Uint32Array) => void): number {
    this.startCommand(opcode, fill);
    for (let tries = 0; tries < COMMAND_TRIES; tries++) {
      const status = this.commandStatus();
      if (status !== undefined) return status;
      this.target.settle();
    }
    throw new Error(`command 0x${opcode.toString(16)} does not end`);
  }

  startCommand(opcode: number, fill?: (input: Uint32Array) => void): void {
    const input = new Uint32Array(48);
    fill?.(input);
    this.target.writeBytes(this.mailbox, new Uint8Array(input.buffer));
    this.#toggle = 1 - this.#toggle;
    const registers = new Uint32Array(REGISTER_WORDS);
    r.setRegCommandOpcode(registers, 0, opcode);
    r.setRegCommandToggle(registers, 0, this.#toggle);
    this.writeRegister(r.REG_COMMAND_OFFSET, registers[r.REG_COMMAND_OFFSET / 4]);
  }

  /** Status of the command that was started last; undefined while it is under way. */
  commandStatus(): number | undefined {
    const registers = new Uint32Array(REGISTER_WORDS);
    registers[r.REG_COMMAND_STATUS_OFFSET / 4] = this.readRegister(r.REG_COMMAND_STATUS_OFFSET);
    const done =
      r.regCommandStatusToggle(registers, 0) === this.#toggle && r.regCommandStatusBusy(registers, 0) === 0;
    return done ? r.regCommandStatusStatus(registers, 0) : undefined;
  }

  create(opcode: number, fill?: (input: Uint32Array) => void): number {
    return c.cmdHandleOutHandle(this.command(opcode, fill), 0);
  }

  /** Runs a command that takes only a handle; returns its status. */
  destroy(opcode: number, handle: number): number {
    return this.tryCommand(opcode, input => {
      input[0] = handle;
    });
  }

  registerWhole(pd: number, access: number = c.Access.LOCAL_WRITE): number {
    return this.create(c.Command.REGISTER_MR, i => {
      c.setCmdRegisterMrPd(i, 0, pd);
      c.setCmdRegisterMrKind(i, 0, c.MrKind.WHOLE_MEMORY);
      c.setCmdRegisterMrAccess(i, 0, access);
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
    return this.create(c.Command.REGISTER_MR, i => {
      c.setCmdRegisterMrPd(i, 0, options.pd ?? this.pd);
      c.setCmdRegisterMrKind(i, 0, c.MrKind.PAGE_LIST);
      c.setCmdRegisterMrAccess(i, 0, options.access ?? c.Access.LOCAL_WRITE);
      c.setCmdRegisterMrPageShift(i, 0, options.shift ?? 12);
      c.setCmdRegisterMrIova(i, 0, iova);
      c.setCmdRegisterMrLength(i, 0, length);
      c.setCmdRegisterMrPageList(i, 0, list);
      c.setCmdRegisterMrPageCount(i, 0, pages.length);
    });
  }

  createEq(vector = 0, logDepth = 8): Eq {
    const depth = 2 ** logDepth;
    const address = this.alloc(depth * EQE_SIZE);
    const number = this.create(c.Command.CREATE_EQ, i => {
      c.setCmdCreateEqAddress(i, 0, address);
      c.setCmdCreateEqLkey(i, 0, this.key);
      c.setCmdCreateEqLogDepth(i, 0, logDepth);
      c.setCmdCreateEqVector(i, 0, vector);
    });
    return { number, address, depth, vector, consumer: 0 };
  }

  createCq(eq: Eq, logDepth = 8, page = 0): Cq {
    const depth = 2 ** logDepth;
    const address = this.alloc(depth * CQE_SIZE);
    const number = this.create(c.Command.CREATE_CQ, i => {
      c.setCmdCreateCqAddress(i, 0, address);
      c.setCmdCreateCqLkey(i, 0, this.key);
      c.setCmdCreateCqLogDepth(i, 0, logDepth);
      c.setCmdCreateCqEqn(i, 0, eq.number);
      c.setCmdCreateCqPage(i, 0, page);
    });
    return { number, address, depth, page, consumer: 0 };
  }

  /** A queue pair in RESET. */
  createQp(o: QpOptions): Qp {
    const type = o.type ?? c.QpType.RC;
    const logDepth = o.logDepth ?? 6;
    const logStride = o.logStride ?? 8;
    const ring = (address: number): Ring => ({
      address,
      depth: 2 ** logDepth,
      stride: 2 ** logStride,
      producer: 0,
    });
    const send = ring(o.sendAddress ?? this.alloc(2 ** (logDepth + logStride)));
    const recv = type === c.QpType.RC ? ring(this.alloc(2 ** (logDepth + logStride))) : undefined;
    const page = o.page ?? 0;
    const number = this.create(c.Command.CREATE_QP, i => {
      c.setCmdCreateQpPd(i, 0, o.pd ?? this.pd);
      c.setCmdCreateQpPage(i, 0, page);
      c.setCmdCreateQpSendCqn(i, 0, o.sendCq.number);
      c.setCmdCreateQpType(i, 0, type);
      c.setCmdCreateQpSendLogDepth(i, 0, logDepth);
      c.setCmdCreateQpSendLogStride(i, 0, logStride);
      c.setCmdCreateQpSendAddress(i, 0, send.address);
      c.setCmdCreateQpSendLkey(i, 0, o.sendLkey ?? this.key);
      if (recv === undefined) return;
      c.setCmdCreateQpRecvCqn(i, 0, (o.recvCq ?? o.sendCq).number);
      c.setCmdCreateQpRecvLogDepth(i, 0, logDepth);
      c.setCmdCreateQpRecvLogStride(i, 0, logStride);
      c.setCmdCreateQpRecvAddress(i, 0, recv.address);
      c.setCmdCreateQpRecvLkey(i, 0, this.key);
    });
    return { number, type, page, send, recv };
  }

  /** MODIFY_QP; returns its status. */
  modify(qp: Qp, mask: number, a: QpAttributes): number {
    return this.tryCommand(c.Command.MODIFY_QP, i => {
      c.setCmdModifyQpHandle(i, 0, qp.number);
      c.setCmdModifyQpAttrMask(i, 0, mask);
      c.setCmdModifyQpState(i, 0, a.state ?? 0);
      c.setCmdModifyQpDestQpn(i, 0, a.dest ?? 0);
      c.setCmdModifyQpMtu(i, 0, a.mtu ?? 0);
      c.setCmdModifyQpSqPsn(i, 0, a.sqPsn ?? 0);
      c.setCmdModifyQpRqPsn(i, 0, a.rqPsn ?? 0);
    });
  }

  /** RESET → INIT → RTR → RTS, connected to `dest` (an RC queue pair). */
  connect(qp: Qp, dest: number, mtu: number = c.Mtu.MTU_1024, psn = 0): void {
    const { STATE, DEST_QPN, MTU, RQ_PSN, SQ_PSN } = c.QpAttr;
    const rc = qp.type === c.QpType.RC;
    const toRtr: QpAttributes = rc ? { dest, mtu, rqPsn: psn } : {};
    const toRts: QpAttributes = rc ? { sqPsn: psn } : {};
    const steps = [
      this.modify(qp, STATE, { state: c.QpState.INIT }),
      this.modify(qp, STATE | (rc ? DEST_QPN | MTU | RQ_PSN : 0), { ...toRtr, state: c.QpState.RTR }),
      this.modify(qp, STATE | (rc ? SQ_PSN : 0), { ...toRts, state: c.QpState.RTS }),
    ];
    if (steps.some(s => s !== c.CommandCode.OK))
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

  /** A DMA channel that is ready. */
  channel(o: QpOptions): Qp {
    const qp = this.createQp({ ...o, type: c.QpType.DMA });
    this.connect(qp, 0);
    return qp;
  }

  queryQp(qp: Qp): QpView {
    const out = this.command(c.Command.QUERY_QP, i => {
      i[0] = qp.number;
    });
    return {
      state: c.cmdQpOutState(out, 0),
      type: c.cmdQpOutType(out, 0),
      dest: c.cmdQpOutDestQpn(out, 0),
      mtu: c.cmdQpOutMtu(out, 0),
      sqPsn: c.cmdQpOutSqPsn(out, 0),
      rqPsn: c.cmdQpOutRqPsn(out, 0),
      sendProducer: c.cmdQpOutSendProducer(out, 0),
      sendConsumer: c.cmdQpOutSendConsumer(out, 0),
      recvProducer: c.cmdQpOutRecvProducer(out, 0),
      recvConsumer: c.cmdQpOutRecvConsumer(out, 0),
      errorStatus: c.cmdQpOutErrorStatus(out, 0),
      errorIndex: c.cmdQpOutErrorIndex(out, 0),
      faultAddress: c.cmdQpOutFaultAddress(out, 0),
      faultInfo: c.cmdQpOutFaultInfo(out, 0),
    };
  }

  /** QUERY_CQ or QUERY_EQ. */
  queryQueue(opcode: number, handle: number) {
    const out = this.command(opcode, i => {
      i[0] = handle;
    });
    return {
      producer: c.cmdQueueOutProducer(out, 0),
      consumer: c.cmdQueueOutConsumer(out, 0),
      armed: c.cmdQueueOutArmed(out, 0),
      overflowed: c.cmdQueueOutOverflowed(out, 0),
    };
  }

  setLink(hold: number, rateMbps = 0): void {
    this.command(c.Command.SET_LINK, i => {
      c.setCmdLinkHold(i, 0, hold);
      c.setCmdLinkRateMbps(i, 0, rateMbps);
    });
  }
}
