// SPDX-License-Identifier: MIT
// What stands in queues in guest memory: work-queue elements, their gather and scatter entries, completions, events.
// Send and receive queues are rings of fixed stride (64 to 512 bytes); an entry is a 32-byte head, then the gather
// entries, then the scatter entries. Terms and status numbers follow the InfiniBand verbs (IBTA volume 1, chapter 11).
import {
  bits,
  constant,
  cookie64,
  enumeration,
  type Group,
  gap,
  struct,
  u8,
  u16,
  u32,
  u64,
} from './layout.js';

export const descriptorsGroup: Group = {
  name: 'descriptors',
  title: 'Descriptors, completions and events',
  doc: 'A descriptor is copied once, then checked, then executed from the copy. Owner bits: a completion or event queue starts zeroed; on its first pass round the ring the adapter writes owner = 1, on the next 0, and so on.',
  constants: [
    constant('WQE_STRIDE_MIN', 64, 'smallest stride of a work queue, in bytes'),
    constant('WQE_STRIDE_MAX', 512, 'largest stride of a work queue'),
    constant('MAX_SGE', 30, 'gather and scatter entries of one descriptor together: (512 - 32) / 16'),
    constant('MAX_MESSAGE_BYTES', 0x80000000, 'largest message, 2 GiB (IBTA 9.7)'),
    constant('QUEUE_DEPTH_MAX', 32768, 'entries of any queue at most; a power of two'),
    constant('SLICE_BYTES', 4096, 'COPY and FILL yield to pushed work after this many bytes'),
  ],
  enumerations: [
    enumeration('opcode', 'operation of a descriptor', {
      NOP: [0, 'does nothing, completes'],
      SEND: [1, 'sends the gathered bytes as one message to the connected queue pair'],
      COPY: [2, 'DMA engine: gathered bytes to the scatter ranges; both lists have the same total'],
      FILL: [3, 'DMA engine: the scatter ranges are filled with the 8-byte pattern'],
      RECV: [0x10, 'receive queue only: takes one message into the scatter ranges'],
    }),
    enumeration('wqe_flag', 'flags of a descriptor', {
      SIGNALED: [1 << 0, 'a completion is written when it ends well (one that fails always has one)'],
      SOLICITED: [1 << 1, 'the completion at the receiver counts as solicited'],
    }),
    enumeration(
      'wc_status',
      'completion status: IBTA 10.3.3 and 11.6.2, in the numbering that verbs users know',
      {
        SUCCESS: [0, 'done'],
        LOC_LEN_ERR: [
          1,
          'a message is longer than the receive buffer, or the lists of a descriptor differ in length',
        ],
        LOC_QP_OP_ERR: [2, 'the descriptor is malformed: opcode, counts, reserved bits, index'],
        LOC_PROT_ERR: [4, 'a gather or scatter entry is outside what its key allows'],
        WR_FLUSH_ERR: [5, 'not executed: the queue is in the error state'],
        LOC_ACCESS_ERR: [8, 'the descriptor itself could not be read (memory fault on the queue buffer)'],
        REM_INV_REQ_ERR: [9, 'the responder refused the request (too long for its buffer)'],
        REM_OP_ERR: [11, 'the responder could not complete the request'],
        RETRY_EXC_ERR: [12, 'the connected queue pair does not answer'],
        GENERAL_ERR: [21, 'memory fault during the operation'],
      },
    ),
    enumeration('event_type', 'event type', {
      COMPLETION: [1, 'NUMBER is a completion queue that was armed'],
      QP_FATAL: [
        2,
        'NUMBER is a queue pair that went to the error state by itself; DETAIL is the completion status',
      ],
      CQ_ERROR: [3, 'NUMBER is a completion queue that overflowed or cannot be written'],
    }),
  ],
  structs: [
    struct('record', 'wqe', 32, 'Head of a descriptor (work-queue element).', [
      u8('opcode', 'see the table of opcodes'),
      u8('flags', 'see the table of flags; other bits zero'),
      u8('gather_count', 'gather entries that follow'),
      u8('scatter_count', 'scatter entries that follow the gather entries'),
      u16('index', 'work-queue index of this descriptor; a different one means a stale or torn descriptor'),
      gap(2),
      cookie64('wr_id', 'comes back in the completion'),
      u32('pattern_lo', 'FILL: pattern, low half; zero otherwise'),
      u32('pattern_hi', 'FILL: pattern, high half; zero otherwise'),
      gap(8),
    ]),
    struct('record', 'sge', 16, 'Gather or scatter entry: a range in a memory region.', [
      u64('address', 'I/O virtual address inside the memory region'),
      u32('length', 'bytes; zero is a valid empty range'),
      u32('lkey', 'key of the memory region'),
    ]),
    struct(
      'record',
      'cqe',
      32,
      'Completion queue entry. The last word carries the owner bit and is stored last.',
      [
        cookie64('wr_id', 'of the descriptor'),
        u32('qpn', 'queue pair'),
        u32('byte_count', 'bytes transferred'),
        u8('opcode', 'of the descriptor'),
        u8('status', 'see the table of completion statuses'),
        u16('wqe_index', 'work-queue index of the descriptor'),
        u32('src_qpn', 'RECV: queue pair that sent the message; zero otherwise'),
        gap(4),
        u32('owner', 'stored last, with release', {
          bits: [
            bits('solicited', 0, 1, 'the completion is solicited'),
            bits('recv', 1, 1, 'from a receive queue'),
            bits('valid', 31, 1, 'owner bit'),
          ],
        }),
      ],
    ),
    struct('record', 'eqe', 16, 'Event queue entry.', [
      u32('type', 'see the table of event types'),
      u32('number', 'queue that the event is about'),
      u32('detail', 'meaning depends on the type'),
      u32('owner', 'stored last, with release', { bits: [bits('valid', 31, 1, 'owner bit')] }),
    ]),
  ],
};
