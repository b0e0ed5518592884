#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// The command line. A command is a file with a function that makes a commander Command; it is listed here and nowhere
// else. Expected failures are CliErrors: one line, a status, no stack.
import { Command, CommanderError } from 'commander';
import { SocketUnavailable } from '../runtime/claim-socket.js';
import { VmError } from '../vm/errors.js';
import { benchCommand } from './bench.js';
import { bootCommand } from './boot.js';
import { cleanCommand } from './clean.js';
import { CliError, Status } from './cli-error.js';
import { demoCommand } from './demo.js';
import { doctorCommand } from './doctor.js';
import { explainCommand } from './explain.js';
import { serveCommand } from './serve.js';
import { testCommand } from './test/command.js';

const COMMANDS: readonly (() => Command)[] = [
  demoCommand,
  bootCommand,
  testCommand,
  benchCommand,
  serveCommand,
  explainCommand,
  doctorCommand,
  cleanCommand,
];

/** commander's settings are not inherited by commands that were made elsewhere. */
function adopt(program: Command, command: Command): void {
  command.copyInheritedSettings(program);
  for (const sub of command.commands) adopt(command, sub);
  program.addCommand(command);
}

export function createProgram(): Command {
  const program = new Command('pushbell')
    .description('A PCI network adapter with doorbells and priority push, for QEMU guests')
    .showHelpAfterError('(run with --help to see what there is)')
    .exitOverride();
  for (const command of COMMANDS) adopt(program, command());
  return program;
}

/** Runs one command line; resolves with the exit status. */
async function run(argv: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(argv as string[]);
    return Number(process.exitCode ?? Status.OK);
  } catch (error) {
    // commander has printed its own message already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? Status.OK : Status.USAGE;
    if (error instanceof VmError)
      return say(error.message, isHang(error) ? Status.HANG : Status.INFRASTRUCTURE);
    if (error instanceof CliError) return say(error.message, error.status);
    if (!isOutside(error)) throw error;
    return say(error.message, Status.INFRASTRUCTURE);
  }
}

/** The system refused something (a file, a socket): the caller's affair, told in one line. Anything else is a defect of ours. */
function isOutside(error: unknown): error is Error {
  if (error instanceof SocketUnavailable) return true;
  return error instanceof Error && 'code' in error && 'syscall' in error;
}

function say(message: string, status: number): number {
  process.stderr.write(`pushbell: ${message}\n`);
  return status;
}

const isHang = (error: VmError): boolean =>
  error.fault.kind === 'guest-hang' || error.fault.kind === 'command-timeout';

process.exitCode = await run(process.argv);
