// SPDX-License-Identifier: MIT
// pushbell doctor: what is missing here and how to get it. It changes nothing.
import { existsSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { arch, freemem } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { usableCpus } from '../sys/cpu.js';
import { cacheRoot } from '../vm/cache.js';
import { findTool, packageOf } from '../vm/host-tools.js';
import { Status } from './cli-error.js';

type Finding = { readonly state: 'ok' | 'note' | 'missing'; readonly what: string; readonly advice?: string };

const MIN_NODE = [20, 19] as const;
const DISK_GIB = 6;
const MEMORY_MIB = 1024;
const TOOLS = [
  'gcc',
  'make',
  'ninja',
  'meson',
  'python3',
  'pkg-config',
  'flex',
  'bison',
  'dpkg-deb',
  'xz',
  'setpriv',
];
const TEST_TOOLS = ['tshark', 'sparse'];

function checkNode(): Finding {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const good = major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1]);
  const what = `Node.js ${process.versions.node}`;
  return good
    ? { state: 'ok', what }
    : { state: 'missing', what, advice: `at least ${MIN_NODE.join('.')} is needed` };
}

function checkSystem(): Finding {
  const name = /PRETTY_NAME="(.*)"/.exec(
    existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '',
  )?.[1];
  const what = `${name ?? 'unknown system'}, ${arch()}`;
  if (arch() !== 'x64')
    return { state: 'missing', what, advice: 'only x86-64 hosts and guests are supported' };
  if (/Debian GNU\/Linux 1[23]/.test(name ?? '')) return { state: 'ok', what };
  return {
    state: 'note',
    what,
    advice: 'made for Debian 12 and 13; set QEMU_SRC and install the tools by hand elsewhere',
  };
}

function checkTool(tool: string, purpose: string): Finding {
  const path = findTool(tool);
  if (path !== undefined) return { state: 'ok', what: `${tool}: ${path}` };
  const source = packageOf(tool) ?? tool;
  return {
    state: 'missing',
    what: `${tool} (${purpose})`,
    advice: `apt-get install ${source}; npm start and npm test do it by themselves`,
  };
}

function checkCpus(): Finding {
  const cpus = usableCpus();
  const what = `${cpus} usable processor${cpus === 1 ? '' : 's'}`;
  return cpus > 1
    ? { state: 'ok', what }
    : { state: 'note', what, advice: 'the adapter does not spin on one processor: expect slower MMIO' };
}

function checkSpace(): Finding {
  const fs = statfsSync(cacheRoot());
  const gib = (fs.bavail * fs.bsize) / 2 ** 30;
  const what = `${gib.toFixed(0)} GiB free for the cache ${cacheRoot()}`;
  return gib > DISK_GIB
    ? { state: 'ok', what }
    : { state: 'missing', what, advice: `${DISK_GIB} GiB are needed; PUSHBELL_CACHE names another place` };
}

function checkMemory(): Finding {
  const mib = freemem() / 2 ** 20;
  const what = `${mib.toFixed(0)} MiB of memory free`;
  return mib > MEMORY_MIB
    ? { state: 'ok', what }
    : { state: 'missing', what, advice: `${MEMORY_MIB} MiB are needed to build and boot` };
}

function checkKvm(): Finding {
  if (!existsSync('/dev/kvm'))
    return { state: 'note', what: 'no /dev/kvm', advice: 'guests are emulated (TCG), which is slower' };
  return { state: 'ok', what: '/dev/kvm is there (whether it runs guests is found out by running one)' };
}

function checkBuilt(): Finding {
  const qemu = join(cacheRoot(), 'qemu');
  const built =
    existsSync(qemu) && readdirSync(qemu).some(name => existsSync(join(qemu, name, 'qemu-system-x86_64')));
  if (built) return { state: 'ok', what: 'QEMU with pushbell-pci is built' };
  return {
    state: 'note',
    what: 'QEMU with pushbell-pci is not built yet',
    advice: 'npm start builds it (about 3 minutes)',
  };
}

function doctor(): void {
  const findings = [
    checkSystem(),
    checkNode(),
    checkCpus(),
    checkMemory(),
    checkSpace(),
    checkKvm(),
    ...TOOLS.map(tool => checkTool(tool, 'to build')),
    ...TEST_TOOLS.map(tool => checkTool(tool, 'for npm test')),
    checkBuilt(),
  ];
  const marks = { ok: '✔', note: '·', missing: '✘' } as const;
  for (const f of findings)
    process.stdout.write(`${marks[f.state]} ${f.what}${f.advice === undefined ? '' : `\n    ${f.advice}`}\n`);
  const missing = findings.filter(f => f.state === 'missing').length;
  process.stdout.write(missing === 0 ? '\nNothing is missing.\n' : `\n${missing} missing.\n`);
  process.exitCode = missing === 0 ? Status.OK : Status.INFRASTRUCTURE;
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .summary('say what is missing here and how to get it')
    .description('Looks at this machine and says what is missing and how to get it. Changes nothing.')
    .action(doctor);
}
