// SPDX-License-Identifier: MIT
// The slow path of the small driver, first part: memory, registers, commands, memory regions, event and completion queues.
import * as c from '../../device/abi/generated/commands.js';
import { CQE_SIZE, EQE_SIZE } from '../../device/abi/generated/descriptors.js';
import * as r from '../../device/abi/generated/registers.js';
import type { Target } from './target.js';
import { asWords, type Cq, type Eq } from './work.js';

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

export class CommandRunner {
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

  /** A region without memory, for FAST_REG; returns its key. */
  allocMr(pageCount: number, pd = this.pd): number {
    return this.create(c.Command.ALLOC_MR, i => {
      c.setCmdAllocMrPd(i, 0, pd);
      c.setCmdAllocMrPageCount(i, 0, pageCount);
    });
  }

  /** REREGISTER_MR of protection domain and rights; returns the new key. */
  reregister(key: number, o: { pd?: number; access?: number }): number {
    const change =
      (o.pd === undefined ? 0 : c.MrChange.PD) + (o.access === undefined ? 0 : c.MrChange.ACCESS);
    return this.create(c.Command.REREGISTER_MR, i => {
      c.setCmdReregisterMrHandle(i, 0, key);
      c.setCmdReregisterMrChange(i, 0, change);
      c.setCmdReregisterMrAccess(i, 0, o.access ?? 0);
      c.setCmdReregisterMrPd(i, 0, o.pd ?? 0);
    });
  }

  /** RESIZE_CQ into a new buffer; returns the queue as it is then, with the same consumer index. */
  resizeCq(cq: Cq, logDepth: number): Cq {
    const depth = 2 ** logDepth;
    const address = this.alloc(depth * CQE_SIZE);
    this.command(c.Command.RESIZE_CQ, i => {
      c.setCmdResizeCqHandle(i, 0, cq.number);
      c.setCmdResizeCqLkey(i, 0, this.key);
      c.setCmdResizeCqAddress(i, 0, address);
      c.setCmdResizeCqLogDepth(i, 0, logDepth);
    });
    return { number: cq.number, address, depth, page: cq.page, consumer: cq.consumer };
  }

  /** Moderation of a completion queue; returns the status. */
  modifyCq(cq: Cq, count: number, periodUs: number): number {
    return this.tryCommand(c.Command.MODIFY_CQ, i => {
      c.setCmdModifyCqHandle(i, 0, cq.number);
      c.setCmdModifyCqCount(i, 0, count);
      c.setCmdModifyCqPeriodUs(i, 0, periodUs);
    });
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
