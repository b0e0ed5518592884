// SPDX-License-Identifier: MIT
// The way of a descriptor makes nothing for the collector: no object, no closure, no view, no Number on the heap (a word
// with its top bit set, an address above 2 GiB, where a call that V8 did not take in hands one over). One exception, which is
// not ours to end: zlib hands the ICRC of a large packet over as a Number, and every other one of these has its top bit set.
import test from 'ava';
import { tuneEngine } from '../../device/runtime/tuning.js';
import { heapGrowth, kindsOfWork } from './allocation.js';

tuneEngine();

/**
 * In a process of its own it is 0. Which calls V8 takes in is up to its budgets and to what has run before, so that two Numbers
 * of 16 bytes may come and go.
 */
const DESCRIPTOR_BYTES = 33;
/** Half of the 16 bytes that a Number has, and a quarter for chance: bursts have thousands of packets. An object is more. */
const PART_BYTES = 10;
const DEADLINE_MS = 120_000;
const BURSTS = 20;

const middle = (of: number[]): number => of.sort((a, b) => a - b)[Math.floor(of.length / 2)] ?? Infinity;

for (const kind of kindsOfWork()) {
  test.serial(`${kind.name} leaves nothing to the collector`, t => {
    t.timeout(2 * DEADLINE_MS);
    const bound = DESCRIPTOR_BYTES + kind.parts * PART_BYTES;
    const end = performance.now() + DEADLINE_MS;
    // How soon the code is compiled is the machine's affair.
    let bytes = Infinity;
    while (bytes > bound && performance.now() < end) bytes = middle(heapGrowth(kind, BURSTS, 40));
    t.log(`${bytes} bytes a descriptor`);
    t.true(bytes <= bound, `${bytes} bytes a descriptor, of ${bound}`);
  });
}
