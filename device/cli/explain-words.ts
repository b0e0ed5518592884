// SPDX-License-Identifier: MIT
// What a finding means and what to do about it, for a person who writes a driver. The codes are those of the model
// (model/explain*.ts) and of the transport (runtime/explain.ts).
import type { Finding } from '../runtime/explain.js';
import {
  BAD_ACCESS,
  COMMAND_FIELDS,
  DOORBELL_REFUSED,
  DROPPED,
  type Fields,
  PUSH_FALLBACK,
  type Teller,
  type Words,
} from './explain-reasons.js';

const hex = (value: unknown): string => (typeof value === 'number' ? `0x${value.toString(16)}` : `${value}`);
/** How often, and that the adapter was reset since: what was refused then may still be the reason. */
function times(f: Fields): string {
  const said = [
    ...(f.times === undefined || f.times === 1 ? [] : [`${f.times} times`]),
    ...(f.beforeReset === true ? ['before the last reset'] : []),
  ];
  return said.length === 0 ? '' : ` (${said.join(', ')})`;
}
const list = (values: unknown): string => (Array.isArray(values) ? values.join(', ') : String(values));
const plural = (count: unknown, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
const access = (f: Fields): string => (f.write === true ? 'write' : 'read');

/** Names of enumerations in the model's findings, as the documentation has them. */
const OBJECTS: Readonly<Record<string, string>> = {
  SEND_QUEUE: 'the send queue',
  RECV_QUEUE: 'the receive queue',
  GATHER: 'a gather range',
  SCATTER: 'a scatter range',
  CQ: 'completion queue',
  EQ: 'event queue',
  MAILBOX: 'the command mailbox',
  PAGE_LIST: 'a page list',
  SRQ: 'shared receive queue',
  REMOTE_READ: 'data read for the peer',
  REMOTE_WRITE: 'data written for the peer',
};
/** Objects whose number is their own, not that of a queue pair. */
const OWN_NUMBER: readonly unknown[] = ['CQ', 'EQ', 'SRQ'];
/** Objects without a number. */
const NO_NUMBER: readonly unknown[] = ['MAILBOX'];

/** "the send queue of queue pair 3", "completion queue 2", "the command mailbox". */
function objectOf(object: unknown, number: unknown): string {
  const name = OBJECTS[String(object)] ?? String(object);
  if (OWN_NUMBER.includes(object)) return `${name} ${number}`;
  return NO_NUMBER.includes(object) || number === undefined ? name : `${name} of queue pair ${number}`;
}

/** Whether there is a queue pair of the peer's number. */
const exists = (f: Fields): boolean => f.peerState !== undefined && f.peerState !== 'none';

const queuePair = (f: Fields): string => `Queue pair ${f.qpn}${f.type === undefined ? '' : ` (${f.type})`}`;

/** What something waits for (`until`). */
const UNTIL: Readonly<Record<string, string>> = {
  run: 'until the VM runs again',
  awake: 'until the function is back in D0',
  'bus-master': 'until the driver sets Bus Master Enable',
  translation: 'until the IOMMU translation of an address has arrived',
  writes: 'until the completions or events before it are in guest memory',
};
const until = (f: Fields): string => UNTIL[String(f.until)] ?? `until ${f.until}`;

function commandRefused(f: Fields): Words {
  const known = COMMAND_FIELDS[String(f.field)];
  const reason =
    f.field === undefined ? '' : known === undefined ? `: look at field "${f.field}"` : `: ${known}`;
  return {
    what: `Command ${f.opcode} was refused with ${f.status}${times(f)}${reason}.`,
    todo: 'Correct the command; device/docs/reference.md lists its fields and what each status means.',
  };
}

function doorbellRefused(f: Fields): Words {
  const reason = DOORBELL_REFUSED[String(f.why)]?.(f) ?? { what: String(f.why) };
  return {
    ...reason,
    what: `A ${f.register} doorbell on page ${f.page} was refused${times(f)}: ${reason.what}.`,
  };
}

function queuePairError(f: Fields): Words {
  const fault = f.fault as Fields | undefined;
  const cause =
    f.status === '' ? 'because software asked for it' : `since descriptor ${f.index}, with ${f.status}`;
  const at =
    fault === undefined
      ? ''
      : ` The address was ${hex(fault.address)} (${access(fault)}, ${objectOf(fault.object, fault.number)}).`;
  const peer =
    f.peer === undefined
      ? ''
      : ` Its peer is queue pair ${f.peer}${exists(f) ? ` in state ${f.peerState}` : ', which does not exist'}.`;
  return {
    what: `${queuePair(f)} is in the error state ${cause}.${at}${peer}`,
    todo: 'All that was posted after it is flushed. Poll its completion queue for the status, correct the cause, then take the queue pair through RESET, INIT, RTR and RTS.',
  };
}

const TABLE: Readonly<Record<string, Teller>> = {
  // The transport.
  'front-end-gone': f => ({
    what: `No QEMU is connected any more; the last connection ended: ${f.reason === 'closed' ? 'QEMU closed it' : f.reason}.`,
    todo: 'If QEMU still runs, its device connects again by itself; else start the VM.',
  }),
  handshake: f => ({
    what: `QEMU has connected but is still in the handshake (phase "${f.phase}"), so no access of the guest arrives.`,
    todo: 'If this stays so, QEMU is stopped, or whatever connected is not the pushbell-pci device: look at QEMU’s own messages.',
  }),
  'request-refused': f => ({
    what: `A request of QEMU was refused: ${f.reason}.`,
    todo: 'The reason says what is wrong; memory backends need share=on and, to be fast, memory-backend-memfd.',
  }),
  'no-access': () => ({
    what: 'The guest has not touched a register or a doorbell of this adapter: no driver is bound, or it has not begun.',
    todo: 'In the guest look at "lspci -k -d 1234:7062" and "dmesg"; check that the driver enables the device and maps its BARs. A front-end that is stopped (QEMU paused or halted) looks the same from here.',
  }),
  'no-access-traced': () => ({
    what: 'The guest has used this adapter, but not since this process took it over, or not as far back as its trace goes.',
  }),
  'last-access': f => ({
    what: `The guest last touched this adapter ${age(f.ageMs)} ago. If the driver should be busy now, it waits for something itself, or QEMU is silent (stopped).`,
  }),
  'trace-off': () => ({
    what: 'The trace is off, so nobody knows when the guest touched the adapter last, or which interrupts were sent.',
  }),
  'interrupts-sent': f => ({
    what: `Vector ${f.vector}: ${plural(f.count, 'interrupt')} sent to QEMU lately. Whether the guest has masked the vector, in the MSI-X table or with the function mask, QEMU knows and the adapter does not.`,
    todo: 'If the handler did not run, look at the MSI-X lines of "lspci -vvv" and at /proc/interrupts in the guest.',
  }),
  // The function.
  'no-front-end': () => ({
    what: 'No QEMU has connected since this back-end started.',
    todo: 'Start a VM with -device pushbell-pci,socket=PATH, where PATH is the one that this back-end listens on.',
  }),
  stopped: () => ({
    what: 'The adapter is stopped: the VM is paused, or QEMU has not let it run yet.',
    todo: 'Let the VM run ("cont" in the QEMU monitor).',
  }),
  asleep: () => ({
    what: 'The function is in power state D3hot: no DMA and no interrupt until it is woken.',
    todo: 'Set it to D0 (pci_set_power_state, or /sys/bus/pci/devices/…/power/control = on).',
  }),
  'bus-master-off': () => ({
    what: 'Bus Master Enable is off, so the adapter may neither do DMA nor send MSI-X: commands and doorbells have no effect.',
    todo: 'Call pci_set_master() after every reset and before the first command.',
  }),
  'not-enabled': () => ({
    what: 'CONTROL.ENABLE is 0, so all queues stand still.',
    todo: 'Set ENABLE in CONTROL when the driver is ready.',
  }),
  'msix-off': () => ({
    what: 'MSI-X is off: interrupts go to INTERRUPT_CAUSE and to the INTA line.',
    todo: 'Use pci_alloc_irq_vectors(…, PCI_IRQ_MSIX), or handle INTA and clear INTERRUPT_CAUSE.',
  }),
  'interrupt-cause': f => ({
    what: `INTA is asserted for vector ${list(f.vectors)}, and the driver has not cleared INTERRUPT_CAUSE.`,
    todo: 'Write those bits back to INTERRUPT_CAUSE in the handler; check that a handler is registered and that INTx is not disabled in the PCI command register, which only QEMU sees.',
  }),
  'interrupts-owed': f => ({
    what: `Interrupts of vector ${list(f.vectors)} are due, but held back ${until(f)}.`,
    todo: 'That is the thing to look at; nothing is lost.',
  }),
  'writes-owed': f => ({
    what: `${plural(f.count, 'entry').replace('entrys', 'entries')} of ${objectOf(f.object, f.number)} cannot be written to guest memory yet (next address ${hex(f.address)}), ${until(f)}.`,
    todo: 'That is the thing to look at; nothing is lost.',
  }),
  'eq-not-armed': f => ({
    what: `Event queue ${f.eqn} holds ${plural(f.events, 'event')} that the driver has not consumed, and it is not armed: vector ${f.vector} stays silent.`,
    todo: 'Consume the events and arm the queue with EQ_ARM at the end of the handler, then look once more.',
  }),
  'eq-full': f => ({
    what: `Event queue ${f.eqn} is full (${f.depth} entries): further events wait.`,
    todo: 'Consume events and tell the consumer index with EQ_ARM, or create it deeper.',
  }),
  'eq-overflow': f => ({
    what: `Event queue ${f.eqn} has lost an event: its buffer could not be written.`,
    todo: 'Check the DMA address of the buffer and that it stays mapped as long as the queue exists.',
  }),
  'cq-not-armed': f => ({
    what: `Completion queue ${f.cqn} holds ${plural(f.entries, 'entry').replace('entrys', 'entries')} that the driver has not consumed; it is ${f.armed === 'SOLICITED' ? 'armed for solicited completions only' : 'not armed'}, so no interrupt will tell.`,
    todo: 'Fine while the driver polls. Else arm it with CQ_ARM, then poll once more.',
  }),
  'cq-overflow': f => ({
    what: `Completion queue ${f.cqn} (${f.depth} entries) was full or could not be written: completions are lost, and its queue pairs are in error.`,
    todo: 'Make it as deep as all queues on it together, consume entries in time with CQ_UPDATE or CQ_ARM, and check its DMA address.',
  }),
  // Queue pairs.
  'qp-error': queuePairError,
  'qp-send-error': f => ({
    what: `${queuePair(f)} is in state SQE since descriptor ${f.index}, with ${f.status}: sends are flushed, receives go on.`,
    todo: 'Poll its completion queue for the status, correct the cause, then take it back with MODIFY_QP to RTS.',
  }),
  'qp-drained': f => ({
    what: `${queuePair(f)} is in state SQD: ${f.draining === true ? 'what has begun is being finished, then ' : ''}nothing is sent (${plural(f.waiting, 'descriptor')} waiting).`,
    todo: 'Take it back with MODIFY_QP to RTS.',
  }),
  'qp-wrong-state': f => ({
    what: `${queuePair(f)} is in state ${f.state}: sends are refused until it is in RTS${f.receives ? ` (${plural(f.receives, 'receive')} posted)` : ''}.`,
    todo: 'Take it to RTS with MODIFY_QP.',
  }),
  'waits-for-translation': f => ({
    what: `Queue pair ${f.qpn} waits for the IOMMU translation of ${hex(f.address)} (${objectOf(f.object, f.number)}).`,
    todo: 'If this stays so, QEMU does not answer: is it stopped? An address that is not mapped ends in a DMA fault, not here.',
  }),
  'waits-for-receive': f => ({
    what: `Queue pair ${f.qpn} has ${plural(f.waiting, 'descriptor')} waiting: its peer, queue pair ${f.peer}, ${exists(f) ? `has no receive posted${f.srqn === undefined ? '' : ` in shared receive queue ${f.srqn}`} (state ${f.peerState})` : 'does not exist'}.`,
    todo: 'Post a receive on the peer and ring its RECV doorbell, or SRQ if it shares a queue; check the destination queue number of the connection.',
  }),
  held: f => ({
    what: `The ${f.what === 'engine' ? 'DMA engine' : f.what} is held by a test or a debug command: nothing goes out.`,
    todo: 'Release it with the SET_LINK command, or the control request "link" with hold 0.',
  }),
  'packets-dropped': f => ({
    what: `Incoming packets were dropped${times(f)}: ${DROPPED[String(f.why)] ?? f.why}.`,
  }),
  'srq-failed': f => ({
    what: `Shared receive queue ${f.srqn} cannot be read: its queue pairs get no more receives.`,
    todo: 'Check the DMA address of its buffer and that it stays mapped; then destroy it and make another one.',
  }),
  'cq-gathers': f => ({
    what: `Completion queue ${f.cqn} is moderated: ${f.gathered} of ${f.count} completions have come; the event follows with the last of them, or ${f.periodUs} µs after the first.`,
  }),
  rate: f => ({ what: `The link is limited to ${f.mbps} Mbit/s.` }),
  // Commands, doorbells, accesses.
  'command-waiting': f => ({
    what: `Command ${f.opcode} is under way and waits ${until(f)}.`,
    todo: 'The driver must not give up its mailbox before the command has ended.',
  }),
  'command-refused': commandRefused,
  'doorbell-refused': doorbellRefused,
  'doorbell-ignored': f => ({
    what: `A ${f.register} doorbell on page ${f.page} for queue ${f.number} named index ${f.index}, which was taken already (the producer index is ${f.producer})${times(f)}. It had no effect.`,
    todo: 'Harmless after a push. Else the driver rings with an old index: it must write the index behind its last descriptor.',
  }),
  'push-fallback': f => ({
    what: `A push on page ${f.page}, buffer ${f.buffer}, for queue pair ${f.qpn} index ${f.index} ran as an ordinary doorbell${times(f)}: ${PUSH_FALLBACK[String(f.why)] ?? f.why}.`,
    todo: 'The descriptor was read from memory instead, so nothing is lost but the time; fix the store sequence to get the fast path.',
  }),
  'bad-access': f => ({
    what: `A ${plural(f.size, 'byte').replace(/s$/, '')} ${access(f)} at offset ${hex(f.offset)} of BAR ${f.bar} was not understood${times(f)}: ${BAD_ACCESS[String(f.why)] ?? f.why}.`,
    todo: 'Use the accessors of pushbell_abi.h and 32-bit accesses, unless the reference says otherwise.',
  }),
  'dma-fault': f => ({
    what: `A DMA ${access(f)} at address ${hex(f.address)} failed${times(f)}: ${objectOf(f.object, f.number)}${f.index === undefined ? '' : `, descriptor ${f.index}`}.`,
    todo: 'The address is not mapped, not for this direction, or not mapped any more: check dma_map_*, the direction, and that nothing is unmapped before its completion.',
  }),
  // What was seen.
  doorbells: f => ({
    what: `${queuePair(f)}, ${f.state}: ${f.seen} descriptors rung, ${f.executed} executed, ${f.waiting} waiting (${f.pushed} as pushes); ${plural(f.receives, 'receive')} posted.`,
  }),
  'records-began': f => ({
    what: `Refusals are remembered since this process attached, ${age(f.ageMs)} ago${f.takenOver === true ? '; what happened to the adapter before that is not known here' : ''}.`,
  }),
  'not-shown': f => ({ what: `There are ${f.count} more findings "${f.what}" that are not shown.` }),
  'records-dropped': f => ({
    what: `${plural(f.count, 'older refusal')} are not remembered any more.`,
  }),
};

function age(ms: unknown): string {
  const value = Number(ms);
  return value < 1000 ? `${value} ms` : `${(value / 1000).toFixed(value < 10_000 ? 1 : 0)} s`;
}

/** Findings that say nothing new beside others: what follows from those. */
export const SAID_BY: Readonly<Record<string, readonly string[]>> = {
  stopped: ['front-end-gone'],
  'bus-master-off': ['no-access'],
  'not-enabled': ['no-access'],
  'msix-off': ['no-access'],
};

export const EXPLAINED_CODES: readonly string[] = Object.keys(TABLE);

/** A code that nobody has words for is shown as it came. */
export function wordsOf(finding: Finding): Words {
  const teller = TABLE[finding.code];
  if (teller !== undefined) return teller(finding);
  const { code, severity: _, ...fields } = finding;
  return { what: `${code} ${JSON.stringify(fields)}` };
}
