// SPDX-License-Identifier: MIT
// A VM with a running adapter in it: the device thread listens on a socket in a private directory, QEMU connects to it.
// Everything ends together, in order: guest, device, socket.
import { createWriteStream, openSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { claimSocket } from '../runtime/claim-socket.js';
import { ControlServer } from '../runtime/control-server.js';
import { DeviceThread } from '../runtime/device-thread.js';
import { atExit, temporaryDir } from '../vm/cleanup.js';
import type { InitramfsContents } from '../vm/initramfs.js';
import { startVm, type Workshop } from '../vm/setup.js';
import type { Vm, VmOptions } from '../vm/vm.js';
import { CliError } from './cli-error.js';
import { announce } from './run-dir.js';

export interface AdapterVmOptions {
  /** Modules, files and console of the guest. */
  readonly guest: Omit<InitramfsContents, 'kernel'>;
  readonly vm?: Partial<VmOptions>;
  /** Write the packets of the fabric to this pcapng file. */
  readonly capture?: string;
  /** Receives the adapter's log, a line a record. */
  readonly deviceLog?: string;
  /** Record what passes between guest and adapter, from the first access on. */
  readonly trace?: boolean;
  /** Another QEMU device beside the adapter, as for -device. */
  readonly devices?: readonly string[];
  /** How many adapters the VM has, all in one back-end; one by default. */
  readonly adapters?: number;
  /** Offer a control socket, for "pushbell explain" in another terminal. */
  readonly control?: boolean;
}

export class AdapterVm {
  readonly vm: Vm;
  readonly device: DeviceThread;
  readonly #release: () => Promise<void>;

  private constructor(vm: Vm, device: DeviceThread, release: () => Promise<void>) {
    this.vm = vm;
    this.device = device;
    this.#release = release;
  }

  static async start(workshop: Workshop, options: AdapterVmOptions): Promise<AdapterVm> {
    const log = options.deviceLog === undefined ? undefined : openLog(options.deviceLog);
    const { dir, remove } = temporaryDir('adapter');
    const socketPath = join(dir, 'adapter.sock');
    const claimed = claimSocket(socketPath, () => undefined);
    const control = options.control ? openControl(join(dir, 'control.sock')) : undefined;
    const device = new DeviceThread({
      modelUrl: new URL('../model/adapter.js', import.meta.url).href,
      modelOptions: options.capture === undefined ? {} : { capturePath: options.capture },
      listener: claimed.fd,
      onLog: (level, message, fields) => writeLine(log, level, message, fields),
    });
    const server = new ControlServer(request => device.request(request));
    const release = (): void => {
      log?.end();
      control?.release();
      claimed.release();
      remove();
    };
    try {
      await device.ready.catch((error: Error) => {
        throw new CliError(`the adapter could not start: ${error.message}`);
      });
      if (control !== undefined) await server.listen(control.fd);
      if (options.trace) await device.request({ op: 'trace', enable: true });
      const adapters = Array.from(
        { length: options.adapters ?? 1 },
        () => `pushbell-pci,socket=${socketPath}`,
      );
      const devices = [...adapters, ...(options.devices ?? [])];
      const vm = await startVm(workshop, options.guest, { ...options.vm, devices });
      return new AdapterVm(vm, device, async () => {
        if (control !== undefined) await server.close();
        release();
      });
    } catch (error) {
      await device.stop().catch(() => undefined);
      if (control !== undefined) await server.close();
      release();
      throw error;
    }
  }

  /** Asks the adapter (runtime/device-ops.ts, model/adapter.ts). */
  async ask(op: string, fields: Record<string, unknown> = {}): Promise<unknown> {
    const answer = await this.device.request({ ...fields, op });
    if ('error' in answer) throw new CliError(`the adapter refused "${op}": ${answer.error}`);
    return answer.result;
  }

  /** The guest powers off (or is ended), then the adapter. */
  async close(): Promise<void> {
    try {
      await this.vm.shutdown();
    } finally {
      await this.device.stop().catch(() => undefined);
      await this.#release();
    }
  }
}

/** A control socket that others find (runtime/run-dir.ts), also when this process ends in a hurry. */
function openControl(path: string): { fd: number; release: () => void } {
  const claimed = claimSocket(path, () => undefined);
  let withdraw = (): void => undefined;
  try {
    withdraw = announce(path);
  } catch {
    // No place to tell others of it: it is still found by its path.
  }
  const forget = atExit(withdraw);
  return {
    fd: claimed.fd,
    release: () => {
      forget();
      withdraw();
      claimed.release();
    },
  };
}

/** Opened before anything starts, so that a bad path is the caller's error; a disk that fills up later ends the log. */
function openLog(path: string): WriteStream {
  const log = createWriteStream(path, { fd: openSync(path, 'w') });
  log.on('error', () => log.destroy());
  return log;
}

function writeLine(
  log: WriteStream | undefined,
  level: string,
  message: string,
  fields: Record<string, unknown>,
): void {
  const extra = Object.keys(fields).length === 0 ? '' : ` ${JSON.stringify(fields)}`;
  log?.write(`${level} ${message}${extra}\n`);
}
