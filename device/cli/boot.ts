// SPDX-License-Identifier: MIT
// pushbell boot: a VM with the adapter and its driver; a console for a person, or one command and its status.
import { statSync } from 'node:fs';
import { totalmem } from 'node:os';
import { basename, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { MAX_ADAPTERS } from '../runtime/device-thread.js';
import { exitOnSignals } from '../vm/cleanup.js';
import { prepareWorkshop } from '../vm/setup.js';
import type { VmOptions } from '../vm/vm.js';
import { AdapterVm } from './adapter-vm.js';
import { CliError, Status } from './cli-error.js';
import { driverModules } from './driver-modules.js';

interface BootOptions {
  readonly memory: number;
  readonly cpus: number;
  readonly capture?: string;
  readonly deviceLog?: string;
  readonly kernel?: string;
  readonly iommu?: true;
  readonly with: string[];
  readonly module: string[];
  readonly file: string[];
  readonly driver: boolean;
  readonly adapters: number;
  readonly timeout: number;
}

const HOUR_S = 3600;
/** Ctrl-A x, as in QEMU's own console. */
const ESCAPE = 0x01;
const QUIT = 0x78;

export function wholeNumber(min: number, max: number): (text: string) => number {
  return text => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

const collect = (value: string, all: string[]): string[] => [...all, value];

function existing(path: string, what: string): string {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there?.isDirectory()) throw new CliError(`${what} ${path} is a directory`);
  if (there === undefined) throw new CliError(`${what} ${path} does not exist`);
  return resolve(path);
}

/** QEMU's own words for this are about address spaces. */
function checkMemory(guestMiB: number): void {
  const hostMiB = Math.floor(totalmem() / 2 ** 20);
  if (guestMiB < hostMiB) return;
  throw new CliError(`${guestMiB} MiB of guest memory do not fit: this machine has ${hostMiB} MiB of memory`);
}

/** "host:guest" or "host", which stands under its own name in /root. */
function guestFile(text: string): { host: string; guest: string } {
  const [host, guest] = text.split(':');
  return { host: existing(host, 'file'), guest: guest ?? `/root/${basename(host)}` };
}

async function boot(command: readonly string[], options: BootOptions): Promise<void> {
  checkMemory(options.memory);
  const load = options.module.map(path => ({ module: existing(path, 'module') }));
  const files = options.file.map(guestFile);
  const kernel: Partial<VmOptions> =
    options.kernel === undefined ? {} : { kernel: existing(options.kernel, 'kernel') };
  const workshop = await prepareWorkshop();
  const interactive = command.length === 0;
  const adapterVm = await AdapterVm.start(workshop, {
    control: true,
    adapters: options.adapters,
    guest: {
      load: [...driverModules(workshop, [...(options.driver ? ['pushbell'] : []), ...options.with]), ...load],
      files,
      consoleShell: interactive,
    },
    vm: {
      cpus: options.cpus,
      memoryMb: options.memory,
      ...(options.iommu ? { iommu: true } : {}),
      ...kernel,
      ...(interactive ? { onConsole: text => process.stdout.write(text) } : {}),
    },
    ...(options.capture === undefined ? {} : { capture: resolve(options.capture) }),
    ...(options.deviceLog === undefined ? {} : { deviceLog: resolve(options.deviceLog) }),
  });
  try {
    if (interactive) await converse(adapterVm);
    else process.exitCode = await runOne(adapterVm, command.join(' '), options.timeout * 1000);
  } finally {
    await adapterVm.close();
  }
}

async function runOne(adapterVm: AdapterVm, command: string, timeoutMs: number): Promise<number> {
  const result = await adapterVm.vm.run(command, {
    timeoutMs,
    onOutput: (stream, text) => process[stream].write(text),
  });
  return result.status;
}

/** Keys go to the guest's console until Ctrl-A x, end of input, or the guest's own end. */
async function converse(adapterVm: AdapterVm): Promise<void> {
  const { stdin, stderr } = process;
  stderr.write('This is the guest\'s console: "poweroff -f" or Ctrl-A x ends it.\n');
  stderr.write('Nothing happens? "npx pushbell explain" in another terminal says why.\n');
  if (stdin.isTTY) stdin.setRawMode(true);
  const over = new Promise<void>(resolve => {
    let escaped = false;
    stdin.on('data', (chunk: Buffer) => {
      for (const key of chunk) {
        if (escaped && key === QUIT) resolve();
        else if (!escaped && key === ESCAPE) escaped = true;
        else {
          escaped = false;
          adapterVm.vm.type(Buffer.from([key]));
        }
      }
    });
    stdin.once('end', () => resolve());
  });
  await Promise.race([over, adapterVm.vm.ended()]);
  if (stdin.isTTY) stdin.setRawMode(false);
  stdin.pause();
  stderr.write('\n');
}

export function bootCommand(): Command {
  return new Command('boot')
    .summary('boot a VM with the adapter: a console, or one command')
    .description(
      'Boots a VM with the adapter and its driver. Without a command you get a shell on the console; with "-- CMD" the\n' +
        'command runs in the guest and its exit status becomes this one.',
    )
    .argument('[command...]', 'command to run in the guest, after --')
    .option('--memory <MiB>', 'guest memory', wholeNumber(64, 1_048_576), 256)
    .option('--cpus <n>', 'virtual processors', wholeNumber(1, 255), 2)
    .option('--adapters <n>', 'adapters in the VM', wholeNumber(1, MAX_ADAPTERS), 1)
    .option('--kernel <file>', 'boot this kernel image (modules must fit it)')
    .option('--iommu', 'put an Intel IOMMU before the adapter: what a driver bug touches is a fault')
    .option(
      '--with <name>',
      'load this module of guest-driver/ too, e.g. pushbell_selftest (repeatable)',
      collect,
      [],
    )
    .option('--module <file.ko>', 'load this module too (repeatable)', collect, [])
    .option('--file <host[:guest]>', 'put this file into the guest (repeatable)', collect, [])
    .option('--no-driver', 'leave the pushbell driver out')
    .option('--capture <file>', 'write the packets to this pcapng file')
    .option('--device-log <file>', "write the adapter's log to this file")
    .option('--timeout <s>', 'end a command after this', wholeNumber(1, 24 * HOUR_S), HOUR_S)
    .addHelpText(
      'after',
      `\nExit status: that of the command; ${Status.USAGE} usage, ${Status.INFRASTRUCTURE} no VM, ${Status.HANG} hang`,
    )
    .action(async (command: string[], options: BootOptions) => {
      exitOnSignals();
      await boot(command, options);
    });
}
