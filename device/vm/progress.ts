// SPDX-License-Identifier: MIT

/** What a step of the preparation did: `cached` when there was nothing to do. */
export interface StepResult {
  /** Replaces the step's title in the final line, e.g. with a version that was not known before. */
  title?: string;
  cached: boolean;
  /** What was done, in one word: `built`, `downloaded`; `done` when left out. */
  verb?: string;
}

/** One step of a preparation. Steps run one after the other. */
export interface Step {
  title: string;
  run: (say: (line: string) => void) => Promise<StepResult>;
}

/** Something that takes text, e.g. process.stderr. */
export interface TextSink {
  write(text: string): unknown;
  isTTY?: boolean;
}

/**
 * Runs the steps and shows each with the time it took: `[3/7] QEMU 7.2 with pushbell-pci … built in 2 min 41 s`.
 * What a step says meanwhile stands indented above that line. A step that fails ends it all.
 */
export async function prepare(
  steps: readonly Step[],
  sink: TextSink = process.stderr,
  now: () => number = () => performance.now(),
): Promise<void> {
  for (const [index, step] of steps.entries()) {
    const label = `[${index + 1}/${steps.length}]`;
    let opened = false; // the line of a waiting step is on the screen and not ended
    const open = () => {
      if (sink.isTTY && !opened) sink.write(`${label} ${step.title} …`);
      opened = sink.isTTY === true;
    };
    const wipe = () => {
      if (opened) sink.write('\r\x1b[2K');
      opened = false;
    };
    open();
    const startedAt = now();
    try {
      const result = await step.run(line => {
        wipe();
        sink.write(`      ${line}\n`);
        open();
      });
      wipe();
      const took = formatDuration(now() - startedAt);
      const outcome = result.cached ? 'cached' : `${result.verb ?? 'done'} in ${took}`;
      sink.write(`${label} ${result.title ?? step.title} … ${outcome}\n`);
    } catch (error) {
      wipe();
      sink.write(`${label} ${step.title} … failed after ${formatDuration(now() - startedAt)}\n`);
      throw error;
    }
  }
}

/** `0.4 s`, `12 s`, `2 min 41 s`. */
export function formatDuration(ms: number): string {
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
