// SPDX-License-Identifier: MIT
// The adapter: a PciModel. The data path in one look:
//
//   write(BAR 2) → doorbells.ts / push.ts → queues.ts (who may run) → poll → scheduler.ts (who runs) → send-queue.ts
//     → requester.ts, datagrams.ts → link → wire.ts (whose packet) → responder.ts, or engine.ts (COPY, FILL),
//     or memory-ops.ts → completion.ts → outbox.ts
//
// Everything happens in steps (journal.ts): an input or a slice of work is carried out in the region, committed, and
// then the guest is told (outbox.ts).
import { DOORBELL_BAR, REG_COMMAND_OFFSET, REGISTER_BAR } from '../abi/generated/registers.js';
import {
  putStAsleep,
  putStBusEpoch,
  putStBusMaster,
  putStMsixEnabled,
  putStRateMbps,
  putStRunning,
  ST_APPLIED_OFFSET,
  stApplied,
  stAsleep,
  stBusEpoch,
  stCommandPending,
  stHold,
  stRateMbps,
  stRunning,
} from '../abi/generated/state.js';
import { macFromSeed, macText } from '../fabric/addresses.js';
import { type Link, LoopbackLink } from '../fabric/link.js';
import { AGAIN } from './commands/context.js';
import { runCommand, suspendCommand } from './commands/dispatch.js';
import { HOLDS, RATE_MAX_MBPS } from './commands/port.js';
import { Core } from './core.js';
import { describeFunction } from './description.js';
import { Diary } from './diary.js';
import { storeDoorbell } from './doorbells.js';
import { runEngine } from './engine.js';
import { type Attachment, explain } from './explain.js';
import { Journal } from './journal.js';
import { badAccess } from './notify.js';
import { PacketCapture } from './packet-capture.js';
import type { ControlEvent, FunctionDescription, Host, PciModel, RegionMemory } from './ports.js';
import { isAfter, lowWord } from './powers.js';
import { Rechecks } from './recheck.js';
import { powerOn, recover } from './recovery.js';
import { loadRegister, type PageActions, readCounters, storeRegister, whyNot } from './register-page.js';
import { beginReset, finishReset, macOf } from './reset.js';
import { Scheduler } from './scheduler.js';
import { SendQueue } from './send-queue.js';
import { Network } from './wire.js';

const APPLIED = ST_APPLIED_OFFSET / 4;
const MAX_MTU = 4096;
const DEFAULT_SEED = 1;

export interface AdapterOptions {
  /** Seed of the MAC address; adapters on one fabric have different ones. */
  readonly seed?: number;
  /** Whether another adapter has this address (PciModel.address): the next seed is tried then. */
  readonly addressTaken?: (address: string) => boolean;
  /** Write every packet to this pcapng file from the first connection on. */
  readonly capturePath?: string;
  /** Wall-clock time in ms since 1970, for the time stamps of a capture. */
  readonly nowMs?: () => number;
  /** Makes the journal of a region; tests pass one that dies at a chosen store. */
  readonly journal?: (region: RegionMemory) => Journal;
  /** What stands between the adapter and its link; tests put a bad wire there. */
  readonly wire?: (link: Link) => Link;
}

class Adapter implements PciModel {
  readonly description: FunctionDescription = describeFunction();
  readonly capture: PacketCapture;
  readLo = 0;
  readHi = 0;
  #core!: Core;
  #scheduler!: Scheduler;
  #link!: LoopbackLink;
  #network!: Network;
  #commandMayGoOn = false;
  #rechecks!: Rechecks;
  #resetAsked = false;
  #commandAsked: number | undefined;
  readonly #makeJournal: (region: RegionMemory) => Journal;
  readonly #wire: (link: Link) => Link;
  readonly #seed: number;
  readonly #addressTaken: (address: string) => boolean;
  #explained: Attachment = { attachedAtNs: 0, takenOver: false };
  readonly #actions: PageActions = {
    startCommand: word => {
      this.#commandAsked = word;
    },
    reset: () => {
      this.#resetAsked = true;
    },
  };

  constructor(options: AdapterOptions) {
    this.#makeJournal = options.journal ?? (region => new Journal(region));
    this.#wire = options.wire ?? (link => link);
    this.#seed = options.seed ?? DEFAULT_SEED;
    this.#addressTaken = options.addressTaken ?? (() => false);
    this.capture = new PacketCapture(options.capturePath, options.nowMs ?? Date.now);
  }

  attach(host: Host, region: RegionMemory, fresh: boolean): void {
    const journal = this.#makeJournal(region);
    if (fresh) powerOn(journal, this.#newMac());
    else recover(journal);
    this.#explained = { attachedAtNs: host.clock.nowNs(), takenOver: !fresh };
    const core = new Core(journal, host, new Diary(), fresh);
    core.mustYield = () => (host.workWaiting?.() ?? true) || core.queues.runnable > 1;
    this.#core = core;
    this.#rechecks = new Rechecks(core);
    this.#link = new LoopbackLink(host.clock, MAX_MTU);
    this.capture.attach(core, this.#link);
    this.#link.rateMbps = stRateMbps(core.m, 0);
    const wire = this.#wire(this.#link);
    const network = new Network(core, wire);
    this.#network = network;
    wire.receiver = (frame, length) => network.deliver(frame, length);
    const sendQueue = new SendQueue(core, (_core, qp, d, work) => network.send(qp, d, work), runEngine);
    this.#scheduler = new Scheduler(core, sendQueue, wire, host.clock);
    core.queues.rebuild();
    core.moderation.rebuild();
    this.#commandMayGoOn = true;
    core.interrupts.sync();
  }

  /** For a fresh region; one that is taken over has its own, perhaps from another slot of an earlier process. */
  #newMac(): Uint8Array {
    let seed = this.#seed;
    while (this.#addressTaken(macText(macFromSeed(seed)))) seed++;
    return macFromSeed(seed);
  }

  get address(): string | undefined {
    return this.#core === undefined ? undefined : macText(macOf(this.#core.m));
  }

  get appliedPosition(): number {
    return stApplied(this.#core.m, 0);
  }

  get resetEpoch(): number {
    return stBusEpoch(this.#core.m, 0);
  }

  write(bar: number, offset: number, size: number, lo: number, hi: number, position: number): void {
    const core = this.#core;
    if (bar === DOORBELL_BAR) storeDoorbell(core, offset, size, lo, hi);
    else if (bar === REGISTER_BAR) storeRegister(core, offset, size, lo >>> 0, this.#actions);
    else badAccess(core, bar, offset, size, 'bar');
    if (this.#commandAsked !== undefined) this.#command();
    if (this.#resetAsked) beginReset(core.journal);
    core.journal.put(APPLIED, lowWord(position + 1));
    core.journal.commit();
    if (bar === REGISTER_BAR) core.interrupts.sync();
    this.#afterWrite();
  }

  #command(): void {
    const word = this.#commandAsked as number;
    this.#commandAsked = undefined;
    if (stCommandPending(this.#core.m, 0) !== 0)
      return badAccess(this.#core, REGISTER_BAR, REG_COMMAND_OFFSET, 4, 'busy');
    if (runCommand(this.#core, word) === AGAIN) suspendCommand(this.#core, word);
    this.#commandEnded();
  }

  /** What a write asks for beyond its own step. */
  #afterWrite(): void {
    const core = this.#core;
    if (this.#resetAsked) this.#reset();
    if (!core.mayDma) return core.interrupts.raiseLine();
    this.#rechecks.afterWrite();
    if (core.outbox.pending && !core.outbox.stuck) core.outbox.flush();
  }

  read(bar: number, offset: number, size: number, position?: number): void {
    const value = bar === REGISTER_BAR ? loadRegister(this.#core.m, offset, size) : 0;
    this.readLo = value ?? 0;
    this.readHi = 0;
    if (value !== undefined) return;
    // A counter is no side effect on the register that was read. A read that is answered again after a restart counts once.
    const { m, journal } = this.#core;
    if (position !== undefined && isAfter(stApplied(m, 0), position)) return;
    badAccess(this.#core, bar, offset, size, whyNot(offset, size), false);
    if (position !== undefined) journal.put(APPLIED, (position + 1) >>> 0);
    journal.commit();
  }

  control(event: ControlEvent): void {
    const core = this.#core;
    const { m, journal } = core;
    switch (event.kind) {
      case 'run':
      case 'stop':
        putStRunning(journal, 0, event.kind === 'run' ? 1 : 0);
        break;
      case 'bus-master':
        putStBusMaster(journal, 0, event.value ? 1 : 0);
        break;
      case 'function-reset':
      case 'bus-reset':
        if (stBusEpoch(m, 0) === event.epoch) return;
        putStBusEpoch(journal, 0, event.epoch);
        // As PCI has it; nobody says so separately. The RESET register leaves it alone.
        putStBusMaster(journal, 0, 0);
        putStMsixEnabled(journal, 0, 0);
        putStAsleep(journal, 0, 0);
        beginReset(journal);
        this.#resetAsked = true;
        break;
      case 'msix':
        core.interrupts.switchMsix(event.value);
        break;
      case 'power':
        putStAsleep(journal, 0, event.value ? 0 : 1);
        break;
      // The front-end keeps INTx from the guest then; its level goes on.
      case 'intx-disable':
        return;
    }
    journal.commit();
    core.look();
    if (this.#resetAsked) this.#reset();
    core.interrupts.sync();
    if (core.mayDma) return this.#resume();
    if (stRunning(m, 0) === 1 && stAsleep(m, 0) === 0) this.#refusePending();
    core.interrupts.raiseLine();
  }

  #reset(): void {
    const core = this.#core;
    this.#resetAsked = false;
    finishReset(core.journal);
    core.outbox.stuck = false;
    this.#rechecks.reset();
    core.diary.reset();
    core.queues.rebuild();
    core.interrupts.sync();
    this.#commandEnded();
  }

  /** DMA is allowed again: tell what is owed, and look at what was armed meanwhile. */
  #resume(): void {
    this.#rechecks.owed = true;
    this.memoryChanged();
  }

  poll(budget: number): boolean {
    const { mayDma, outbox, m, moderation } = this.#core;
    if (!mayDma || outbox.stuck) return false;
    this.#rechecks.expired();
    if (stCommandPending(m, 0) !== 0 && this.#commandMayGoOn) this.#retryCommand();
    const more = this.#scheduler.run(budget);
    moderation.start();
    if (outbox.lost) this.#rechecks.all();
    return more;
  }

  /** A command that waited when Bus Master Enable went away ends as one that comes now would. */
  #refusePending(): void {
    const { m, journal } = this.#core;
    const word = stCommandPending(m, 0);
    if (word === 0) return;
    if (runCommand(this.#core, word) !== AGAIN) journal.commit();
  }

  #retryCommand(): void {
    const { m, journal, outbox } = this.#core;
    const word = stCommandPending(m, 0);
    this.#commandMayGoOn = false;
    if (runCommand(this.#core, word) === AGAIN) return;
    journal.commit();
    outbox.flush();
    this.#commandEnded();
    // MODIFY_CQ may have something to tell.
    this.#rechecks.afterWrite();
  }

  /** What is kept beside the region of what a command may have changed. */
  #commandEnded(): void {
    this.#link.rateMbps = stRateMbps(this.#core.m, 0);
    this.#network.addressesChanged();
  }

  get wakeAtNs(): number {
    const { mayDma, outbox, moderation } = this.#core;
    return mayDma && !outbox.stuck ? Math.min(this.#scheduler.wakeAtNs, moderation.wakeAtNs) : Infinity;
  }

  memoryChanged(): void {
    const { mayDma, outbox, queues } = this.#core;
    this.#commandMayGoOn = true;
    queues.unblockAll();
    if (!mayDma) return;
    if (outbox.pending) outbox.flush();
    if (this.#rechecks.owed || outbox.lost) this.#rechecks.all();
  }

  close(): void {
    this.capture.stop();
  }

  /** Control socket: what a test or a tool may ask of the model. */
  readonly controlOps = {
    /** {path} starts a capture, without path it ends. */
    capture: ({ path }: Readonly<Record<string, unknown>>): unknown => {
      if (path === undefined) this.capture.stop();
      else this.capture.start(String(path));
      return { path: this.capture.path ?? null };
    },
    /** {hold?, rateMbps?} sets the link; the answer is what holds now. */
    link: ({ hold, rateMbps }: Readonly<Record<string, unknown>>): unknown => this.#setLink(hold, rateMbps),
    counters: (): unknown => readCounters(this.#attached().m),
    /** Why nothing happens: findings (explain.ts), the weightiest first. */
    explain: (): unknown => explain(this.#core as Core | undefined, this.#explained),
  };

  #attached(): Core {
    if (this.#core === undefined) throw new Error('no front-end has connected yet');
    return this.#core;
  }

  #setLink(hold: unknown, rateMbps: unknown): unknown {
    const { m, journal } = this.#attached();
    if (hold !== undefined) this.#rechecks.setHold(inRange('hold', hold, HOLDS));
    if (rateMbps !== undefined) putStRateMbps(journal, 0, inRange('rateMbps', rateMbps, RATE_MAX_MBPS));
    journal.commit();
    this.#link.rateMbps = stRateMbps(m, 0);
    return { hold: stHold(m, 0), rateMbps: stRateMbps(m, 0) };
  }
}

function inRange(name: string, value: unknown, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new RangeError(`"${name}" must be a whole number from 0 to ${max}`);
}

export type { Adapter };
export function createAdapter(options: AdapterOptions = {}): Adapter {
  return new Adapter(options);
}
