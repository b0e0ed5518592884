// SPDX-License-Identifier: MIT
// The adapter as the guest's PCI code sees it: identity, BARs, the register page (BAR 0) and one doorbell page (BAR 2).
// A doorbell page is what shipping adapters call a UAR page. The priority area lies inside it, so that whoever may ring
// a page may push to it and nobody else (claims 2, 11, 16, 26).
import { bits, constant, enumeration, type Group, gap, struct, u32, u64, words } from './layout.js';

const QUEUE_BITS = [
  bits('number', 0, 24, 'queue number'),
  bits('index', 32, 16, 'new producer index, or consumer index: free running, modulo 65,536'),
];

export const registersGroup: Group = {
  name: 'registers',
  title: 'PCI function, registers and doorbell pages',
  doc: 'All registers are little endian. A register is accessed with an aligned store or load of exactly its own size; any other access reads zero, writes nothing and is counted in COUNT_BAD_ACCESSES. No register has a read side effect.',
  constants: [
    constant('PCI_VENDOR', 0x1234, 'PCI vendor (private use, shared with QEMU)'),
    constant('PCI_DEVICE', 0x7062, 'PCI device: "pb"'),
    constant('PCI_CLASS', 0x020700, 'class code: network controller, InfiniBand (host channel adapter)'),
    constant('PCI_REVISION', 1, 'PCI revision'),
    constant('REGISTER_BAR', 0, 'BAR of the register page'),
    constant('REGISTER_BAR_BYTES', 0x1000, 'size of the register BAR'),
    constant(
      'DOORBELL_BAR',
      2,
      'BAR of the doorbell pages (64-bit, prefetchable: it may be mapped write-combining)',
    ),
    constant('DOORBELL_PAGE_BYTES', 0x1000, 'size of one doorbell page'),
    constant('DOORBELL_PAGES', 256, 'number of doorbell pages; page 0 belongs to the kernel driver'),
    constant('MSIX_BAR', 4, 'BAR of MSI-X table and pending-bit array'),
    constant('MSIX_BAR_BYTES', 0x2000, 'size of the MSI-X BAR'),
    constant('MSIX_TABLE_OFFSET', 0, 'MSI-X table inside its BAR'),
    constant('MSIX_PBA_OFFSET', 0x1000, 'pending-bit array inside its BAR'),
    constant('MSIX_VECTORS', 32, 'number of MSI-X vectors'),
    constant('DEVICE_MAGIC', 0x4c454250, 'content of ID: "PBEL"'),
    constant('ABI_MAJOR', 2, 'drivers refuse a major version that they do not know'),
    constant('ABI_MINOR', 0, 'grows when something is added that an older driver may ignore'),
    constant('RESET_MAGIC', 0x52455345, 'value that RESET wants'),
    constant('PRIORITY_AREA_OFFSET', 0x800, 'priority area inside a doorbell page'),
    constant('PUSH_BUFFERS', 4, 'push buffers in one priority area'),
    constant('PUSH_BUFFER_STRIDE', 0x200, 'distance between push buffers'),
    constant('PUSH_BUFFER_BYTES', 0x100, 'descriptor bytes that one push buffer takes'),
    constant('PUSH_LENGTH_UNIT', 16, 'unit of the length in a trailer, in bytes'),
    constant('PUSH_SLOTS', 16, 'pushed descriptors of each doorbell page that the scheduler holds at most'),
  ],
  enumerations: [
    enumeration('feature', 'bits of FEATURES', {
      PUSH_TRAPPED: [1 << 0, 'each store into a push buffer is seen by the adapter'],
      DMA_ENGINE: [1 << 1, 'COPY and FILL'],
      VERBS: [1 << 3, 'UC, UD, shared receive queues, RDMA, atomics, fast registration'],
      LOOPBACK: [1 << 2, 'the port is an in-process loopback link with rate and hold'],
    }),
    enumeration('fault_object', 'what a DMA fault was about', {
      SEND_QUEUE: [1, 'a descriptor of a send queue was read'],
      RECV_QUEUE: [2, 'a descriptor of a receive queue was read'],
      GATHER: [3, 'data was read'],
      SCATTER: [4, 'data was written'],
      CQ: [5, 'a completion was written'],
      EQ: [6, 'an event was written'],
      MAILBOX: [7, 'the command mailbox'],
      PAGE_LIST: [8, 'the page list of REGISTER_MR, REREGISTER_MR or FAST_REG'],
      SRQ: [9, 'a descriptor of a shared receive queue was read'],
      REMOTE_READ: [10, 'data was read for the peer of a queue pair'],
      REMOTE_WRITE: [11, 'data was written for the peer of a queue pair, or an atomic carried out'],
    }),
    enumeration('status_bit', 'bits of STATUS', {
      READY: [1 << 0, 'the adapter answers'],
      ENABLED: [1 << 1, 'CONTROL.ENABLE is set'],
      BUS_MASTER: [1 << 2, 'the function may do DMA'],
    }),
  ],
  structs: [
    struct(
      'registers',
      'reg',
      0x80,
      'Register page, BAR 0. Offsets from 0x80 to the end of the page are reserved.',
      [
        u32('id', 'DEVICE_MAGIC', { access: 'ro', reset: 0x4c454250 }),
        u32('abi_version', 'version of this interface', {
          access: 'ro',
          bits: [bits('minor', 0, 16, 'ABI_MINOR'), bits('major', 16, 16, 'ABI_MAJOR')],
        }),
        u32('features', 'see the table of feature bits', { access: 'ro' }),
        u32('status', 'see the table of status bits', { access: 'ro' }),
        u32('control', 'what the driver switches', {
          access: 'rw',
          reset: 0,
          bits: [bits('enable', 0, 1, 'queues run only while set')],
        }),
        u32(
          'reset',
          'writing RESET_MAGIC resets the function: every object is gone, registers are as after power-on',
          { access: 'wo' },
        ),
        u32('reset_epoch', 'number of resets that have completed', { access: 'ro' }),
        u32('doorbell_pages', 'number of doorbell pages', { access: 'ro', reset: 256 }),
        u32('mailbox_lo', 'command mailbox, bus address, low half; 4,096 bytes, 4,096-byte aligned', {
          access: 'rw',
          reset: 0,
        }),
        u32('mailbox_hi', 'command mailbox, high half', { access: 'rw', reset: 0 }),
        u32('command', 'starts the command whose input stands in the mailbox', {
          access: 'wo',
          bits: [
            bits('opcode', 0, 16, 'command code'),
            bits('toggle', 31, 1, 'comes back in COMMAND_STATUS'),
          ],
        }),
        u32('command_status', 'outcome of the last command; done when TOGGLE equals the one written', {
          access: 'ro',
          reset: 0,
          bits: [
            bits('status', 0, 8, 'command status'),
            bits('busy', 30, 1, 'a command is under way'),
            bits('toggle', 31, 1, 'toggle of the last command that ended'),
          ],
        }),
        u32('mac_lo', 'MAC address, bytes 0 to 3', { access: 'ro' }),
        u32('mac_hi', 'MAC address, bytes 4 and 5', { access: 'ro' }),
        u32('scratch', 'holds what was written; for probes and measurements', { access: 'rw', reset: 0 }),
        u32('interrupt_test', 'raises the MSI-X vector whose number is written', { access: 'wo' }),
        u32('count_doorbells', 'send and receive doorbells that moved a producer index', {
          access: 'ro',
          reset: 0,
        }),
        u32('count_pushes', 'pushes accepted: the descriptor runs from the pushed bytes', {
          access: 'ro',
          reset: 0,
        }),
        u32('count_push_fallbacks', 'trailers that acted as an ordinary doorbell', {
          access: 'ro',
          reset: 0,
        }),
        u32('count_ignored', 'doorbells and trailers for an index that was already taken', {
          access: 'ro',
          reset: 0,
        }),
        u32(
          'count_refused',
          'doorbells and trailers for a queue that is unknown, in the wrong state or owned by another page',
          { access: 'ro', reset: 0 },
        ),
        u32('count_bad_accesses', 'accesses of a wrong size, alignment or offset', {
          access: 'ro',
          reset: 0,
        }),
        u32('count_descriptor_reads', 'send descriptors read from guest memory', { access: 'ro', reset: 0 }),
        u32('count_completions', 'completion queue entries written', { access: 'ro', reset: 0 }),
        u32('count_packets', 'packets handed to the link', { access: 'ro', reset: 0 }),
        u32(
          'interrupt_cause',
          'MSI-X off: a bit for each vector that was raised; INTA is asserted while one is set; write 1 to clear',
          { access: 'rw1c', reset: 0 },
        ),
        u32('count_dma_faults', 'accesses to guest memory that failed', { access: 'ro', reset: 0 }),
        u32('fault_address_lo', 'bus address of the last DMA fault, low half', { access: 'ro', reset: 0 }),
        u32('fault_address_hi', 'the same, high half', { access: 'ro', reset: 0 }),
        u32('fault_info', 'what the last DMA fault was about', {
          access: 'ro',
          reset: 0,
          bits: [
            bits('number', 0, 24, 'queue; zero for the mailbox'),
            bits('object', 24, 4, 'see the table of fault objects; zero: there was no fault'),
            bits('write', 28, 1, 'the adapter wanted to write'),
          ],
        }),
        u32('fault_index', 'work-queue index of the descriptor that was under way', {
          access: 'ro',
          reset: 0,
        }),
        gap(4),
      ],
    ),
    struct(
      'registers',
      'db',
      0x1000,
      'One doorbell page, BAR 2. Every register is 64 bits wide and written with one store; reads give zero.',
      [
        u64('send', 'rings a send queue: descriptors up to but not including INDEX may be read', {
          access: 'wo',
          bits: QUEUE_BITS,
        }),
        u64('recv', 'rings a receive queue', { access: 'wo', bits: QUEUE_BITS }),
        u64(
          'cq_arm',
          'reports the consumer index of a completion queue and asks for one event on the next completion',
          {
            access: 'wo',
            bits: [...QUEUE_BITS, bits('solicited', 63, 1, 'only a solicited or failed completion counts')],
          },
        ),
        u64('cq_update', 'reports the consumer index of a completion queue', {
          access: 'wo',
          bits: QUEUE_BITS,
        }),
        u64(
          'eq_arm',
          'reports the consumer index of an event queue and asks for one interrupt on the next event; page 0 only',
          { access: 'wo', bits: QUEUE_BITS },
        ),
        u64('srq', 'rings a shared receive queue', { access: 'wo', bits: QUEUE_BITS }),
        gap(0x800 - 48),
        words('priority_area', 0x200, 'four push buffers of 512 bytes each'),
      ],
    ),
    struct(
      'registers',
      'push',
      0x200,
      'One push buffer. Whole when every byte of the descriptor was stored exactly once since the last trailer.',
      [
        words('descriptor', 64, 'the descriptor, from its first byte on'),
        u64('trailer', 'the trigger: the last store of a push', {
          access: 'wo',
          bits: [
            bits('qpn', 0, 24, 'queue pair'),
            bits('length', 24, 8, 'descriptor length in units of 16 bytes, 2 to 16'),
            bits('index', 32, 16, 'work-queue index of the descriptor'),
            bits('buffer', 48, 8, 'number of this push buffer in its page'),
            bits('generation', 56, 8, 'trailers written to this buffer before, modulo 256'),
          ],
        }),
        gap(0x200 - 0x108),
      ],
    ),
  ],
};
