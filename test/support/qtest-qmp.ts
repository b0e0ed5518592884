// SPDX-License-Identifier: MIT
// The monitor beside a qtest session.
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { Qmp, type QmpEvent } from '../../device/vm/qmp.js';

const CONNECT_MS = 5000;

/** Arguments that give QEMU a monitor in `directory`. */
export const qmpArgs = (directory: string): string[] => [
  '-qmp',
  `unix:${join(directory, 'qmp.sock')},server=on,wait=off`,
];

function connected(path: string): Promise<Socket | undefined> {
  return new Promise(resolve => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}

/** A monitor connection, ready for commands; QEMU was started with `qmpArgs(directory)`. */
export async function connectQmp(
  directory: string,
  onEvent: (event: QmpEvent) => void = () => undefined,
): Promise<Qmp> {
  const deadline = performance.now() + CONNECT_MS;
  for (;;) {
    const socket = await connected(join(directory, 'qmp.sock'));
    if (socket !== undefined) {
      const qmp = new Qmp(socket, onEvent);
      await qmp.negotiate();
      return qmp;
    }
    if (performance.now() > deadline) throw new Error('QEMU has no monitor');
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}
