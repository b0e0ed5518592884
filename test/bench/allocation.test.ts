// SPDX-License-Identifier: MIT
// The way of a descriptor makes nothing for the collector: no object, no closure, no view. What is left are Numbers that V8
// keeps on the heap (a word with its top bit set, an address above 2 GiB) where a call that it did not take in hands one
// over: none in most runs, and which calls it takes in is up to its budgets. zlib hands the ICRC of a large packet over as
// such a Number.
import test from 'ava';
import { tuneEngine } from '../../device/runtime/tuning.js';
import { heapGrowth, kindsOfWork } from './allocation.js';

tuneEngine();

/** Two Numbers of 16 bytes, and a little for chance. */
const DESCRIPTOR_BYTES = 33;
/** A view has 112. Three Numbers: the ICRC, and what of an address is handed over. */
const LARGE_PACKET_BYTES = 48;
const DEADLINE_MS = 120_000;
const BURSTS = 20;

const middle = (of: number[]): number => of.sort((a, b) => a - b)[Math.floor(of.length / 2)] ?? Infinity;

for (const kind of kindsOfWork()) {
  test.serial(`${kind.name} leaves the collector next to nothing`, t => {
    t.timeout(2 * DEADLINE_MS);
    const bound = DESCRIPTOR_BYTES + kind.largePackets * LARGE_PACKET_BYTES;
    const end = performance.now() + DEADLINE_MS;
    // How soon the code is compiled is the machine's affair.
    let bytes = Infinity;
    while (bytes > bound && performance.now() < end) bytes = middle(heapGrowth(kind, BURSTS, 40));
    t.true(bytes <= bound, `${bytes} bytes a descriptor, of ${bound}`);
  });
}
