// SPDX-License-Identifier: MIT

/** Everything that can go wrong while a VM is prepared, started or used: the caller switches on `kind`. */
export type VmFault =
  | { kind: 'missing-tool'; tool: string; hint: string }
  | { kind: 'no-apt-sources'; release: string; hint: string }
  | { kind: 'command-failed'; command: string; status: number | string; output: string }
  | { kind: 'module-build'; source: string; output: string }
  | { kind: 'bad-file'; path: string; reason: string }
  | { kind: 'qemu-exited'; status: number | string; stderr: string; consoleTail: string }
  | { kind: 'qmp'; command: string; reason: string }
  | { kind: 'guest-module'; module: string; reason: string; consoleTail: string }
  | { kind: 'guest-crash'; line: string; consoleTail: string }
  | { kind: 'guest-hang'; doing: string; waitedMs: number; consoleTail: string }
  | { kind: 'command-timeout'; command: string; timeoutMs: number; stdout: string; stderr: string }
  | { kind: 'guest-closed'; doing: string; consoleTail: string }
  | { kind: 'aborted'; doing: string };

/** A fault of the preparation or of a running VM; `fault` is the machine-readable part. */
export class VmError extends Error {
  readonly fault: VmFault;

  constructor(fault: VmFault) {
    super(describeFault(fault));
    this.name = 'VmError';
    this.fault = fault;
  }
}

/** One text for a person: what happened, then what to do about it or the last output that explains it. */
export function describeFault(fault: VmFault): string {
  switch (fault.kind) {
    case 'missing-tool':
      return `${fault.tool} is missing: ${fault.hint}`;
    case 'no-apt-sources':
      return `no usable Debian package source for ${fault.release}: ${fault.hint}`;
    case 'command-failed':
      return `${fault.command} ended with ${fault.status}${indented(fault.output)}`;
    case 'module-build':
      return `the kernel module in ${fault.source} does not compile${indented(fault.output)}`;
    case 'bad-file':
      return `${fault.path}: ${fault.reason}`;
    case 'qemu-exited':
      return `QEMU ended with ${fault.status}${indented(fault.stderr || fault.consoleTail)}`;
    case 'qmp':
      return `QEMU refused the command ${fault.command}: ${fault.reason}`;
    case 'guest-module':
      return `the guest could not load ${fault.module}: ${fault.reason}${indented(fault.consoleTail)}`;
    case 'guest-crash':
      return `the guest kernel reported: ${fault.line}${indented(fault.consoleTail)}`;
    case 'guest-hang':
      return `no answer from the guest for ${fault.waitedMs} ms while ${fault.doing}${indented(fault.consoleTail)}`;
    case 'command-timeout':
      return `${fault.command} had not ended after ${fault.timeoutMs} ms and was killed${indented(fault.stdout + fault.stderr)}`;
    case 'guest-closed':
      return `the guest went away while ${fault.doing}${indented(fault.consoleTail)}`;
    case 'aborted':
      return `stopped while ${fault.doing}`;
  }
}

function indented(text: string): string {
  const trimmed = text.trimEnd();
  return trimmed === '' ? '' : `\n  ${trimmed.replaceAll('\n', '\n  ')}`;
}
