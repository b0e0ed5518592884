// SPDX-License-Identifier: MIT
// pushbell bench (npm run bench): what an access costs in the guest, for the adapter and for QEMU's own edu device, in
// one VM and one sitting. Figures are ratios: the machine is noisy and both columns share the noise.
import { openSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { exitOnSignals } from '../vm/cleanup.js';
import { prepareWorkshop } from '../vm/setup.js';
import { AdapterVm } from './adapter-vm.js';
import { CliError, Status } from './cli-error.js';
import { driverModules } from './driver-modules.js';

/** A row of the table, and of the JSON file. */
export interface BenchRow {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly p99: number;
  /** Median (p99 where slow samples are what matters) of the same for edu, or of the row that it is held against; null where there is none. */
  readonly baseline: number | null;
  readonly ratio: number | null;
}

interface Measured {
  readonly name: string;
  readonly device: string;
  readonly median: number;
  readonly p99: number;
}

/** What a median may be, as a multiple of edu's: a gate must hold, an aim is reported. */
const BOUNDS: Readonly<Record<string, { readonly gate?: number; readonly aim: number }>> = {
  read: { gate: 10, aim: 3 },
  burst_write_guest: { gate: 2, aim: 1.5 },
  burst_write_device: { gate: 3, aim: 2 },
  spaced_write: { aim: 3 },
  doorbell_interrupt: { gate: 12, aim: 6 },
  copy64_push_backlog: { aim: 1.5 },
  read_copies: { aim: 5 },
  read_writes: { aim: 5 },
};

/** What a median has to be at least, as a multiple of its baseline. */
const AT_LEAST: Readonly<Record<string, number>> = { copy64_doorbell_backlog: 20 };

/** Rows of our own that another one is held against. */
const OWN_BASELINES: Readonly<Record<string, string>> = {
  copy64_push_backlog: 'copy64_push_idle',
  copy64_doorbell_backlog: 'copy64_push_backlog',
  read_copies: 'read_idle',
  read_writes: 'read_idle',
};

/** Rows whose slow samples are what matters: their ratio is of the 99th percentiles. */
const BY_P99: ReadonlySet<string> = new Set(['read_copies', 'read_writes']);

/** edu has no queues: what its register write to interrupt takes is what a doorbell to interrupt is held against. */
const BASELINES: Readonly<Record<string, string>> = {
  doorbell_interrupt: 'interrupt',
  push_interrupt: 'interrupt',
};

const TITLES: Readonly<Record<string, string>> = {
  read: '32-bit read, back to back',
  burst_write_guest: 'burst write, cost to the guest',
  burst_write_device: 'burst write, until the device has it',
  spaced_write: 'one write each 100 µs, cost to the guest',
  interrupt: 'register write → interrupt handler',
  doorbell_interrupt: 'doorbell of a descriptor → interrupt handler',
  push_interrupt: 'push of a descriptor → interrupt handler',
  doorbell_completion: 'doorbell of a descriptor → completion polled',
  push_completion: 'push of a descriptor → completion polled',
  copy64_doorbell_idle: 'COPY of 64 bytes, doorbell → completion',
  copy64_push_idle: 'the same by push',
  copy64_doorbell_backlog: 'doorbell behind 128 bulk queues, to that push',
  copy64_push_backlog: 'push behind 128 bulk queues, to an idle push',
  read_idle: 'one 32-bit read, idle',
  read_copies: 'p99 of reads under bulk COPY, to idle',
  read_writes: 'p99 of reads under bulk RDMA WRITE, to idle',
};

const BENCH_DIR = '/sys/kernel/debug/pushbell/*/';
/** The first sitting warms up (the adapter's code is compiled while it runs) and is thrown away; the second counts. */
const MEASURE = `cd ${BENCH_DIR} && echo warm >bench && echo measure >bench && cat bench`;
const BENCH_TIMEOUT_MS = 240_000;

export function parseMeasured(text: string): Measured[] {
  return text
    .split('\n')
    .map(line => line.split(','))
    .filter(cells => cells.length >= 5 && /^\d+$/.test(cells[2]))
    .map(([name, device, median, p99]) => ({ name, device, median: Number(median), p99: Number(p99) }));
}

export function toRows(measured: readonly Measured[]): BenchRow[] {
  return measured
    .filter(m => m.device === 'pushbell')
    .map(m => {
      const own = OWN_BASELINES[m.name];
      const device = own === undefined ? 'edu' : 'pushbell';
      const name = own ?? BASELINES[m.name] ?? m.name;
      const beside = measured.find(e => e.device === device && e.name === name);
      const what = BY_P99.has(m.name) ? 'p99' : 'median';
      const baseline = beside?.[what] ?? null;
      const ratio = baseline === null || baseline === 0 ? null : m[what] / baseline;
      return { name: m.name, unit: 'ns', median: m.median, p99: m.p99, baseline, ratio };
    });
}

function verdict(row: BenchRow): { text: string; bad: boolean } {
  const bound = BOUNDS[row.name];
  const least = AT_LEAST[row.name];
  if (row.ratio !== null && least !== undefined)
    return { text: `aim ≥ ${least} ${row.ratio < least ? 'missed' : 'met'}`, bad: false };
  if (bound === undefined || row.ratio === null) return { text: '', bad: false };
  const bad = bound.gate !== undefined && row.ratio > bound.gate;
  const gate = bound.gate === undefined ? '' : `gate ≤ ${bound.gate} ${bad ? 'MISSED' : 'holds'}, `;
  return { text: `${gate}aim ≤ ${bound.aim} ${row.ratio > bound.aim ? 'missed' : 'met'}`, bad };
}

function table(rows: readonly BenchRow[]): string {
  const ns = (n: number | null): string =>
    n === null ? '–' : n >= 10_000 ? `${(n / 1000).toFixed(1)} µs` : `${n} ns`;
  const lines = rows.map(row => {
    const cells = [ns(row.median).padStart(10), ns(row.p99).padStart(10), ns(row.baseline).padStart(10)];
    const ratio = (row.ratio === null ? '–' : row.ratio.toFixed(2)).padStart(7);
    return `${(TITLES[row.name] ?? row.name).padEnd(46)}${cells.join('')}${ratio}  ${verdict(row).text}`;
  });
  const head = `${''.padEnd(46)}${'median'.padStart(10)}${'p99'.padStart(10)}${'baseline'.padStart(10)}${'ratio'.padStart(7)}`;
  return `${[head, ...lines].join('\n')}\n`;
}

async function bench(options: { json?: string }): Promise<void> {
  const json = options.json === undefined ? undefined : openSync(options.json, 'w');
  const workshop = await prepareWorkshop();
  const adapterVm = await AdapterVm.start(workshop, {
    guest: { load: driverModules(workshop, ['pushbell', 'pushbell_bench']) },
    devices: ['edu'],
    // One processor for the guest and one for the adapter is what two cores have; a second vCPU would take either's time.
    vm: { cpus: 1 },
  });
  try {
    process.stdout.write(
      `\nMeasuring in a guest (${workshop.accel}, Linux ${adapterVm.vm.kernelRelease}) …\n\n`,
    );
    const { stdout, stderr, status } = await adapterVm.vm.run(MEASURE, {
      timeoutMs: BENCH_TIMEOUT_MS,
    });
    const rows = toRows(parseMeasured(stdout));
    if (status !== 0 || rows.length === 0)
      throw new CliError(
        `the measurement failed in the guest\n${stderr}${adapterVm.vm.console.tail()}`,
        Status.FAIL,
      );
    process.stdout.write(table(rows));
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(rows, null, 2)}\n`);
    if (rows.some(row => verdict(row).bad)) process.exitCode = Status.FAIL;
  } finally {
    await adapterVm.close();
  }
}

export function benchCommand(): Command {
  return new Command('bench')
    .summary("measure MMIO and interrupts beside QEMU's edu device")
    .description(
      "Measures in one guest what accesses and interrupts cost, for the adapter and for QEMU's own edu device.",
    )
    .option('--json <file>', 'write the rows {name, unit, median, p99, baseline, ratio} as JSON')
    .action(async (options: { json?: string }) => {
      exitOnSignals();
      await bench(options);
    });
}
