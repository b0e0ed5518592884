// SPDX-License-Identifier: MIT
// The state region: everything that a guest can observe of the adapter, in one flat shared mapping that outlives the
// back-end process. JavaScript objects hold only caches that are rebuilt from here (model/journal.ts has the rule that
// keeps it sound). Tables follow each other at the offsets computed below.
import {
  bits,
  type Constant,
  constant,
  enumeration,
  type Group,
  gap,
  struct,
  u32,
  u64,
  words,
} from './layout.js';

const header = struct('state', 'st', 512, 'Head of the region.', [
  u32('magic', 'STATE_MAGIC; zero while the region is being made'),
  u32('version', 'STATE_VERSION'),
  u32('journal_count', 'entries of the undo journal; zero means that the last step is committed'),
  u32('outbox_count', 'committed guest writes that may still have to be done'),
  u32('irq_pending', 'committed interrupts that may still have to be raised, a bit for each vector'),
  u32('reset_target', 'reset in progress: reset_count after it; zero otherwise'),
  u32('reset_count', 'resets completed'),
  u32('bus_epoch', 'reset epoch of the ring that this state belongs to'),
  u32('applied', 'ring position after the last slot that took effect'),
  u32('bus_master', 'Bus Master Enable'),
  u32('running', 'between RUN and STOP'),
  u32('control', 'register CONTROL'),
  u32('mailbox_lo', 'register MAILBOX_LO'),
  u32('mailbox_hi', 'register MAILBOX_HI'),
  u32('command_status', 'register COMMAND_STATUS'),
  u32('command_pending', 'the COMMAND word of a command that waits for a translation; zero otherwise'),
  u32('scratch', 'register SCRATCH'),
  u32('mac_lo', 'register MAC_LO'),
  u32('mac_hi', 'register MAC_HI'),
  u32('hold', 'hold mask'),
  u32('rate_mbps', 'link rate'),
  words('cursors', 3, 'by class of queues (link, engine, flush): queue pair that ran last in its turn'),
  words('rounds', 3, 'by class: the round of the queue that ran last'),
  u32('round', 'of the last turn'),
  words(
    'streaks',
    2,
    'by class (link, engine): its pushed slices that have overtaken its rung queues since one of them ran',
  ),
  u32('overtaken', 'pushed slices that have overtaken any rung queue since one had its turn'),
  u32('push_sequence', 'arrival number of the next push'),
  u32('count_doorbells', 'counter'),
  u32('count_pushes', 'counter'),
  u32('count_push_fallbacks', 'counter'),
  u32('count_ignored', 'counter'),
  u32('count_refused', 'counter'),
  u32('count_bad_accesses', 'counter'),
  u32('count_descriptor_reads', 'counter'),
  u32('count_completions', 'counter'),
  u32('count_packets', 'counter'),
  u32('pd_high', 'protection domains below this index were used since the last reset'),
  u32('page_high', 'the same for doorbell pages'),
  u32('mr_high', 'the same for memory regions'),
  u32('eq_high', 'the same for event queues'),
  u32('cq_high', 'the same for completion queues'),
  u32('qp_high', 'the same for queue pairs'),
  u32('pool_high', 'the same for blocks of the page pool'),
  u32('msix_enabled', 'MSI-X Enable of the function'),
  u32('asleep', '1 in D3hot'),
  u32('interrupt_cause', 'register INTERRUPT_CAUSE'),
  u32('count_dma_faults', 'counter'),
  u32('fault_address_lo', 'register FAULT_ADDRESS_LO'),
  u32('fault_address_hi', 'register FAULT_ADDRESS_HI'),
  u32('fault_info', 'register FAULT_INFO'),
  u32('fault_index', 'register FAULT_INDEX'),
  u32('srq_high', 'the same as qp_high for shared receive queues'),
  u32('ah_high', 'the same for address handles'),
  u32('gsi_used', '1 while the queue pair GSI_QPN exists'),
  u32('port_untold', 'events of the port that found no room, a bit for each event type'),
  u64('port_tx_bytes', 'counter'),
  u64('port_rx_bytes', 'counter'),
  u64('port_tx_packets', 'counter'),
  u64('port_rx_packets', 'counter'),
  u64('port_rx_bad', 'counter'),
  u64('port_rx_unknown', 'counter'),
  u64('port_rx_qkey', 'counter'),
  u64('port_rx_pkey', 'counter'),
  u64('port_rx_no_receive', 'counter'),
  u64('port_rx_sequence', 'counter'),
  u32('mr_low', 'memory regions below this index are in use: where the search for a free one begins'),
  gap(512 - 81 * 4),
]);

const outboxEntry = struct('state', 'outbox', 48, 'A guest write that is due after the commit.', [
  u64('address', 'bus address, 4-byte aligned'),
  u32('count', 'words; zero when it is done already'),
  u32('info', 'what it is and of which queue, as register FAULT_INFO'),
  words('data', 8, 'the words; the last one is stored last, with release'),
]);

const pd = struct('state', 'pd', 16, 'Protection domain.', [
  u32('used', '1 when allocated'),
  u32('users', 'objects that belong to it'),
  gap(8),
]);

const pushBuffer = struct('state', 'pbuf', 304, 'Push buffer of a doorbell page.', [
  u32('generation', 'trailers seen, modulo 256'),
  u32('torn', '1 when a byte was stored twice since the last trailer'),
  gap(8),
  words('written', 8, 'a bit for each byte stored since the last trailer'),
  words('data', 64, 'the bytes'),
]);

const page = struct('state', 'dpage', 64 + 4 * 304, 'Doorbell page.', [
  u32('used', '1 when allocated'),
  u32('users', 'queues that belong to it'),
  u64('count_doorbells', 'counter'),
  u64('count_pushes', 'counter'),
  u64('count_fallbacks', 'counter'),
  u64('count_ignored', 'counter'),
  u64('count_refused', 'counter'),
  gap(16),
  words('buffers', 4 * 76, 'four push buffers'),
]);

const mr = struct('state', 'mr', 64, 'Memory region.', [
  u32('used', '1 when registered'),
  u32(
    'key',
    'index in bits 31:8, tag in bits 7:0; the tag outlives the region so that a stale key is caught',
  ),
  u32('pd', 'protection domain'),
  u32('kind', 'kind'),
  u32('access', 'access rights'),
  u32('page_shift', 'log2 of the page size'),
  u32('users', 'queues whose buffer lies in it'),
  u32('pool_start', 'first entry in the page pool'),
  u32('page_count', 'entries in the page pool; of kind FAST those that are set aside'),
  u32('valid', 'FAST: 1 between FAST_REG and invalidation; 1 for other kinds'),
  u64('iova', 'first byte'),
  u64('length', 'bytes'),
  gap(8),
]);

const QUEUE_ROWS = [
  u32('used', '1 when created'),
  u32('log_depth', 'log2 of the entries'),
  u32('lkey', 'memory region of the buffer'),
  u32('producer', 'entries written, free running'),
  u64('address', 'I/O virtual address of the buffer'),
  u32('consumer', 'consumer index last reported'),
  u32('armed', '0: no, 1: on anything, 2: on a solicited or failed completion'),
  u32('overflowed', '1 when an entry was lost'),
  u32('users', 'objects that use it'),
];

const eq = struct('state', 'eq', 64, 'Event queue.', [
  ...QUEUE_ROWS,
  u32('vector', 'MSI-X vector'),
  u32('deferred', '1 when an event found no room: it is told after the next EQ_ARM'),
  gap(16),
]);
const cq = struct('state', 'cq', 64, 'Completion queue.', [
  ...QUEUE_ROWS,
  u32('eqn', 'event queue'),
  u32('page', 'doorbell page'),
  u32('solicited', 'producer index after the last solicited or failed entry'),
  u32('untold', '1 when its CQ_ERROR event found no room'),
  u32('moderation', 'when an armed queue tells; zero: of each completion', {
    bits: [
      bits('count', 0, 16, 'completions that count'),
      bits('period_us', 16, 16, 'microseconds after the first of them'),
    ],
  }),
  u32('gathered', 'completions that count and have not been told since it was armed'),
]);

const srq = struct('state', 'srq', 64, 'Shared receive queue.', [
  u32('used', '1 when created'),
  u32('pd', 'protection domain'),
  u32('page', 'doorbell page'),
  u32('lkey', 'memory region of the buffer'),
  u64('address', 'buffer'),
  u32('log_depth', 'log2 of the entries'),
  u32('log_stride', 'log2 of the stride'),
  u32('producer', 'modulo 65,536'),
  u32('consumer', 'next to use'),
  u32('limit', 'limit that is armed; 0: none'),
  u32('users', 'queue pairs that use it'),
  u32('failed', '1 when its buffer could not be read'),
  u32('untold', 'events that found no room, a bit for each event type'),
  gap(8),
]);

/** Where packets of a connection or an address handle go: 44 bytes. */
const ADDRESS_VECTOR = [
  u32('sgid_index', 'entry of the GID table'),
  u32('hop_limit', 'time to live'),
  u32('traffic_class', 'DSCP and ECN'),
  u32('flow_label', '20 bits'),
  words('dgid', 4, 'GID, in the order of its bytes'),
  u32('dmac_lo', 'MAC address, bytes 0 to 3'),
  u32('dmac_hi', 'bytes 4 and 5'),
  u32('udp_sport', 'UDP source port, or 0'),
];

const ah = struct('state', 'ah', 64, 'Address handle.', [
  u32('used', '1 when created'),
  u32('pd', 'protection domain'),
  ...ADDRESS_VECTOR,
  gap(12),
]);

const gid = struct('state', 'gid', 32, 'Entry of the GID table.', [
  u32('type', 'type; 0: free'),
  words('gid', 4, 'GID, in the order of its bytes'),
  u32('mac_lo', 'source MAC address, bytes 0 to 3; with mac_hi zero: the own one'),
  u32('mac_hi', 'bytes 4 and 5'),
  u32('untold', '1 when its GID_CHANGE event found no room'),
]);

const qp = struct('state', 'qp', 1536, 'Queue pair.', [
  u32('used', '1 when created'),
  u32('type', 'type'),
  u32('state', 'state'),
  u32('pd', 'protection domain'),
  u32('page', 'doorbell page'),
  u32('send_cqn', 'completion queue'),
  u32('recv_cqn', 'completion queue'),
  u32('send_lkey', 'memory region of the send queue'),
  u32('recv_lkey', 'memory region of the receive queue'),
  u32('send_log_depth', 'log2 of the entries'),
  u32('send_log_stride', 'log2 of the stride'),
  u32('recv_log_depth', 'log2 of the entries'),
  u32('recv_log_stride', 'log2 of the stride'),
  gap(4),
  u64('send_address', 'buffer'),
  u64('recv_address', 'buffer'),
  u32('send_producer', 'modulo 65,536'),
  u32('send_consumer', 'next to execute'),
  u32('recv_producer', 'modulo 65,536'),
  u32('recv_consumer', 'next to use'),
  u32('dest_qpn', 'other end'),
  u32('mtu_bytes', 'payload bytes of a packet'),
  u32('sq_psn', 'next to send'),
  u32('rq_psn', 'next expected'),
  u32('msn', 'messages received'),
  u32('error_status', 'completion status that moved the queue to the error state'),
  u32('error_index', 'descriptor that did'),
  u32('active', '1: the descriptor at send_consumer has begun'),
  u32('active_at', 'word of the region at which its bytes stand'),
  u32('active_done', 'bytes done'),
  u32('recv_active', '1: the receive at recv_consumer has begun'),
  u32('recv_done', 'bytes done'),
  u32('untold', 'events that found no room, a bit for each event type'),
  u32('fault_info', 'DMA fault that moved the queue to the error state, as register FAULT_INFO; or zero'),
  u64('fault_address', 'its bus address'),
  u32('flags', 'flags'),
  u32('srqn', 'shared receive queue; 0: none'),
  u32('access', 'what the peer may do'),
  u32('qkey', 'Q_Key'),
  u32('port', '1 once it was given'),
  u32('has_av', '1 once an address vector was given'),
  ...ADDRESS_VECTOR,
  u32('max_rd_atomic', 'as in MODIFY_QP'),
  u32('max_dest_rd_atomic', 'as in MODIFY_QP'),
  u32('min_rnr_timer', 'as in MODIFY_QP'),
  u32('timeout', 'as in MODIFY_QP'),
  u32('retry_count', 'as in MODIFY_QP'),
  u32('rnr_retry', 'as in MODIFY_QP'),
  u32('sqd_event', '1: SQ_DRAINED is to be told'),
  u32('established', '1 once a packet has come in'),
  u32('recv_opcode', 'BTH opcode of the first packet of the message under way'),
  u32(
    'recv_index',
    'work-queue index of the receive under way (of the shared queue, if it comes from there)',
  ),
  u32('recv_log_stride_at', 'log2 of the bytes of that receive'),
  u32(
    'resp_active',
    '1: a message of the peer that takes several packets is under way: what recv_opcode says',
  ),
  u32('resp_key', 'its remote key'),
  u64('resp_address', 'its next byte'),
  u32('resp_length', 'bytes that it still has'),
  u32('resp_psn', 'READ: next response'),
  u32('atomic_psn', 'last atomic carried out for the peer: its PSN'),
  u32('atomic_lo', 'and the value that it found'),
  u32('atomic_hi', 'high half'),
  u32('resp_done', 'bytes of that READ or WRITE that are done'),
  u64('count_tx_messages', 'counter'),
  u64('count_tx_bytes', 'counter'),
  u64('count_rx_messages', 'counter'),
  u64('count_rx_bytes', 'counter'),
  u64('count_pushed', 'counter'),
  u64('count_rung', 'counter'),
  u64('count_errors', 'counter'),
  u64('count_flushed', 'counter'),
  u64('count_rx_requests', 'counter'),
  u64('count_rx_dropped', 'counter'),
  gap(512 - 96 * 4),
  words('send_wqe', 128, 'send descriptor read from memory'),
  words('recv_wqe', 128, 'receive descriptor read from memory'),
]);

const slot = struct('state', 'pslot', 288, 'Pushed descriptor that the scheduler holds.', [
  u32('used', '1 from acceptance to completion'),
  u32('qpn', 'queue pair'),
  u32('index', 'work-queue index'),
  u32('sequence', 'arrival number'),
  u32('length', 'bytes'),
  gap(12),
  words('data', 64, 'the pushed bytes'),
]);

const PAGES = 256;
const PAGE_SLOTS = 16;
const POOL_PAGES = 1 << 20;
const POOL_BLOCK_PAGES = 32;

/** Tables in the order in which they stand: [name, bytes of an entry, entries, what it is]. */
const TABLES: readonly (readonly [string, number, number, string])[] = [
  ['JOURNAL', 8, 32768, 'undo journal: word index, old value'],
  ['OUTBOX', outboxEntry.size, 128, 'guest writes due after the commit'],
  ['PD', pd.size, 4096, 'protection domains'],
  ['DPAGE', page.size, PAGES, 'doorbell pages'],
  ['EQ', eq.size, 64, 'event queues'],
  ['CQ', cq.size, 16384, 'completion queues'],
  ['QP', qp.size, 16384, 'queue pairs'],
  ['SRQ', srq.size, 4096, 'shared receive queues'],
  ['AH', ah.size, 16384, 'address handles'],
  ['GID', gid.size, 32, 'GID table'],
  ['PSLOT', slot.size, PAGES * PAGE_SLOTS, 'push slots, those of each doorbell page in turn'],
  ['MR', mr.size, 131072, 'memory regions'],
  ['POOL_BLOCK', 4, POOL_PAGES / POOL_BLOCK_PAGES, 'blocks of the page pool: 1 when taken'],
  ['POOL', 8, POOL_PAGES, 'page addresses of memory regions'],
];

function tableConstants(): Constant[] {
  const constants: Constant[] = [];
  let offset = 4096;
  for (const [name, size, count, doc] of TABLES) {
    constants.push(
      constant(`${name}_TABLE`, offset / 4, `${doc}: first word`),
      constant(`${name}_COUNT`, count, `${doc}: entries`),
      constant(`${name}_WORDS`, size / 4, `${doc}: words of an entry`),
    );
    offset = Math.ceil((offset + size * count) / 4096) * 4096;
  }
  constants.push(constant('STATE_BYTES', offset, 'size of the region'));
  return constants;
}

export const stateGroup: Group = {
  name: 'state',
  title: 'State region',
  doc: 'Kept by QEMU, mapped by the back-end, never seen by the guest. Word indices count 32-bit words from the start of the region.',
  constants: [
    constant('STATE_MAGIC', 0x54534250, '"PBST"'),
    constant('STATE_VERSION', 5, 'layout version'),
    constant('POOL_BLOCK_PAGES', POOL_BLOCK_PAGES, 'pages of one block of the page pool'),
    ...tableConstants(),
  ],
  enumerations: [
    enumeration('armed', 'armed word of a queue', {
      NO: [0, 'no'],
      ANY: [1, 'on anything'],
      SOLICITED: [2, 'on a solicited or failed completion'],
    }),
  ],
  structs: [header, outboxEntry, pd, pushBuffer, page, mr, eq, cq, srq, ah, gid, qp, slot],
};
