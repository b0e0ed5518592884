// SPDX-License-Identifier: MIT
// The register page (BAR 0) as data: for each register what a load gives and what a store does. Loads have no side
// effect. A register without a row, or of another size than 4 bytes, is a bad access.
import {
  ABI_MAJOR,
  ABI_MINOR,
  DEVICE_MAGIC,
  DOORBELL_PAGES,
  Feature,
  MSIX_VECTORS,
  REG_ABI_VERSION_OFFSET,
  REG_COMMAND_OFFSET,
  REG_COMMAND_STATUS_OFFSET,
  REG_CONTROL_OFFSET,
  REG_COUNT_BAD_ACCESSES_OFFSET,
  REG_COUNT_COMPLETIONS_OFFSET,
  REG_COUNT_DESCRIPTOR_READS_OFFSET,
  REG_COUNT_DMA_FAULTS_OFFSET,
  REG_COUNT_DOORBELLS_OFFSET,
  REG_COUNT_IGNORED_OFFSET,
  REG_COUNT_PACKETS_OFFSET,
  REG_COUNT_PUSH_FALLBACKS_OFFSET,
  REG_COUNT_PUSHES_OFFSET,
  REG_COUNT_REFUSED_OFFSET,
  REG_DOORBELL_PAGES_OFFSET,
  REG_FAULT_ADDRESS_HI_OFFSET,
  REG_FAULT_ADDRESS_LO_OFFSET,
  REG_FAULT_INDEX_OFFSET,
  REG_FAULT_INFO_OFFSET,
  REG_FEATURES_OFFSET,
  REG_ID_OFFSET,
  REG_INTERRUPT_CAUSE_OFFSET,
  REG_INTERRUPT_TEST_OFFSET,
  REG_MAC_HI_OFFSET,
  REG_MAC_LO_OFFSET,
  REG_MAILBOX_HI_OFFSET,
  REG_MAILBOX_LO_OFFSET,
  REG_RESET_EPOCH_OFFSET,
  REG_RESET_OFFSET,
  REG_SCRATCH_OFFSET,
  REG_SIZE,
  REG_STATUS_OFFSET,
  REGISTER_BAR,
  RESET_MAGIC,
  regControlEnable,
  StatusBit,
  setRegAbiVersionMajor,
  setRegAbiVersionMinor,
} from '../abi/generated/registers.js';
import {
  ST_COMMAND_STATUS_OFFSET,
  ST_CONTROL_OFFSET,
  ST_COUNT_BAD_ACCESSES_OFFSET,
  ST_COUNT_COMPLETIONS_OFFSET,
  ST_COUNT_DESCRIPTOR_READS_OFFSET,
  ST_COUNT_DMA_FAULTS_OFFSET,
  ST_COUNT_DOORBELLS_OFFSET,
  ST_COUNT_IGNORED_OFFSET,
  ST_COUNT_PACKETS_OFFSET,
  ST_COUNT_PUSH_FALLBACKS_OFFSET,
  ST_COUNT_PUSHES_OFFSET,
  ST_COUNT_REFUSED_OFFSET,
  ST_FAULT_ADDRESS_HI_OFFSET,
  ST_FAULT_ADDRESS_LO_OFFSET,
  ST_FAULT_INDEX_OFFSET,
  ST_FAULT_INFO_OFFSET,
  ST_INTERRUPT_CAUSE_OFFSET,
  ST_MAC_HI_OFFSET,
  ST_MAC_LO_OFFSET,
  ST_MAILBOX_HI_OFFSET,
  ST_MAILBOX_LO_OFFSET,
  ST_RESET_COUNT_OFFSET,
  ST_SCRATCH_OFFSET,
  stBusMaster,
  stControl,
  stInterruptCause,
} from '../abi/generated/state.js';
import type { Core } from './core.js';
import { VECTOR_BITS } from './interrupts.js';
import { badAccess } from './notify.js';
import { without } from './powers.js';

/** What a store asks of the adapter as a whole, beyond the register itself. */
export interface PageActions {
  startCommand(word: number): void;
  reset(): void;
}

interface Register {
  readonly load: (m: Uint32Array) => number;
  readonly store?: (core: Core, value: number, actions: PageActions) => void;
}

const fixed = (value: number): Register => ({ load: () => value });
const shown = (offset: number): Register => ({ load: m => m[offset / 4] });
const kept = (offset: number): Register => ({
  load: m => m[offset / 4],
  store: (core, value) => core.journal.put(offset / 4, value),
});

/** ABI_VERSION, packed by the codec. */
function abiVersion(): number {
  const word = new Uint32Array(REG_SIZE / 4);
  setRegAbiVersionMajor(word, 0, ABI_MAJOR);
  setRegAbiVersionMinor(word, 0, ABI_MINOR);
  return word[REG_ABI_VERSION_OFFSET / 4];
}

function status(m: Uint32Array): number {
  const enabled = stControl(m, 0) !== 0 ? StatusBit.ENABLED : 0;
  const master = stBusMaster(m, 0) !== 0 ? StatusBit.BUS_MASTER : 0;
  return StatusBit.READY | enabled | master;
}

const control = new Uint32Array(REG_SIZE / 4);

function storeControl(core: Core, value: number): void {
  control[REG_CONTROL_OFFSET / 4] = value;
  core.journal.put(ST_CONTROL_OFFSET / 4, regControlEnable(control, 0));
}

function storeInterruptTest(core: Core, value: number): void {
  if (value < MSIX_VECTORS) core.outbox.interrupt(VECTOR_BITS[value]);
  else badAccess(core, REGISTER_BAR, REG_INTERRUPT_TEST_OFFSET, 4, 'value');
}

/** Write 1 to clear; the level of INTx follows after the commit. */
function clearCause(core: Core, value: number): void {
  const cause = stInterruptCause(core.m, 0);
  core.journal.put(ST_INTERRUPT_CAUSE_OFFSET / 4, without(cause, value));
}

const REGISTERS: readonly (readonly [number, Register])[] = [
  [REG_ID_OFFSET, fixed(DEVICE_MAGIC)],
  [REG_ABI_VERSION_OFFSET, fixed(abiVersion())],
  [REG_FEATURES_OFFSET, fixed(Feature.PUSH_TRAPPED | Feature.DMA_ENGINE | Feature.LOOPBACK | Feature.VERBS)],
  [REG_STATUS_OFFSET, { load: status }],
  [REG_CONTROL_OFFSET, { load: m => m[ST_CONTROL_OFFSET / 4], store: storeControl }],
  [
    REG_RESET_OFFSET,
    {
      load: () => 0,
      store: (_core, value, actions) => {
        if (value === RESET_MAGIC) actions.reset();
      },
    },
  ],
  [REG_RESET_EPOCH_OFFSET, shown(ST_RESET_COUNT_OFFSET)],
  [REG_DOORBELL_PAGES_OFFSET, fixed(DOORBELL_PAGES)],
  [REG_MAILBOX_LO_OFFSET, kept(ST_MAILBOX_LO_OFFSET)],
  [REG_MAILBOX_HI_OFFSET, kept(ST_MAILBOX_HI_OFFSET)],
  [
    REG_COMMAND_OFFSET,
    {
      load: () => 0,
      store: (_core, value, actions) => actions.startCommand(value),
    },
  ],
  [REG_COMMAND_STATUS_OFFSET, shown(ST_COMMAND_STATUS_OFFSET)],
  [REG_MAC_LO_OFFSET, shown(ST_MAC_LO_OFFSET)],
  [REG_MAC_HI_OFFSET, shown(ST_MAC_HI_OFFSET)],
  [REG_SCRATCH_OFFSET, kept(ST_SCRATCH_OFFSET)],
  [REG_INTERRUPT_TEST_OFFSET, { load: () => 0, store: storeInterruptTest }],
  [REG_COUNT_DOORBELLS_OFFSET, shown(ST_COUNT_DOORBELLS_OFFSET)],
  [REG_COUNT_PUSHES_OFFSET, shown(ST_COUNT_PUSHES_OFFSET)],
  [REG_COUNT_PUSH_FALLBACKS_OFFSET, shown(ST_COUNT_PUSH_FALLBACKS_OFFSET)],
  [REG_COUNT_IGNORED_OFFSET, shown(ST_COUNT_IGNORED_OFFSET)],
  [REG_COUNT_REFUSED_OFFSET, shown(ST_COUNT_REFUSED_OFFSET)],
  [REG_COUNT_BAD_ACCESSES_OFFSET, shown(ST_COUNT_BAD_ACCESSES_OFFSET)],
  [REG_COUNT_DESCRIPTOR_READS_OFFSET, shown(ST_COUNT_DESCRIPTOR_READS_OFFSET)],
  [REG_COUNT_COMPLETIONS_OFFSET, shown(ST_COUNT_COMPLETIONS_OFFSET)],
  [REG_COUNT_PACKETS_OFFSET, shown(ST_COUNT_PACKETS_OFFSET)],
  [
    REG_INTERRUPT_CAUSE_OFFSET,
    { load: m => stInterruptCause(m, 0), store: (core, value) => clearCause(core, value) },
  ],
  [REG_COUNT_DMA_FAULTS_OFFSET, shown(ST_COUNT_DMA_FAULTS_OFFSET)],
  [REG_FAULT_ADDRESS_LO_OFFSET, shown(ST_FAULT_ADDRESS_LO_OFFSET)],
  [REG_FAULT_ADDRESS_HI_OFFSET, shown(ST_FAULT_ADDRESS_HI_OFFSET)],
  [REG_FAULT_INFO_OFFSET, shown(ST_FAULT_INFO_OFFSET)],
  [REG_FAULT_INDEX_OFFSET, shown(ST_FAULT_INDEX_OFFSET)],
];

/** By word of the page. */
const TABLE: (Register | undefined)[] = Array.from({ length: REG_SIZE / 4 });
for (const [offset, register] of REGISTERS) TABLE[offset / 4] = register;

/** The register that a 4-byte access at `offset` means, if any. */
const at = (offset: number, size: number): Register | undefined =>
  size === 4 && offset % 4 === 0 ? TABLE[offset / 4] : undefined;

/** Value of a load; undefined is a bad access. */
export function loadRegister(m: Uint32Array, offset: number, size: number): number | undefined {
  return at(offset, size)?.load(m);
}

/** Why no register takes an access. */
export function whyNot(offset: number, size: number): 'size' | 'no-register' | 'read-only' {
  const near = TABLE[Math.floor(offset / 4)];
  if (near === undefined) return 'no-register';
  return at(offset, size) === undefined ? 'size' : 'read-only';
}

export function storeRegister(
  core: Core,
  offset: number,
  size: number,
  value: number,
  actions: PageActions,
): void {
  const register = at(offset, size);
  if (register?.store !== undefined) register.store(core, value, actions);
  else badAccess(core, REGISTER_BAR, offset, size, whyNot(offset, size));
}

const COUNTERS: readonly (readonly [string, number])[] = [
  ['doorbells', ST_COUNT_DOORBELLS_OFFSET],
  ['pushes', ST_COUNT_PUSHES_OFFSET],
  ['pushFallbacks', ST_COUNT_PUSH_FALLBACKS_OFFSET],
  ['ignored', ST_COUNT_IGNORED_OFFSET],
  ['refused', ST_COUNT_REFUSED_OFFSET],
  ['badAccesses', ST_COUNT_BAD_ACCESSES_OFFSET],
  ['descriptorReads', ST_COUNT_DESCRIPTOR_READS_OFFSET],
  ['completions', ST_COUNT_COMPLETIONS_OFFSET],
  ['packets', ST_COUNT_PACKETS_OFFSET],
  ['dmaFaults', ST_COUNT_DMA_FAULTS_OFFSET],
];

/** Every counter by name. */
export function readCounters(m: Uint32Array): Record<string, number> {
  return Object.fromEntries(COUNTERS.map(([name, offset]) => [name, m[offset / 4]]));
}
