// SPDX-License-Identifier: MIT
// "Why did nothing happen?": what stands between the guest and its completions, read from the state region, and what was
// refused lately, from the diary. Data only, with the names of device/abi; words are made of it elsewhere. A finding says
// what is so, not what to do: a `problem` holds something up, a `note` is for the picture.
import { Command, Hold } from '../abi/generated/commands.js';
import { REG_COMMAND_OFFSET, REG_SIZE, regCommandOpcode } from '../abi/generated/registers.js';
import {
  OUTBOX_TABLE,
  OUTBOX_WORDS,
  outboxAddress,
  outboxCount,
  outboxInfo,
  stAsleep,
  stBusMaster,
  stCommandPending,
  stControl,
  stCountDmaFaults,
  stFaultAddressHi,
  stFaultAddressLo,
  stFaultIndex,
  stFaultInfo,
  stHold,
  stInterruptCause,
  stIrqPending,
  stMsixEnabled,
  stOutboxCount,
  stPortRxBad,
  stPortRxNoReceive,
  stPortRxPkey,
  stPortRxQkey,
  stPortRxSequence,
  stPortRxUnknown,
  stRateMbps,
  stRunning,
} from '../abi/generated/state.js';
import type { Core } from './core.js';
import type { Finding } from './diary.js';
import { explainQueuePairs, explainQueues } from './explain-queues.js';
import { faultFields } from './faults.js';
import { vectorsOf } from './interrupts.js';
import { nameOf } from './names.js';

/** When this process took the adapter over, and whether from an earlier one. */
export interface Attachment {
  readonly attachedAtNs: number;
  readonly takenOver: boolean;
}

const registers = new Uint32Array(REG_SIZE / 4);

const problem = (code: string, fields: object = {}): Finding => ({ code, severity: 'problem', ...fields });
const note = (code: string, fields: object = {}): Finding => ({ code, severity: 'note', ...fields });

/** Everything that is to say, problems first. `core` undefined: nobody has connected. */
export function explain(core: Core | undefined, attachment: Attachment): Finding[] {
  if (core === undefined) return [problem('no-front-end')];
  const all = [
    ...explainFunction(core.m),
    ...explainOwed(core.m),
    ...explainCommand(core.m),
    ...explainFault(core.m),
    ...explainDrops(core.m),
    ...core.diary.findings(),
    ...explainQueuePairs(core),
    ...explainQueues(core.m),
    ...explainRecords(core, attachment),
  ];
  return [...all.filter(f => f.severity === 'problem'), ...all.filter(f => f.severity === 'note')];
}

function explainFunction(m: Uint32Array): Finding[] {
  const found: Finding[] = [];
  if (stRunning(m, 0) === 0) found.push(problem('stopped'));
  if (stAsleep(m, 0) === 1) found.push(problem('asleep'));
  if (stBusMaster(m, 0) === 0) found.push(problem('bus-master-off'));
  if (stControl(m, 0) === 0) found.push(problem('not-enabled'));
  if (stMsixEnabled(m, 0) === 0) found.push(note('msix-off'));
  const cause = stInterruptCause(m, 0);
  if (cause !== 0) found.push(problem('interrupt-cause', { vectors: vectorsOf(cause) }));
  const hold = stHold(m, 0);
  if ((hold & Hold.LINK) !== 0) found.push(problem('held', { what: 'link' }));
  if ((hold & Hold.ENGINE) !== 0) found.push(problem('held', { what: 'engine' }));
  if ((hold & Hold.PORT) !== 0) found.push(problem('held', { what: 'port' }));
  if (stRateMbps(m, 0) !== 0) found.push(note('rate', { mbps: stRateMbps(m, 0) }));
  return found;
}

/** What the function must become before it may do DMA; with all of that it can only wait for a translation. */
function waitsUntil(m: Uint32Array): string {
  if (stRunning(m, 0) === 0) return 'run';
  if (stAsleep(m, 0) === 1) return 'awake';
  return stBusMaster(m, 0) === 0 ? 'bus-master' : 'translation';
}

function explainOwed(m: Uint32Array): Finding[] {
  const found: Finding[] = [];
  const entries = Array.from({ length: stOutboxCount(m, 0) }, (_, n) => OUTBOX_TABLE + n * OUTBOX_WORDS);
  const owed = entries.filter(at => outboxCount(m, at) !== 0);
  const [first] = owed;
  if (first !== undefined) {
    const { object, number } = faultFields(outboxInfo(m, first));
    const address = outboxAddress(m, first);
    found.push(problem('writes-owed', { count: owed.length, object, number, address, until: waitsUntil(m) }));
  }
  const vectors = vectorsOf(stIrqPending(m, 0));
  if (vectors.length > 0)
    found.push(
      problem('interrupts-owed', { vectors, until: first === undefined ? waitsUntil(m) : 'writes' }),
    );
  return found;
}

function explainCommand(m: Uint32Array): Finding[] {
  const word = stCommandPending(m, 0);
  if (word === 0) return [];
  registers[REG_COMMAND_OFFSET / 4] = word;
  const opcode = nameOf(Command, regCommandOpcode(registers, 0));
  return [
    problem('command-waiting', { opcode, until: stOutboxCount(m, 0) === 0 ? waitsUntil(m) : 'writes' }),
  ];
}

function explainFault(m: Uint32Array): Finding[] {
  const times = stCountDmaFaults(m, 0);
  if (times === 0) return [];
  const address = stFaultAddressLo(m, 0) + stFaultAddressHi(m, 0) * 2 ** 32;
  return [
    problem('dma-fault', { ...faultFields(stFaultInfo(m, 0)), index: stFaultIndex(m, 0), address, times }),
  ];
}

/** Packets that came in and went nowhere, by reason. */
const DROPS: readonly (readonly [why: string, get: (m: Uint32Array, w: number) => number])[] = [
  ['malformed', stPortRxBad],
  ['no-taker', stPortRxUnknown],
  ['qkey', stPortRxQkey],
  ['pkey', stPortRxPkey],
  ['no-receive', stPortRxNoReceive],
  ['sequence', stPortRxSequence],
];

function explainDrops(m: Uint32Array): Finding[] {
  const dropped = DROPS.filter(([, get]) => get(m, 0) > 0);
  return dropped.map(([why, get]) => note('packets-dropped', { why, times: get(m, 0) }));
}

/** The diary is of this process alone. */
function explainRecords(core: Core, { attachedAtNs, takenOver }: Attachment): Finding[] {
  const ageMs = Math.round((core.host.clock.nowNs() - attachedAtNs) / 1e6);
  const found = [note('records-began', { takenOver, ageMs })];
  if (core.diary.dropped > 0) found.push(note('records-dropped', { count: core.diary.dropped }));
  return found;
}
