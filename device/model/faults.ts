// SPDX-License-Identifier: MIT
// DMA faults as the guest sees them: the last one and their number in the registers, and per queue pair the one that
// moved it to the error state. A fault belongs to the step in which it was met: it is committed or rolled back with it.
import {
  FaultObject,
  REG_FAULT_INFO_OFFSET,
  REG_SIZE,
  regFaultInfoNumber,
  regFaultInfoObject,
  regFaultInfoWrite,
  setRegFaultInfoNumber,
  setRegFaultInfoObject,
  setRegFaultInfoWrite,
} from '../abi/generated/registers.js';
import {
  putStFaultAddressHi,
  putStFaultAddressLo,
  putStFaultIndex,
  putStFaultInfo,
  ST_COUNT_DMA_FAULTS_OFFSET,
} from '../abi/generated/state.js';
import type { Journal } from './journal.js';
import { nameOf } from './names.js';
import { Dma, type GuestMemory } from './ports.js';

const COUNT = ST_COUNT_DMA_FAULTS_OFFSET / 4;
const INFO = REG_FAULT_INFO_OFFSET / 4;
const TWO_32 = 2 ** 32;
/** The smallest piece of memory that is mapped or not. */
const PAGE_BYTES = 4096;

const registers = new Uint32Array(REG_SIZE / 4);

/** The word of register FAULT_INFO. */
export function faultInfo(object: number, number: number, write: boolean): number {
  registers[INFO] = 0;
  setRegFaultInfoNumber(registers, 0, number);
  setRegFaultInfoObject(registers, 0, object);
  setRegFaultInfoWrite(registers, 0, write ? 1 : 0);
  return registers[INFO];
}

/** The fields of a FAULT_INFO word. */
export function faultFields(info: number): { object: string; number: number; write: boolean } {
  registers[REG_FAULT_INFO_OFFSET / 4] = info;
  return {
    object: nameOf(FaultObject, regFaultInfoObject(registers, 0)),
    number: regFaultInfoNumber(registers, 0),
    write: regFaultInfoWrite(registers, 0) === 1,
  };
}

export class Faults {
  readonly #journal: Journal;
  readonly #memory: GuestMemory;
  /** The last fault that was noted: FAULT_INFO (zero: none), bus address of the first byte that failed, index. */
  info = 0;
  address = 0;
  #index = 0;
  /** The same of the last one that stops a queue pair. */
  qpInfo = 0;
  qpAddress = 0;

  constructor(journal: Journal, memory: GuestMemory) {
    this.#journal = journal;
    this.#memory = memory;
  }

  /** The access to [address, address + length) failed; record() makes it part of the step. */
  note(info: number, index: number, address: number, length: number, write: boolean): void {
    this.info = info;
    this.#index = index;
    const known = this.#memory.faultAddress;
    this.#memory.faultAddress = undefined;
    const inside = known !== undefined && known >= address && known < address + length;
    this.address = inside ? known : firstFailing(this.#memory, address, length, write);
  }

  /** What was noted last is counted and shown. Again after a rollback, if it is to stay. */
  record(): void {
    const journal = this.#journal;
    putStFaultAddressLo(journal, 0, this.address % TWO_32);
    putStFaultAddressHi(journal, 0, Math.floor(this.address / TWO_32));
    putStFaultInfo(journal, 0, this.info);
    putStFaultIndex(journal, 0, this.#index);
    journal.add(COUNT, 1);
  }

  /** What was noted last stops a queue pair. */
  stopsQp(): void {
    this.qpInfo = this.info;
    this.qpAddress = this.address;
  }

  /** What stops a queue pair next is no DMA fault. */
  forget(): void {
    this.qpInfo = 0;
    this.qpAddress = 0;
  }
}

/** The first byte of a range that failed, page by page and then within the page; the first of all if none fails now. */
function firstFailing(memory: GuestMemory, address: number, length: number, write: boolean): number {
  const end = address + length;
  for (let at = address; at < end; ) {
    const next = Math.min(end, at - (at % PAGE_BYTES) + PAGE_BYTES);
    if (memory.at(at).check(next - at, write) === Dma.FAULT) return firstInPage(memory, at, next - at, write);
    at = next;
  }
  return address;
}

/** The whole of [address, address + length) faults: how many bytes from its start on do not? */
function firstInPage(memory: GuestMemory, address: number, length: number, write: boolean): number {
  let good = 0;
  for (let bad = length; bad - good > 1; ) {
    const middle = Math.floor((good + bad) / 2);
    if (memory.at(address).check(middle, write) === Dma.FAULT) bad = middle;
    else good = middle;
  }
  return address + good;
}
