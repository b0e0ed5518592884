// SPDX-License-Identifier: MIT
// The driver's stress module (pushbell_stress.ko): doorbells, pushes and DMA at once, every byte, order and count checked
// in the guest. It also lists the gaps between completions, which is what a pause of the adapter is to a guest.
import type { Vm } from '../../device/vm/vm.js';
import { DEBUGFS, tell } from './guest-adapter.js';
import { guestSays, until } from './served-vm.js';

export interface StressReport {
  readonly state: string;
  readonly figures: Readonly<Record<string, number>>;
  /** Lengths of the gaps that were long enough to be listed, in µs. */
  readonly gapsUs: readonly number[];
  readonly errors: readonly string[];
}

export function parseStress(text: string): StressReport {
  const figures: Record<string, number> = {};
  const gapsUs: number[] = [];
  const errors: string[] = [];
  let state = '';
  for (const line of text.split('\n')) {
    const gap = /^gap at_us=\d+ us=(\d+)$/.exec(line);
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (gap !== null) gapsUs.push(Number(gap[1]));
    else if (key === 'state') state = value;
    else if (key === 'error') errors.push(value);
    else if (key !== undefined) figures[key] = Number(value);
  }
  return { state, figures, gapsUs, errors };
}

/** One workload on one adapter of a guest. */
export class Stress {
  readonly #vm: Vm;
  readonly #directory: string;

  constructor(vm: Vm, adapter = '*') {
    this.#vm = vm;
    this.#directory = `${DEBUGFS}/${adapter}`;
  }

  /** `options` as the module documents them, e.g. `pairs=4 again=1`. */
  async start(options = ''): Promise<void> {
    await this.#write(`start ${options}`);
    await this.goesOn();
  }

  async report(): Promise<StressReport> {
    return parseStress(await guestSays(this.#vm, `cat ${this.#directory}/stress`));
  }

  async forgetGaps(): Promise<void> {
    await this.#write('reset-gaps');
  }

  /** Waits until so much more has completed. */
  async goesOn(more = 100, withinMs = 30_000): Promise<void> {
    const { figures } = await this.report();
    const enough = figures.completed + more;
    await until(
      'the workload goes on',
      withinMs,
      () => this.report(),
      now => now.figures.completed >= enough,
    );
  }

  /** Stops it, lets everything come to its end, and throws unless nothing at all went wrong. */
  async stop(): Promise<StressReport> {
    await this.#write('stop');
    const report = await this.report();
    const { figures } = report;
    const { errors, resets, posted, completed, sends, received } = figures;
    // What a reset drops never completes; without one, everything does.
    const lost = resets === 0 && (posted !== completed || sends !== received);
    const wrong = [
      ...report.errors,
      ...(report.state === 'stopped' ? [] : [`state ${report.state}`]),
      ...(errors === 0 ? [] : [`${errors} errors`]),
      ...(lost ? [`${posted} posted, ${completed} completed, ${sends} sent, ${received} received`] : []),
    ];
    if (wrong.length > 0) throw new Error(`the workload went wrong: ${wrong.join('; ')}`);
    return report;
  }

  async #write(text: string): Promise<void> {
    await tell(this.#vm, 'stress', text, this.#directory);
  }
}
