// SPDX-License-Identifier: MIT
// pushbell demo (npm start): prepares what is missing, boots a VM with the adapter, lets the kernel driver exercise it,
// and shows what was sent, what came back, in which order and how long it took.
import { Command } from 'commander';
import { exitOnSignals } from '../vm/cleanup.js';
import { prepareWorkshop } from '../vm/setup.js';
import { AdapterVm } from './adapter-vm.js';
import { CliError, Status } from './cli-error.js';
import { driverModules } from './driver-modules.js';
import { parseStory, renderStory } from './story.js';

const DEMO_TIMEOUT_MS = 60_000;
const DEBUGFS_DEMO = '/sys/kernel/debug/pushbell/*/demo';

interface DemoOptions {
  readonly capture?: string;
}

async function demo(options: DemoOptions): Promise<void> {
  const began = performance.now();
  const workshop = await prepareWorkshop();
  const out = process.stdout;
  out.write('\nBooting a VM with the adapter …\n');
  const adapterVm = await AdapterVm.start(workshop, {
    guest: { load: driverModules(workshop, ['pushbell', 'pushbell_selftest']) },
    ...(options.capture === undefined ? {} : { capture: options.capture }),
  });
  try {
    const { vm } = adapterVm;
    const lspci = await vm.run('cat /sys/bus/pci/drivers/pushbell/*/uevent | grep -E "PCI_(ID|SLOT_NAME)"');
    const found = Object.fromEntries(
      lspci.stdout
        .trim()
        .split('\n')
        .map(line => line.split('=')),
    );
    out.write(
      `Linux ${vm.kernelRelease} is up after ${(vm.bootMs / 1000).toFixed(1)} s (${workshop.accel}); ` +
        `the driver pushbell has bound ${found.PCI_ID ?? '?'} at ${found.PCI_SLOT_NAME ?? '?'}\n\n`,
    );
    const story = await vm.run(`cat ${DEBUGFS_DEMO}`, { timeoutMs: DEMO_TIMEOUT_MS });
    const steps = parseStory(story.stdout);
    if (story.status !== 0 || steps.length === 0) {
      throw new CliError(
        `the demonstration failed in the guest\n${story.stderr}${vm.console.tail()}`,
        Status.FAIL,
      );
    }
    const { text, good } = renderStory(steps);
    out.write(text);
    if (!good) throw new CliError('the adapter did not do what it should: see above', Status.FAIL);
    out.write(`\nAll of it took ${((performance.now() - began) / 1000).toFixed(1)} s.\n`);
    out.write('Next: "npx pushbell boot" for a shell in such a VM, "npx pushbell --help" for the rest.\n');
  } finally {
    await adapterVm.close();
  }
}

export function demoCommand(): Command {
  return new Command('demo')
    .summary('boot a VM, exercise the adapter, show the result (npm start)')
    .description('Boots a VM with the adapter and shows what doorbell, push and DMA engine do.')
    .option('--capture <file>', 'write the packets to this pcapng file')
    .action(async (options: DemoOptions) => {
      exitOnSignals();
      await demo(options);
    });
}
