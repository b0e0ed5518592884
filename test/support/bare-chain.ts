// SPDX-License-Identifier: MIT
// QEMU under qtest with one function, served by a process of its own that a test can stop, kill and start again. What
// firmware would do (bus numbers, windows, BAR, MSI-X) is done here; MSI-X messages land in RAM, where they can be read.
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import type { QemuBuild } from '../../device/vm/qemu-build.js';
import type { Qmp } from '../../device/vm/qmp.js';
import { BARE_MODEL_URL } from './bare-model.js';
import { freeze } from './freeze.js';
import { Qtest } from './qtest.js';
import { connectQmp, qmpArgs } from './qtest-qmp.js';
import { type Served, serve } from './serve-process.js';
import { temporaryDirectory } from './temporary.js';

export const BARE_MODEL = fileURLToPath(BARE_MODEL_URL);
const DEADLINE_MS = 120_000;
const PORT_SLOT = 3;
const ROOT_SLOT = 4;
/** Slot 0 of bus 1, as configRead and configWrite count. */
const BUS1_SLOT = 32;
const MEMORY_AND_MASTER = 6;
const CAP_MSIX = 0x11;
export const CAP_PCIE = 0x10;
const SLOT_CONTROL = 0x18;
export const COMMAND = 0x04;

export const BAR = 0xe0000000;
export const MSIX_TABLE = 0x2000;
export const PBA = 0x3000;
/** Where the message of vector n lands: MESSAGES + 4 n gets MESSAGE + n. */
export const MESSAGES = 0x10000;
export const MESSAGE = 0x100;

export interface ChainOptions {
  /** Below a root port instead of on the root bus. */
  readonly behindPort?: boolean;
  /** More properties of pushbell-pci. */
  readonly properties?: string;
  readonly model?: string;
  readonly bar?: number;
}

export class BareChain {
  readonly q: Qtest;
  readonly qmp: Qmp;
  readonly directory: string;
  /** Of the function, and of the port above it (undefined on the root bus). */
  readonly slot: number;
  readonly port: number | undefined;
  backEnd: Served;
  readonly #t: ExecutionContext;
  readonly #options: ChainOptions;

  private constructor(
    t: ExecutionContext,
    options: ChainOptions,
    directory: string,
    backEnd: Served,
    q: Qtest,
    qmp: Qmp,
  ) {
    this.#t = t;
    this.#options = options;
    this.directory = directory;
    this.backEnd = backEnd;
    this.q = q;
    this.qmp = qmp;
    this.slot = options.behindPort ? BUS1_SLOT : ROOT_SLOT;
    this.port = options.behindPort ? PORT_SLOT : undefined;
  }

  static async start(t: ExecutionContext, qemu: QemuBuild, options: ChainOptions = {}): Promise<BareChain> {
    t.timeout(DEADLINE_MS);
    const directory = temporaryDirectory(t);
    const backEnd = await serve(t, ['--model', options.model ?? BARE_MODEL], { directory });
    const place = options.behindPort ? 'bus=port0' : `addr=${ROOT_SLOT}`;
    const device = ['pushbell-pci', `socket=${backEnd.path}`, 'id=nic', place];
    if (options.properties) device.push(options.properties);
    const args = [
      ...['-machine', 'q35,memory-backend=mem', '-m', '128M', ...qmpArgs(directory)],
      // The port itself tells of hot-plug: there is no guest that knows ACPI.
      ...['-global', 'ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off'],
      ...['-object', 'memory-backend-memfd,id=mem,size=128M,share=on'],
      ...['-device', `pcie-root-port,id=port0,chassis=1,slot=1,addr=${PORT_SLOT}`],
      ...['-device', device.join(',')],
    ];
    const q = await Qtest.start({ ...qemu, directory, args });
    t.teardown(() => q.stop());
    const qmp = await connectQmp(directory);
    t.teardown(() => qmp.close());
    const chain = new BareChain(t, options, directory, backEnd, q, qmp);
    chain.configure();
    return chain;
  }

  /** What firmware and a driver's first steps would do. */
  configure(): void {
    this.configurePort();
    this.configureFunction();
  }

  configurePort(): void {
    const { q, port } = this;
    if (port === undefined) return;
    q.configWrite(port, 0x18, 0x00010100);
    q.configWrite(port, 0x20, 0xe0f0e000);
    q.configWrite(port, COMMAND, MEMORY_AND_MASTER);
    // Power Indicator on, Power Controller on.
    q.configWrite(port, q.capability(port, CAP_PCIE) + SLOT_CONTROL, 0x0100);
  }

  configureFunction(): void {
    const { q, slot, bar } = this;
    q.configWrite(slot, 0x10, bar % 2 ** 32);
    q.configWrite(slot, 0x14, Math.floor(bar / 2 ** 32));
    q.configWrite(slot, COMMAND, MEMORY_AND_MASTER);
    for (let vector = 0; vector < 4; vector++) {
      const entry = bar + MSIX_TABLE + vector * 16;
      q.store(entry, 4, BigInt(MESSAGES + vector * 4));
      q.store(entry + 4, 4, 0n);
      q.store(entry + 8, 4, BigInt(MESSAGE + vector));
      q.store(entry + 12, 4, 0n);
    }
    this.msix(0x8000);
  }

  get bar(): number {
    return this.#options.bar ?? BAR;
  }

  /** A 32-bit load. */
  load(register: number): number {
    return Number(this.q.load(this.bar + register, 4));
  }

  /** A 32-bit store. */
  store(register: number, value: number): void {
    this.q.store(this.bar + register, 4, BigInt(value));
  }

  /** Sets the upper two bits (enable, function mask) of MSI-X message control. */
  msix(control: number): void {
    const at = this.q.capability(this.slot, CAP_MSIX);
    this.q.configWrite(this.slot, at, (this.q.configRead(this.slot, at) % 0x40000000) + control * 65536);
  }

  mask(vector: number, masked: boolean): void {
    this.store(MSIX_TABLE + vector * 16 + 12, masked ? 1 : 0);
  }

  /** The message of that vector that has landed since the last call, or 0. */
  takeMessage(vector: number): number {
    const at = MESSAGES + vector * 4;
    const message = Number(this.q.load(at, 4));
    // Only then: another one may land in between.
    if (message !== 0) this.q.store(at, 4, 0n);
    return message;
  }

  functionLevelReset(): void {
    const at = this.q.capability(this.slot, CAP_PCIE) + 8;
    this.q.configWrite(this.slot, at, (this.q.configRead(this.slot, at) % 65536) + 0x8000);
  }

  async startAgain(): Promise<void> {
    const args = ['--model', this.#options.model ?? BARE_MODEL];
    this.backEnd = await serve(this.#t, args, { directory: this.directory });
  }

  async kill(): Promise<void> {
    process.kill(-this.backEnd.child.pid!, 'SIGKILL');
    await this.backEnd.ended;
  }

  /** The back-end falls silent; `thaw` wakes it up. */
  freeze(): void {
    freeze(this.backEnd.child.pid!);
  }

  thaw(): void {
    process.kill(-this.backEnd.child.pid!, 'SIGCONT');
  }

  /** Lets QEMU's main loop go on until `condition` holds. */
  async eventually(condition: () => boolean, what: string, withinMs = 20_000): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (!condition()) {
      if (performance.now() > deadline) throw new Error(`timed out: ${what}\n${this.q.stderr}`);
      await new Promise(resolve => setTimeout(resolve, 10));
    }
  }

  /** What QEMU holds that a leak would make grow. */
  holds(): { fds: number; threads: number } {
    const of = (what: string): number => readdirSync(`/proc/${this.qemuPid}/${what}`).length;
    return { fds: of('fd'), threads: of('task') };
  }

  /** device_del, and what a guest would do then: power off the slot. */
  async unplug(): Promise<void> {
    const { q, port } = this;
    const slotControl = q.capability(port!, CAP_PCIE) + SLOT_CONTROL;
    await this.qmp.execute('device_del', { id: 'nic' });
    // Power Indicator off, Power Controller off.
    q.configWrite(port!, slotControl, 0x0700);
    const bus1 = (): number => q.configRead(this.slot, 0);
    await this.eventually(() => bus1() === 0xffffffff, 'the function to be unplugged');
  }

  /** Guest RAM as it is, past QEMU. */
  readRam(address: number, length: number): Buffer {
    const fd = openSync(this.memfd('memory-backend-memfd'), 'r');
    try {
      const bytes = Buffer.alloc(length);
      if (readSync(fd, bytes, 0, length, address) !== length) throw new RangeError('outside of RAM');
      return bytes;
    } finally {
      closeSync(fd);
    }
  }

  wipeRam(address: number, length: number): void {
    const fd = openSync(this.memfd('memory-backend-memfd'), 'r+');
    writeSync(fd, new Uint8Array(length), 0, length, address);
    closeSync(fd);
  }

  /** The file behind one of QEMU's descriptors, by the name of its memfd. */
  memfd(name: string): string {
    const pid = this.qemuPid;
    for (let fd = 0; fd < 256; fd++) {
      try {
        const path = `/proc/${pid}/fd/${fd}`;
        if (readlinkSync(path).startsWith(`/memfd:${name}`)) return path;
      } catch {
        // not an open descriptor
      }
    }
    throw new Error(`QEMU has no memfd ${name}`);
  }

  /** QEMU itself, whatever was started to start it. */
  get qemuPid(): number {
    const pid = this.q.process.pid!;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return children === '' ? pid : Number(children.split(' ')[0]);
  }
}
