// SPDX-License-Identifier: MIT
// Where a hostile guest is let loose: the model on memory of which every byte is compared afterwards. One region serves
// all runs; between two runs the function is reset, so that a run leaves nothing behind but moved-on key tags.
import { Access, Command } from '../../device/abi/generated/commands.js';
import { CQE_SIZE, EQE_SIZE } from '../../device/abi/generated/descriptors.js';
import { Dice } from '../support/bench.js';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';
import type { Cq, Eq, Qp } from '../support/work.js';
import type { Key } from './oracle.js';

const RAM_BYTES = 512 * 1024;
const PAGE = 4096;
/** More slices than any run here can need. */
const SLICE_LIMIT = 100_000;

/** The world of the runs of one test file. */
export class Arena {
  readonly target = new InProcess({ ramBytes: RAM_BYTES });
  #epoch = 0;

  /** A reset function, zeroed memory, a driver that has just started. */
  fresh(): Driver {
    const { target } = this;
    this.#epoch++;
    target.adapter.control({ kind: 'function-reset', epoch: this.#epoch });
    target.adapter.control({ kind: 'bus-master', value: true });
    target.adapter.control({ kind: 'run' });
    target.memory.clearHoles();
    target.memory.u8.fill(0);
    target.memory.reads.length = 0;
    target.logs.length = 0;
    return new Driver(target).start();
  }

  /** Works until idle. Throws when that does not come. */
  settle(): void {
    for (let n = 0; this.target.step(); n++)
      if (n > SLICE_LIMIT) throw new Error('the adapter never comes to rest');
  }

  memory(): Uint8Array {
    return this.target.memory.u8.slice();
  }
}

/** Fills guest memory with numbers that look random. */
export function noise(driver: Driver, address: number, length: number, seed: number): void {
  const dice = new Dice(seed + address);
  const bytes = new Uint8Array(length);
  for (let n = 0; n < length; n++) bytes[n] = dice.below(256);
  driver.target.writeBytes(address, bytes);
}

/** Copies what the adapter writes by itself (completion and event queues) from `actual`, so that the rest can be compared. */
export function takeQueues(
  expected: Uint8Array,
  actual: Uint8Array,
  cqs: readonly Cq[],
  eqs: readonly Eq[],
): void {
  for (const { address, depth } of cqs) take(expected, actual, address, depth * CQE_SIZE);
  for (const { address, depth } of eqs) take(expected, actual, address, depth * EQE_SIZE);
}

export function take(expected: Uint8Array, actual: Uint8Array, address: number, length: number): void {
  expected.set(actual.subarray(address, address + length), address);
}

export function sameMemory(expected: Uint8Array, actual: Uint8Array): void {
  if (Buffer.compare(expected, actual) === 0) return;
  const at = expected.findIndex((byte, n) => byte !== actual[n]);
  throw new Error(`guest memory at 0x${at.toString(16)} is ${actual[at]}, not ${expected[at]}`);
}

/** A queue pair that nobody is hostile to; it has to work whatever happens beside it. */
export interface Bystander {
  readonly qp: Qp;
  readonly cq: Cq;
  readonly buffer: number;
}

export function makeBystander(driver: Driver, eq: Eq, page = 0): Bystander {
  const cq = driver.createCq(eq, 2, page);
  return { qp: driver.channel({ sendCq: cq, logDepth: 2, page }), cq, buffer: driver.alloc(PAGE) };
}

const COPY = 2;

export function checkBystander(driver: Driver, b: Bystander): void {
  const length = 96;
  noise(driver, b.buffer, length, 7);
  const to = b.buffer + 1024;
  driver.send(b.qp, {
    opcode: COPY,
    gather: [{ address: b.buffer, length }],
    scatter: [{ address: to, length }],
  });
  driver.target.settle();
  const [cqe] = driver.poll(b.cq);
  const found = driver.target.readBytes(to, length);
  if (cqe?.status !== 0 || Buffer.compare(found, driver.target.readBytes(b.buffer, length)) !== 0)
    throw new Error('another queue pair does not work any more');
}

/** Keys of every kind that the oracle knows, in the protection domain of the driver or another one. */
export interface Keys {
  readonly named: Readonly<Record<KeyName, Key>>;
  /** Pages behind the page lists. */
  readonly pages: readonly number[];
}

export const KEY_NAMES = [
  'whole',
  'list',
  'readOnly',
  'foreign',
  'stale',
  'zero',
  'outOfRange',
  'wrongTag',
] as const;
export type KeyName = (typeof KEY_NAMES)[number];

/** First byte of the page lists: in the middle of a page. */
export const IOVA = 0x30_0000_0340;
const LIST_PAGES = 3;
const LIST_BYTES = LIST_PAGES * PAGE - 0x340 - 100;

export function makeKeys(driver: Driver): Keys {
  const block = driver.alloc(2 * LIST_PAGES * PAGE);
  noise(driver, block, 2 * LIST_PAGES * PAGE, 3);
  // Neither in order nor adjacent; what may only be read has other pages than what may be written.
  const pages = [block + 4 * PAGE, block, block + 2 * PAGE];
  const others = pages.map(page => page + PAGE);
  const make = (pd: number, access: number, pages: readonly number[]): Key => ({
    key: driver.registerPages(pages, IOVA, LIST_BYTES, { pd, access }),
    valid: pd === driver.pd,
    write: (access & Access.LOCAL_WRITE) !== 0,
    iova: IOVA,
    length: LIST_BYTES,
    pages,
  });
  const other = driver.create(Command.ALLOC_PD);
  const list = make(driver.pd, Access.LOCAL_WRITE, pages);
  const stale = make(driver.pd, Access.LOCAL_WRITE, pages);
  if (driver.destroy(Command.DEREGISTER_MR, stale.key) !== 0)
    throw new Error('a key that cannot be given up');
  // The table entry lives on under another tag, so that only the tag tells the stale key.
  const again = make(driver.pd, Access.LOCAL_WRITE, pages);
  if (again.key === stale.key) throw new Error('a key was given out twice');
  const nothing = (key: number): Key => ({ ...list, key, valid: false });
  const named: Record<KeyName, Key> = {
    whole: { key: driver.key, valid: true, write: true, iova: 0, length: RAM_BYTES, pages: undefined },
    list,
    readOnly: make(driver.pd, 0, others),
    foreign: make(other, Access.LOCAL_WRITE, pages),
    stale: nothing(stale.key),
    zero: nothing(0),
    outOfRange: nothing(0xffffff00),
    wrongTag: nothing(list.key + 1),
  };
  return { named, pages };
}
