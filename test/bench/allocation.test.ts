// SPDX-License-Identifier: MIT
// The way of a descriptor makes nothing for the collector but numbers: V8 puts an address above 4 GiB on the heap (16 bytes)
// where it hands it to code that it has not inlined. An object, a closure or a view for each descriptor or packet shows.
import test from 'ava';
import { tuneEngine } from '../../device/runtime/tuning.js';
import { heapGrowth, kindsOfWork } from './allocation.js';

tuneEngine();

const NUMBER_BYTES = 16;
/** Of a descriptor, and of each packet of 1 KiB beside; measured: 9 and 4. */
const NUMBERS = 14;
const NUMBERS_A_PACKET = 6;
const MTU = 1024;
const DEADLINE_MS = 120_000;
const BURSTS = 20;

for (const kind of kindsOfWork()) {
  test.serial(`${kind.name} leaves no more than a few numbers to the collector`, t => {
    t.timeout(2 * DEADLINE_MS);
    const packets = kind.packets ? 65536 / MTU : 0;
    const bound = (NUMBERS + packets * NUMBERS_A_PACKET) * NUMBER_BYTES;
    const end = performance.now() + DEADLINE_MS;
    // How soon the code is compiled is the machine's affair.
    let least = Infinity;
    while (least > bound && performance.now() < end) least = Math.min(least, ...heapGrowth(kind, BURSTS, 40));
    t.true(least <= bound, `${least} bytes a descriptor, of ${bound}`);
  });
}
