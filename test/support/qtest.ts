// SPDX-License-Identifier: MIT
// QEMU without a guest, driven over its qtest socket: memory, port and configuration accesses as a processor would make
// them. Synchronous, a command at a time. (QEMU, docs/devel/testing/qtest.rst.)
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { closeFd, createMemfd, preadAll, sizeOf } from '../../device/sys/fd.js';
import { PollSet } from '../../device/sys/poll.js';
import { acceptUnix, FdChannel, listenUnix } from '../../device/sys/unix-socket.js';
import { withParent } from '../../device/vm/cleanup.js';

const CONFIG_ADDRESS = 0xcf8;
const CONFIG_DATA = 0xcfc;
const CONFIG_ENABLE = 0x80000000;

export interface QtestOptions {
  readonly binary: string;
  readonly firmwareDir: string;
  /** Directory for sockets. */
  readonly directory: string;
  readonly args: readonly string[];
  readonly timeoutMs?: number;
  /** As `Qtest.pump`, from the start on. */
  readonly pump?: () => void;
}

/** QEMU ended, or did not answer; the message has what it said. */
export class QtestError extends Error {
  override readonly name = 'QtestError';
}

export class Qtest {
  readonly process: ChildProcess;
  readonly ended: Promise<void>;
  /** Interrupt lines that were intercepted (`irq_intercept_in`), by number, and whether each is raised. */
  readonly lines = new Map<number, boolean>();
  /** Runs while a command is waited for: a back-end in this thread. */
  pump: (() => void) | undefined;
  /** Open for as long as this object may be asked what stands in it. */
  readonly #log: number;
  readonly #timeoutMs: number;
  readonly #buffer = new Uint8Array(65536);
  readonly #poll = new PollSet(1);
  #channel: FdChannel | undefined;
  #pending = '';

  private constructor(options: QtestOptions, socket: string) {
    this.#timeoutMs = options.timeoutMs ?? 20_000;
    this.pump = options.pump;
    const args = ['-no-user-config', '-nodefaults', '-display', 'none', '-accel', 'qtest'];
    args.push('-L', options.firmwareDir, '-qtest', `unix:${socket}`, '-qtest-log', '/dev/null');
    const line = withParent(options.binary, [...args, ...options.args]);
    // No pipe: nobody would read it while a command is waited for, and QEMU would wait with a full one.
    this.#log = createMemfd('qemu-stderr', 0, false);
    this.process = spawn(...line, { stdio: ['ignore', 'ignore', this.#log] });
    this.ended = new Promise(resolve => this.process.once('close', () => resolve()));
  }

  /** What QEMU has written so far. */
  get stderr(): string {
    const bytes = new Uint8Array(sizeOf(this.#log));
    preadAll(this.#log, bytes, 0);
    return Buffer.from(bytes).toString('utf8');
  }

  /** Starts QEMU; rejects with QtestError when it ends before its machine is there. */
  static async start(options: QtestOptions): Promise<Qtest> {
    const path = join(options.directory, 'qtest.sock');
    const listener = listenUnix(path);
    const qtest = new Qtest(options, path);
    try {
      await qtest.#accept(listener);
      // Answered only when the machine has been built, its devices realized.
      await qtest.#firstAnswer();
      return qtest;
    } catch (error) {
      qtest.process.kill('SIGKILL');
      await qtest.ended;
      throw new QtestError(`${(error as Error).message}\n${qtest.stderr}`);
    } finally {
      closeFd(listener);
    }
  }

  /** Sends a command line and gives what follows OK. Throws QtestError. */
  command(line: string): string {
    const channel = this.#channel!;
    channel.send(new TextEncoder().encode(`${line}\n`), [], true);
    for (;;) {
      const answer = this.#line();
      if (answer.startsWith('OK')) return answer.slice(3);
      if (answer.startsWith('FAIL')) throw new QtestError(`${line}: ${answer}`);
      const [, change, number] = /^IRQ (raise|lower) (\d+)/.exec(answer) ?? [];
      if (change !== undefined) this.lines.set(Number(number), change === 'raise');
    }
  }

  #number(line: string): number {
    return Number(this.command(line));
  }

  in(port: number): number {
    return this.#number(`inl 0x${port.toString(16)}`);
  }

  out(port: number, value: number): void {
    this.command(`outl 0x${port.toString(16)} 0x${value.toString(16)}`);
  }

  /** A load of 1, 2, 4 or 8 bytes. */
  load(address: number, size: number): bigint {
    return BigInt(this.command(`read${'?bw?l???q'[size]} 0x${address.toString(16)}`));
  }

  store(address: number, size: number, value: bigint): void {
    this.command(`write${'?bw?l???q'[size]} 0x${address.toString(16)} 0x${value.toString(16)}`);
  }

  readBytes(address: number, length: number): Uint8Array {
    return new Uint8Array(Buffer.from(this.command(`b64read 0x${address.toString(16)} ${length}`), 'base64'));
  }

  writeBytes(address: number, bytes: Uint8Array): void {
    this.command(
      `b64write 0x${address.toString(16)} ${bytes.length} ${Buffer.from(bytes).toString('base64')}`,
    );
  }

  /** A 32-bit word of a function's configuration space on bus 0. */
  configRead(slot: number, offset: number): number {
    this.#configAddress(slot, offset);
    return this.in(CONFIG_DATA);
  }

  configWrite(slot: number, offset: number, value: number): void {
    this.#configAddress(slot, offset);
    this.out(CONFIG_DATA, value >>> 0);
  }

  /** Offset of the capability with this id. Throws QtestError when there is none. */
  capability(slot: number, id: number): number {
    let at = this.configRead(slot, 0x34) % 256;
    for (let i = 0; i < 48 && at !== 0; i++) {
      const head = this.configRead(slot, at) % 65536;
      if (head % 256 === id) return at;
      at = Math.floor(head / 256);
    }
    throw new QtestError(`no capability ${id}`);
  }

  #configAddress(slot: number, offset: number): void {
    this.out(CONFIG_ADDRESS, CONFIG_ENABLE + slot * 2048 + offset);
  }

  async stop(): Promise<void> {
    this.process.kill('SIGTERM');
    await this.ended;
    this.#channel?.close();
    this.#channel = undefined;
  }

  async #accept(listener: number): Promise<void> {
    const deadline = performance.now() + this.#timeoutMs;
    while (this.#channel === undefined) {
      this.pump?.();
      const fd = acceptUnix(listener);
      if (fd !== undefined) {
        this.#channel = new FdChannel(fd, 0);
        this.#poll.add(fd);
      } else if (this.process.exitCode !== null)
        throw new QtestError(`QEMU ended with ${this.process.exitCode}`);
      else if (performance.now() > deadline) throw new QtestError('QEMU did not connect');
      else await new Promise(resolve => setTimeout(resolve, 10));
    }
  }

  /** The only wait with the event loop running: a device that cannot be realized ends QEMU here. */
  async #firstAnswer(): Promise<void> {
    this.#channel!.send(new TextEncoder().encode('endianness\n'), [], true);
    const deadline = performance.now() + this.#timeoutMs;
    while (!this.#pending.includes('\n')) {
      this.pump?.();
      if (this.#receive(0)) continue;
      if (performance.now() > deadline) throw new QtestError('QEMU did not answer');
      await new Promise(resolve => setTimeout(resolve, 10));
    }
    this.#line();
  }

  #line(): string {
    const deadline = performance.now() + this.#timeoutMs;
    for (;;) {
      const end = this.#pending.indexOf('\n');
      if (end >= 0) {
        const line = this.#pending.slice(0, end);
        this.#pending = this.#pending.slice(end + 1);
        return line;
      }
      if (performance.now() > deadline) throw new QtestError('QEMU did not answer');
      this.pump?.();
      this.#receive(this.pump === undefined ? 100 : 1);
    }
  }

  /** True when something came. Throws QtestError when QEMU has gone. */
  #receive(waitMs: number): boolean {
    if (waitMs > 0) this.#poll.wait(waitMs * 1e6);
    const got = this.#channel!.receive(this.#buffer, 0, this.#buffer.length);
    if (got.length === undefined) return false;
    if (got.length === 0) throw new QtestError('QEMU has ended');
    this.#pending += Buffer.from(this.#buffer.subarray(0, got.length)).toString('latin1');
    return true;
  }
}
