// SPDX-License-Identifier: MIT
// The adapter: a PciModel. The data path in one look:
//
//   write(BAR 2) → doorbells.ts / push.ts → queues.ts (who may run) → poll → scheduler.ts (who runs) → send-queue.ts
//     → wire.ts (SEND: gather, packet, link, scatter) or engine.ts (COPY, FILL) → completion.ts → outbox.ts
//
// Everything happens in steps (journal.ts): an input or a slice of work is carried out in the region, committed, and
// then the guest is told (outbox.ts).
import { Hold } from '../abi/generated/commands.js';
import { DOORBELL_BAR, REGISTER_BAR } from '../abi/generated/registers.js';
import {
  CQ_TABLE,
  CQ_WORDS,
  cqUntold,
  cqUsed,
  putStBusEpoch,
  putStBusMaster,
  putStHold,
  putStRateMbps,
  putStRunning,
  qpErrorStatus,
  qpUntold,
  qpUsed,
  ST_APPLIED_OFFSET,
  STATE_MAGIC,
  STATE_VERSION,
  setStMacHi,
  setStMacLo,
  setStMagic,
  setStVersion,
  stApplied,
  stBusEpoch,
  stBusMaster,
  stCommandPending,
  stCqHigh,
  stHold,
  stMagic,
  stQpHigh,
  stRateMbps,
  stResetTarget,
  stRunning,
  stVersion,
} from '../abi/generated/state.js';
import { flowPort, ipv4FromMac, macFromSeed } from '../fabric/addresses.js';
import { LoopbackLink } from '../fabric/link.js';
import { Route } from '../fabric/packet.js';
import { AGAIN } from './commands/context.js';
import { runCommand, suspendCommand } from './commands/dispatch.js';
import { RATE_MAX_MBPS } from './commands/simple.js';
import { recheckCq, tellCqError, tellQpFatal } from './completion.js';
import { Core, Step } from './core.js';
import { describeFunction } from './description.js';
import { storeDoorbell } from './doorbells.js';
import { runEngine } from './engine.js';
import { Journal } from './journal.js';
import { badAccess } from './notify.js';
import { PacketCapture } from './packet-capture.js';
import {
  type ControlEvent,
  type FunctionDescription,
  type Host,
  type PciModel,
  type RegionMemory,
  StateRefused,
} from './ports.js';
import { loadRegister, type PageActions, readCounters, storeRegister } from './register-page.js';
import { beginReset, clearObjects, finishReset } from './reset.js';
import { type CqRow, NONE, rowOfQp } from './rows.js';
import { Scheduler } from './scheduler.js';
import { SendQueue } from './send-queue.js';
import { ReliableConnection } from './wire.js';

const APPLIED = ST_APPLIED_OFFSET / 4;
const MAX_MTU = 4096;
const DEFAULT_SEED = 1;

export interface AdapterOptions {
  /** Seed of the MAC address; adapters on one fabric have different ones. */
  readonly seed?: number;
  /** Write every packet to this pcapng file from the first connection on. */
  readonly capturePath?: string;
  /** Wall-clock time in ms since 1970, for the time stamps of a capture. */
  readonly nowMs?: () => number;
  /** Makes the journal of a region; tests pass one that dies at a chosen store. */
  readonly journal?: (region: RegionMemory) => Journal;
}

class Adapter implements PciModel {
  readonly description: FunctionDescription = describeFunction();
  readonly capture: PacketCapture;
  readLo = 0;
  readHi = 0;
  #core!: Core;
  #scheduler!: Scheduler;
  #link!: LoopbackLink;
  #commandMayGoOn = false;
  /** An armed completion queue could not be looked at: its event queue had no translation. */
  #recheckOwed = false;
  #resetAsked = false;
  #commandAsked: number | undefined;
  readonly #makeJournal: (region: RegionMemory) => Journal;
  readonly #mac: Uint8Array;
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
    this.#mac = macFromSeed(options.seed ?? DEFAULT_SEED);
    this.capture = new PacketCapture(options.capturePath, options.nowMs ?? Date.now);
  }

  attach(host: Host, region: RegionMemory, fresh: boolean): void {
    const journal = this.#makeJournal(region);
    if (fresh) this.#powerOn(journal);
    else recover(journal);
    const core = new Core(journal, host);
    core.mustYield = () => (host.workWaiting?.() ?? true) || core.queues.runnable > 1;
    this.#core = core;
    this.#link = new LoopbackLink(host.clock, MAX_MTU);
    this.capture.attach(host, this.#link);
    this.#link.rateMbps = stRateMbps(core.m, 0);
    const wire = new ReliableConnection(core, this.#link, this.#route());
    this.#link.receiver = (frame, length) => wire.deliver(frame, length);
    const sendQueue = new SendQueue(core, (_core, qp, d, work) => wire.send(qp, d, work), runEngine);
    this.#scheduler = new Scheduler(core, sendQueue, this.#link, host.clock);
    core.queues.rebuild(stQpHigh(core.m, 0));
    this.#commandMayGoOn = true;
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
    else if (bar === REGISTER_BAR) storeRegister(core, offset, size, lo, this.#actions);
    else badAccess(core);
    if (this.#commandAsked !== undefined) this.#command();
    if (this.#resetAsked) beginReset(core.journal);
    core.journal.put(APPLIED, (position + 1) >>> 0);
    core.journal.commit();
    this.#afterWrite();
  }

  #command(): void {
    const word = this.#commandAsked as number;
    this.#commandAsked = undefined;
    if (stCommandPending(this.#core.m, 0) !== 0) return badAccess(this.#core);
    if (runCommand(this.#core, word) === AGAIN) suspendCommand(this.#core, word);
    this.#link.rateMbps = stRateMbps(this.#core.m, 0);
  }

  /** What a write asks for beyond its own step. */
  #afterWrite(): void {
    const core = this.#core;
    if (this.#resetAsked) this.#reset();
    if (!this.#mayDma) return;
    if (core.justArmed !== NONE) this.#recheck(core.justArmed);
    if (core.hasRoom) this.#recheckAll();
    if (core.outbox.pending) core.outbox.flush();
  }

  #recheck(cq: CqRow): void {
    this.#core.justArmed = NONE as CqRow;
    this.#settle(recheckCq(this.#core, cq));
  }

  read(bar: number, offset: number, size: number): void {
    const value = bar === REGISTER_BAR ? loadRegister(this.#core.m, offset, size) : 0;
    this.readLo = value ?? 0;
    this.readHi = 0;
    if (value !== undefined) return;
    // A counter is no side effect on the register that was read.
    badAccess(this.#core);
    this.#core.journal.commit();
  }

  control(event: ControlEvent): void {
    const { m, journal } = this.#core;
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
        beginReset(journal);
        this.#resetAsked = true;
        break;
      case 'msix':
      case 'intx-disable':
        return;
    }
    journal.commit();
    if (this.#resetAsked) this.#reset();
    if (this.#mayDma) this.#resume();
    else if (stRunning(m, 0) === 1) this.#refusePending();
  }

  #reset(): void {
    this.#resetAsked = false;
    finishReset(this.#core.journal);
    this.#core.justArmed = NONE as CqRow;
    this.#core.hasRoom = false;
    this.#core.queues.rebuild(stQpHigh(this.#core.m, 0));
    this.#link.rateMbps = 0;
  }

  /** DMA is allowed again: tell what is owed, and look at what was armed meanwhile. */
  #resume(): void {
    this.#core.outbox.flush();
    this.#recheckOwed = true;
    this.memoryChanged();
  }

  /** Looks at everything that has something to tell: events that found no room, and armed completion queues. */
  #recheckAll(): void {
    const { m, outbox } = this.#core;
    this.#recheckOwed = false;
    this.#core.hasRoom = false;
    // One by one: there may be more of them than the outbox holds.
    for (let n = 0; n < stQpHigh(m, 0); n++) {
      const qp = rowOfQp(n);
      if (qpUsed(m, qp) === 1 && qpUntold(m, qp) === 1)
        this.#settle(tellQpFatal(this.#core, qp, qpErrorStatus(m, qp)));
      if (outbox.pending) outbox.flush();
    }
    for (let n = 0; n < stCqHigh(m, 0); n++) {
      const cq = (CQ_TABLE + n * CQ_WORDS) as CqRow;
      if (cqUsed(m, cq) === 0) continue;
      if (cqUntold(m, cq) === 1) this.#settle(tellCqError(this.#core, cq));
      this.#recheck(cq);
      if (outbox.pending) outbox.flush();
    }
  }

  /** Ends a step of its own: what must wait for a translation is owed. */
  #settle(step: Step): void {
    if (step === Step.DONE) return this.#core.journal.commit();
    this.#core.journal.rollback();
    this.#recheckOwed = true;
  }

  poll(budget: number): boolean {
    if (!this.#mayDma) return false;
    if (stCommandPending(this.#core.m, 0) !== 0 && this.#commandMayGoOn) this.#retryCommand();
    return this.#scheduler.run(budget);
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
    this.#link.rateMbps = stRateMbps(m, 0);
  }

  get wakeAtNs(): number {
    return this.#mayDma ? this.#scheduler.wakeAtNs : Infinity;
  }

  memoryChanged(): void {
    this.#commandMayGoOn = true;
    this.#core.queues.unblockAll();
    if (this.#recheckOwed && this.#mayDma) this.#recheckAll();
  }

  get #mayDma(): boolean {
    return stRunning(this.#core.m, 0) === 1 && stBusMaster(this.#core.m, 0) === 1;
  }

  #powerOn(journal: Journal): void {
    const m = journal.u32;
    clearObjects(journal);
    setStVersion(m, 0, STATE_VERSION);
    const mac = new Uint32Array(2);
    new Uint8Array(mac.buffer).set(this.#mac);
    setStMacLo(m, 0, mac[0]);
    setStMacHi(m, 0, mac[1]);
    setStMagic(m, 0, STATE_MAGIC);
  }

  #route(): Route {
    const ip = ipv4FromMac(this.#mac);
    return new Route({
      sourceMac: this.#mac,
      destinationMac: this.#mac,
      sourceIp: ip,
      destinationIp: ip,
      udpSourcePort: flowPort(0, 0),
    });
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
  };

  #attached(): Core {
    if (this.#core === undefined) throw new Error('no front-end has connected yet');
    return this.#core;
  }

  #setLink(hold: unknown, rateMbps: unknown): unknown {
    const { m, journal } = this.#attached();
    if (hold !== undefined) putStHold(journal, 0, inRange('hold', hold, Hold.LINK | Hold.ENGINE));
    if (rateMbps !== undefined) putStRateMbps(journal, 0, inRange('rateMbps', rateMbps, RATE_MAX_MBPS));
    journal.commit();
    this.#link.rateMbps = stRateMbps(m, 0);
    return { hold: stHold(m, 0), rateMbps: stRateMbps(m, 0) };
  }
}

/** Takes an earlier state over: an unfinished step is undone, an unfinished reset is done again. */
function recover(journal: Journal): void {
  const m = journal.u32;
  if (stMagic(m, 0) !== STATE_MAGIC)
    throw new StateRefused('the state region does not hold the state of a Pushbell adapter');
  if (stVersion(m, 0) !== STATE_VERSION) {
    throw new StateRefused(
      `the state region has layout version ${stVersion(m, 0)}; this back-end knows ${STATE_VERSION}`,
    );
  }
  if (!journal.recover()) throw new StateRefused('the undo journal of the state region makes no sense');
  if (stResetTarget(m, 0) !== 0) finishReset(journal);
  putStRunning(journal, 0, 0);
  journal.commit();
}

function inRange(name: string, value: unknown, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new RangeError(`"${name}" must be a whole number from 0 to ${max}`);
}

export type { Adapter };
export function createAdapter(options: AdapterOptions = {}): Adapter {
  return new Adapter(options);
}
