// SPDX-License-Identifier: MIT
// A device thread that listens in a directory of its own, for tests of the whole back-end in this process.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { LogLevel } from '../../device/model/ports.js';
import { claimSocket } from '../../device/runtime/claim-socket.js';
import { DeviceThread } from '../../device/runtime/device-thread.js';

export const SCRATCH_MODEL_URL = new URL('./scratch-model.js', import.meta.url).href;

export interface TestDevice {
  readonly thread: DeviceThread;
  readonly path: string;
  readonly logged: { level: LogLevel; message: string }[];
  stop(): Promise<void>;
}

export const temporaryDirectory = (): string => mkdtempSync(join(tmpdir(), 'pushbell-test-'));

/** Starts it; it is stopped when the test ends, at the latest: a device thread that blocks in poll cannot be terminated. */
export async function startDevice(
  t: Pick<ExecutionContext, 'teardown'>,
  modelUrl: string = SCRATCH_MODEL_URL,
  options: { readonly maxAdapters?: number; readonly rehearse?: boolean } = {},
): Promise<TestDevice> {
  const directory = temporaryDirectory();
  const path = join(directory, 'device.sock');
  const socket = claimSocket(path, () => undefined);
  const logged: TestDevice['logged'] = [];
  const thread = new DeviceThread({
    modelUrl,
    modelOptions: {},
    listener: socket.fd,
    ...options,
    onLog: (level, message) => logged.push({ level, message }),
  });
  let stopped: Promise<void> | undefined;
  const stopOnce = async (): Promise<void> => {
    await thread.stop().catch(() => undefined);
    socket.release();
    rmSync(directory, { recursive: true });
  };
  const stop = (): Promise<void> => {
    stopped ??= stopOnce();
    return stopped;
  };
  t.teardown(stop);
  await thread.ready;
  return { thread, path, logged, stop };
}
