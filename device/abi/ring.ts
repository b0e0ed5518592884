// SPDX-License-Identifier: MIT
// The MMIO ring: one shared memfd per connection, made and kept by the front-end. A header page, then slots of 64 bytes.
// docs/socket-extension.md gives the order rules; both sides treat each word that the other one writes as hostile.
import { constant, enumeration, type Group, gap, struct, u8, u32, u64 } from './layout.js';

export const ringGroup: Group = {
  name: 'ring',
  title: 'MMIO ring',
  doc: 'Indices are free running 32-bit counters; slot i lives at header + (i modulo slots) * 64.',
  constants: [
    constant('RING_MAGIC', 0x474e5250, '"PRNG"'),
    constant('RING_HEADER_BYTES', 4096, 'slots start here'),
    constant('RING_SLOT_BYTES', 64, 'one slot'),
    constant('RING_SLOTS_MAX', 65536, 'slots at most'),
  ],
  enumerations: [
    enumeration('ring_op', 'operation of a slot', {
      WRITE: [1, 'posted write'],
      READ: [2, 'read request; answered in the slot'],
    }),
    enumeration('answer_status', 'status of an answer', {
      OK: [0, 'ANSWER_DATA holds the value'],
      UNSUPPORTED: [1, 'the front-end gives all-ones'],
    }),
  ],
  structs: [
    struct(
      'state',
      'ring',
      0x140,
      'Ring header. Each group of words has its own cache line and one writer.',
      [
        u32('magic', 'RING_MAGIC; front-end, at creation'),
        u32('version', 'EXTENSION_VERSION; front-end, at creation'),
        u32('slots', 'front-end, at creation'),
        gap(52),
        u32('producer', 'front-end: slots filled so far; stored with release after the slot'),
        u32('reset_epoch', 'front-end: raised by every reset; slots of an older epoch are dropped'),
        u32(
          'answer_waiting',
          'front-end: 1 while it sleeps on the answer eventfd (for an answer or for room)',
        ),
        u32(
          'session',
          'front-end: number of the connection that the ring belongs to; raised before a connection is given up',
        ),
        gap(48),
        u32('consumer', 'back-end: slots done so far; stored with release'),
        gap(60),
        u32(
          'irq_raised',
          'back-end: interrupts raised so far, all vectors; stored before the eventfd is written',
        ),
        u32('intx_level', 'back-end: level of INTx'),
        gap(56),
        // Not beside CONSUMER: the producer looks at it for every slot, and CONSUMER is stored for every slot.
        u32(
          'asleep',
          'back-end: 1 when it is about to sleep on the kick eventfd; the front-end exchanges it with 0 when it kicks',
        ),
        u32('alive', 'back-end: process id of the connected back-end'),
        gap(56),
      ],
    ),
    struct(
      'state',
      'slot',
      64,
      'One slot. Words up to DATA are written by the front-end, the answer by the back-end.',
      [
        u32('seq', 'index of this slot, free running'),
        u8('op', 'operation'),
        u8('bar', 'BAR'),
        u8('size', '1, 2, 4 or 8 bytes'),
        gap(1),
        u32('epoch', 'reset epoch when the access was made'),
        gap(4),
        u64('offset', 'offset in the BAR'),
        u64('data', 'data of a write', { opaque: true }),
        u64('answer_data', 'data of a read', { opaque: true }),
        u32(
          'answer_irq',
          'interrupts raised up to here: the front-end delivers them before it returns the value',
        ),
        u32('answer_status', 'status'),
        u32('answer_seq', 'SEQ + 1; stored last, with release: the answer is there'),
        gap(12),
      ],
    ),
  ],
};
