// SPDX-License-Identifier: MIT
// Words for the reasons that findings give: why a doorbell or a command was refused, a push fell back, a packet was dropped.
import type { Finding } from '../runtime/explain.js';

/** What is the matter, and what to do (absent: nothing). */
export interface Words {
  readonly what: string;
  readonly todo?: string;
}

export type Fields = Finding;
export type Teller = (f: Fields) => Words;

const QUEUES: Readonly<Record<string, string>> = {
  qp: 'queue pair',
  cq: 'completion queue',
  eq: 'event queue',
  srq: 'shared receive queue',
};

/** Why a doorbell did nothing. */
export const DOORBELL_REFUSED: Readonly<Record<string, Teller>> = {
  'page-not-allocated': f => ({
    what: `doorbell page ${f.page} is not allocated`,
    todo: 'Allocate it with a command first, or check that the driver maps the page that it was given.',
  }),
  'unknown-queue': f => ({
    what: `there is no ${QUEUES[String(f.queue)]} ${f.number}`,
    todo: 'Check the queue number in the doorbell: the byte order, and that the create command succeeded.',
  }),
  'other-page': f => ({
    what: `${QUEUES[String(f.queue)]} ${f.number} belongs to doorbell page ${f.ownerPage}`,
    todo: 'Ring it on the page that was named when it was created.',
  }),
  'wrong-state': f => ({
    what: `the queue pair is in state ${f.state}`,
    todo: 'Sends need RTS or a state after it, receives at least INIT: issue MODIFY_QP before the doorbell.',
  }),
  'no-receive-queue': () => ({
    what: 'a DMA queue has no receive queue',
    todo: 'Ring the send doorbell, or create the queue pair with another type.',
  }),
  'shared-queue': f => ({
    what: `the queue pair takes its receives from shared receive queue ${f.srqn}`,
    todo: 'Post there and ring the SRQ doorbell.',
  }),
  'index-too-far': f => ({
    what: `producer index ${f.index} is more than ${f.depth} entries ahead of ${f.consumer}`,
    todo: 'The index counts entries modulo 65536, not bytes and not modulo the depth.',
  }),
  'kernel-page-only': () => ({
    what: 'event queues can be armed on page 0 only',
    todo: 'Use doorbell page 0, which is the kernel’s own.',
  }),
};

export const PUSH_FALLBACK: Readonly<Record<string, string>> = {
  'wrong-buffer': 'the trailer names another push buffer than the one that was filled',
  'wrong-generation': 'the generation in the trailer is not that of the buffer: a stale or doubled push',
  'bad-length': 'the length in the trailer is not one that a descriptor can have',
  torn: 'a byte was stored twice: two CPUs share the buffer, or write combining is off',
  incomplete: 'bytes are missing or there are too many: a barrier is missing before the trailer',
  'not-next': 'its index is not the next one of the queue',
  'queue-full': 'the queue has no free entry for it',
  'no-slot': 'the adapter holds as many pushes of this page as it can',
};

export const BAD_ACCESS: Readonly<Record<string, string>> = {
  size: 'size or alignment do not fit a register there',
  'no-register': 'there is no register',
  'read-only': 'the register cannot be written',
  value: 'the register does not take that value',
  busy: 'a command is still under way',
  bar: 'the BAR has no registers',
};

/** What `field` of a refused command means where it is not the name of an input field. */
export const COMMAND_FIELDS: Readonly<Record<string, string>> = {
  users: 'other objects still use it: destroy those first',
  opcode: 'there is no such command',
  mailbox: 'the mailbox address is not aligned',
  mailbox_memory: 'the mailbox cannot be read or written: check its DMA address and Bus Master Enable',
  reserved: 'a reserved field is not zero',
  transition: 'the queue pair cannot go from its state to that one',
  attr_mask:
    'the attribute mask names attributes that do not belong to this transition, or lacks needed ones',
  page_list: 'an address in the page list is not aligned or cannot be read',
  table: 'the table of such objects is full',
  cur_state: 'the queue pair is in another state than CUR_STATE says',
  draining: 'the send queue still drains: wait for the SQ_DRAINED event',
  sgid_index: 'that entry of the GID table is free or beyond its end: set it with SET_GID first',
  dgid: 'the destination is not given, or one end is IPv4 and the other IPv6',
  qkey: 'a Q_Key with the top bit set is for privileged queue pairs',
  overflowed: 'the completion queue has lost entries: it cannot be mended, only destroyed',
  unconsumed: 'more entries wait than the new buffer has: consume them first',
  buffer: 'a completion queue buffer cannot be read or written',
  pool: 'the pool of page addresses is used up',
};

/** Why a packet that came in went nowhere. */
export const DROPPED: Readonly<Record<string, string>> = {
  malformed: 'they were malformed, or a checksum was wrong',
  'no-taker': 'no GID of ours, no such queue pair, or one whose type or state does not take them',
  qkey: 'the Q_Key is not that of the queue pair',
  pkey: 'the partition key is not the default one',
  'no-receive': 'the datagram or unreliable message found no receive posted',
  sequence: 'their sequence number was not the one that was expected',
};
