// SPDX-License-Identifier: MIT
// A Target over the real chain without a guest: QEMU with pushbell-pci under qtest, and "pushbell serve" in a process of
// its own behind the socket. What firmware and a PCI core would do (BARs, memory and bus master, MSI-X) is done here.
// MSI-X messages are pointed at RAM, where they can be counted.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as r from '../../device/abi/generated/registers.js';
import { encodeFrame, FrameDecoder } from '../../device/runtime/control-frames.js';
import { closeFd } from '../../device/sys/fd.js';
import { PollSet } from '../../device/sys/poll.js';
import { connectUnix, FdChannel } from '../../device/sys/unix-socket.js';
import { temporaryDir, withParent } from '../../device/vm/cleanup.js';
import type { QemuBuild } from '../../device/vm/qemu-build.js';
import { Qtest } from './qtest.js';
import type { Target } from './target.js';

const MAIN = fileURLToPath(new URL('../../device/cli/main.js', import.meta.url));
const SLOT = 4;
const COMMAND = 0x04;
const MEMORY = 2;
const MASTER = 4;
const CAP_MSIX = 0x11;
const CAP_POWER = 0x01;
/** Offset of the control register in the power management capability, and the state D3hot in it. */
const POWER_CONTROL = 4;
const D3HOT = 3;
const MSIX_ENABLE = 0x80000000;
const MSIX_ENTRY_BYTES = 16;
const FIRST_BAR = 0x10;
const BAR_ADDRESS = new Map([
  [r.REGISTER_BAR, 0xe000_0000],
  [r.DOORBELL_BAR, 0xe100_0000],
  [r.MSIX_BAR, 0xe200_0000],
]);
const RAM_MB = 128;
const MESSAGES_AT = 0x20_0000;
const ARENA = 0x100_0000;
const ARENA_BYTES = 0x100_0000;
/** One command, in base 64, fits into the socket's buffer whole. */
const CHUNK_BYTES = 0x8000;
const START_TIMEOUT_MS = 20_000;
const SETTLE_TIMEOUT_MS = 20_000;

/** A request at a time to a control socket, synchronously. */
class ControlSocket {
  readonly #fd: number;
  readonly #channel: FdChannel;
  readonly #poll = new PollSet(1);
  readonly #buffer = new Uint8Array(65536);
  readonly #decoder = new FrameDecoder();

  constructor(path: string) {
    this.#fd = connectUnix(path);
    this.#channel = new FdChannel(this.#fd, 0);
    this.#poll.add(this.#fd);
  }

  request(op: string): Record<string, unknown> {
    this.#channel.send(encodeFrame({ op }), [], true);
    for (;;) {
      if (this.#poll.wait(START_TIMEOUT_MS * 1e6) === 0) throw new Error(`no answer to ${op}`);
      const { length } = this.#channel.receive(this.#buffer, 0, this.#buffer.length);
      if (length === 0) throw new Error('the control connection was closed');
      if (length === undefined) continue;
      const [answer] = this.#decoder.push(this.#buffer.slice(0, length));
      if (answer !== undefined) return (answer as { result: Record<string, unknown> }).result;
    }
  }

  close(): void {
    closeFd(this.#fd);
  }
}

/** Starts the back-end; resolves when it listens. */
async function startBackEnd(socket: string, control: string): Promise<ChildProcess> {
  const args = [MAIN, 'serve', '--socket-path', socket, '--control', control, '--log-level', 'error'];
  const child = spawn(...withParent(process.execPath, args), { stdio: ['ignore', 'pipe', 'inherit'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS);
  try {
    for await (const line of createInterface({ input: child.stdout! }))
      if (line.startsWith('listening on')) return child;
    throw new Error('the back-end ended before it listened');
  } finally {
    clearTimeout(timer);
    child.stdout!.resume();
  }
}

export class QtestTarget implements Target {
  readonly name = 'qtest';
  readonly ramBase = ARENA;
  readonly ramBytes = ARENA_BYTES;
  readonly nowhere = 2 ** 40;
  readonly #removeDirectory: () => void;
  readonly #backEnd: ChildProcess;
  readonly #qtest: Qtest;
  readonly #control: ControlSocket;
  readonly #counts = new Map<number, number>();

  private constructor(
    removeDirectory: () => void,
    backEnd: ChildProcess,
    qtest: Qtest,
    control: ControlSocket,
  ) {
    this.#removeDirectory = removeDirectory;
    this.#backEnd = backEnd;
    this.#qtest = qtest;
    this.#control = control;
  }

  /** Starts back-end and QEMU and brings the function up. Rejects with what went wrong; nothing is left running then. */
  static async start(qemu: QemuBuild): Promise<QtestTarget> {
    const { dir: directory, remove } = temporaryDir('qtest');
    const undo: (() => unknown)[] = [remove];
    try {
      const socket = join(directory, 'device.sock');
      const control = join(directory, 'control.sock');
      const backEnd = await startBackEnd(socket, control);
      undo.push(() => backEnd.kill('SIGKILL'));
      const args = [
        ...['-machine', 'q35,memory-backend=mem', '-m', `${RAM_MB}M`],
        ...['-object', `memory-backend-memfd,id=mem,size=${RAM_MB}M,share=on`],
        ...['-device', `pushbell-pci,socket=${socket},addr=${SLOT}`],
      ];
      const qtest = await Qtest.start({ ...qemu, directory, args });
      undo.push(() => qtest.stop());
      const target = new QtestTarget(remove, backEnd, qtest, new ControlSocket(control));
      target.#configure();
      return target;
    } catch (error) {
      for (const step of undo.reverse()) await step();
      throw error;
    }
  }

  #configure(): void {
    const q = this.#qtest;
    for (const [bar, address] of BAR_ADDRESS) q.configWrite(SLOT, FIRST_BAR + bar * 4, address);
    q.configWrite(SLOT, FIRST_BAR + (r.DOORBELL_BAR + 1) * 4, 0);
    this.busMaster(true);
    for (let vector = 0; vector < r.MSIX_VECTORS; vector++) {
      const entry = BAR_ADDRESS.get(r.MSIX_BAR)! + r.MSIX_TABLE_OFFSET + vector * MSIX_ENTRY_BYTES;
      const words = [MESSAGES_AT + vector * 4, 0, 0x100 + vector, 0];
      words.forEach((word, n) => {
        q.store(entry + n * 4, 4, BigInt(word));
      });
    }
    this.msix(true);
  }

  /** As for a new case: the function reset, RAM zeroed, no interrupt counted. */
  reset(): void {
    this.power(true);
    this.msix(true);
    this.busMaster(true);
    this.store(r.REGISTER_BAR, r.REG_RESET_OFFSET, 4, r.RESET_MAGIC);
    this.settle();
    this.#qtest.command(`memset 0x${ARENA.toString(16)} 0x${ARENA_BYTES.toString(16)} 0`);
    for (let vector = 0; vector < r.MSIX_VECTORS; vector++) this.interrupts(vector);
    this.#counts.clear();
  }

  readBytes(address: number, length: number): Uint8Array {
    return this.#qtest.readBytes(address, length);
  }

  writeBytes(address: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES)
      this.#qtest.writeBytes(address + at, bytes.subarray(at, at + CHUNK_BYTES));
  }

  load(bar: number, offset: number, size: number): number {
    return Number(this.#qtest.load(BAR_ADDRESS.get(bar)! + offset, size) & 0xffffffffn);
  }

  store(bar: number, offset: number, size: number, lo: number, hi = 0): void {
    const value = BigInt(lo >>> 0) + (size === 8 ? BigInt(hi >>> 0) << 32n : 0n);
    this.#qtest.store(BAR_ADDRESS.get(bar)! + offset, size, value);
  }

  /** The first load is answered after all stores before it, the last one after all interrupts that were raised. */
  settle(): void {
    this.load(r.REGISTER_BAR, r.REG_ID_OFFSET, 4);
    const deadline = performance.now() + SETTLE_TIMEOUT_MS;
    while (this.#control.request('status').idle !== true)
      if (performance.now() > deadline) throw new Error('the adapter never comes to rest');
    this.load(r.REGISTER_BAR, r.REG_ID_OFFSET, 4);
  }

  /** A message is seen when its word is there; two that come between two looks count as one. */
  interrupts(vector: number): number {
    const at = MESSAGES_AT + vector * 4;
    if (this.#qtest.load(at, 4) !== 0n) {
      this.#counts.set(vector, (this.#counts.get(vector) ?? 0) + 1);
      this.#qtest.store(at, 4, 0n);
    }
    return this.#counts.get(vector) ?? 0;
  }

  busMaster(on: boolean): void {
    this.#qtest.configWrite(SLOT, COMMAND, on ? MEMORY | MASTER : MEMORY);
  }

  msix(on: boolean): void {
    const cap = this.#qtest.capability(SLOT, CAP_MSIX);
    const word = this.#qtest.configRead(SLOT, cap) % MSIX_ENABLE;
    this.#qtest.configWrite(SLOT, cap, on ? word + MSIX_ENABLE : word);
  }

  power(on: boolean): void {
    const control = this.#qtest.capability(SLOT, CAP_POWER) + POWER_CONTROL;
    this.#qtest.configWrite(SLOT, control, on ? 0 : D3HOT);
  }

  close(): void {
    this.#control.close();
  }

  /** Ends QEMU and back-end and waits for both; resolves with the exit status of the back-end. */
  async stop(): Promise<number | null> {
    this.close();
    await this.#qtest.stop();
    const ended = once(this.#backEnd, 'exit');
    this.#backEnd.kill('SIGTERM');
    const timer = setTimeout(() => this.#backEnd.kill('SIGKILL'), START_TIMEOUT_MS);
    const [status] = await ended;
    clearTimeout(timer);
    this.#removeDirectory();
    return status;
  }
}
