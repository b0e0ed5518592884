// SPDX-License-Identifier: MIT
// A device thread that listens in a directory of its own, for tests of the whole back-end in this process.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

export async function startDevice(modelUrl: string = SCRATCH_MODEL_URL): Promise<TestDevice> {
  const directory = temporaryDirectory();
  const path = join(directory, 'device.sock');
  const socket = claimSocket(path, () => undefined);
  const logged: TestDevice['logged'] = [];
  const thread = new DeviceThread({
    modelUrl,
    modelOptions: {},
    listener: socket.fd,
    onLog: (level, message) => logged.push({ level, message }),
  });
  await thread.ready;
  const stop = async (): Promise<void> => {
    await thread.stop();
    socket.release();
    rmSync(directory, { recursive: true });
  };
  return { thread, path, logged, stop };
}
