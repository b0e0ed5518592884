// SPDX-License-Identifier: MIT
// What a register read costs the guest while the adapter is idle and while it works on bulk descriptors, through ring and
// reactor, between this process and the device process: rounds of both by turns, the backlog held in between.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Hold } from '../../device/abi/generated/commands.js';
import { REG_SCRATCH_OFFSET, REGISTER_BAR } from '../../device/abi/generated/registers.js';
import { closeFd } from '../../device/sys/fd.js';
import { Mapping } from '../../device/sys/mapping.js';
import { BackEnd } from '../support/back-end.js';
import { bulkOf } from '../support/bulk.js';
import { Driver } from '../support/driver.js';
import { FrontEnd, guestRam } from '../support/front-end.js';
import type { LaneKind } from '../support/lane.js';
import type { RingProducer } from '../support/ring-producer.js';
import type { Target } from '../support/target.js';
import { at, type Row } from './rows.js';

const RAM_BYTES = 64 * 2 ** 20;
const READS_A_ROUND = 200;
/** Descriptors of 2 GiB: together more than the rounds take. */
const BACKLOG = 32;

/** The device process as a target: loads and stores go through the ring. */
class RingTarget implements Target {
  readonly name = 'ring';
  readonly ramBase = 0;
  readonly ramBytes = RAM_BYTES;
  readonly nowhere = 2 ** 40;
  readonly ring: RingProducer;
  readonly #u8: Uint8Array;

  constructor(ring: RingProducer, u8: Uint8Array) {
    this.ring = ring;
    this.#u8 = u8;
  }

  readBytes(address: number, length: number): Uint8Array {
    return this.#u8.slice(address, address + length);
  }

  writeBytes(address: number, bytes: Uint8Array): void {
    this.#u8.set(bytes, address);
  }

  load(bar: number, offset: number, size: number): number {
    return this.ring.read(offset, size, bar).lo;
  }

  store(bar: number, offset: number, size: number, lo: number, hi = 0): void {
    this.ring.write(offset, size, lo >>> 0, hi >>> 0, bar);
  }

  settle(): void {
    this.ring.waitUntilConsumed();
  }

  interrupts(): number {
    return 0;
  }

  busMaster(): void {}

  msix(): void {}

  power(): void {}

  close(): void {}
}

/** Microseconds that each of some reads took. */
function readTimes(ring: RingProducer): number[] {
  const times: number[] = [];
  for (let n = 0; n < READS_A_ROUND; n++) {
    const start = process.hrtime.bigint();
    ring.read(REG_SCRATCH_OFFSET, 4, REGISTER_BAR);
    times.push(Number(process.hrtime.bigint() - start) / 1e3);
  }
  return times;
}

export interface ReadTimes {
  readonly idle: number[];
  readonly loaded: number[];
}

/** Reads beside a backlog of `kind`, which is held for every other round. */
export async function readsUnderLoad(kind: LaneKind, rounds: number): Promise<ReadTimes> {
  const directory = mkdtempSync(join(tmpdir(), 'pushbell-bench-'));
  const socketPath = join(directory, 'a.sock');
  const backEnd = await BackEnd.start({ directory, socketPath, logFile: join(directory, 'log') });
  try {
    const frontEnd = FrontEnd.connect(socketPath);
    closeFd(frontEnd.start().fd);
    const ring = frontEnd.ring as RingProducer;
    const fd = guestRam(RAM_BYTES);
    frontEnd.addMemory(fd, 0, RAM_BYTES);
    const driver = new Driver(new RingTarget(ring, new Mapping(fd, RAM_BYTES).u8)).start();
    const held = Hold.ENGINE | Hold.LINK;
    driver.setLink(held);
    const cq = driver.createCq(driver.createEq());
    bulkOf(driver, { kind, cq, count: BACKLOG });
    const times: ReadTimes = { idle: [], loaded: [] };
    for (let n = -Math.ceil(rounds / 2); n < rounds; n++) {
      driver.setLink(held);
      const idle = readTimes(ring);
      driver.setLink(0);
      const loaded = readTimes(ring);
      driver.setLink(held);
      const ended = driver.poll(cq).filter(({ receive }) => !receive).length;
      if (ended === BACKLOG) throw new Error('the backlog did not last');
      // On a busy machine this process may stand still while the adapter goes on: what has ended is rung again.
      if (ended > 0) bulkOf(driver, { kind, cq, count: ended });
      if (n < 0) continue;
      times.idle.push(...idle);
      times.loaded.push(...loaded);
    }
    frontEnd.hangUp();
    ring.close();
    return times;
  } finally {
    await backEnd.end();
    rmSync(directory, { recursive: true, force: true });
  }
}

export class Reads {
  static readonly title = 'reads';

  async run(samples: number): Promise<Row[]> {
    const rows: Row[] = [];
    for (const kind of ['engine', 'link'] as const) {
      const { idle, loaded } = await readsUnderLoad(kind, samples);
      const order = (a: number, b: number): number => a - b;
      const [quiet, busy] = [idle.toSorted(order), loaded.toSorted(order)];
      for (const [name, part] of [
        ['median', 0.5],
        ['p99', 0.99],
      ] as const) {
        const [median, baseline] = [at(busy, part), at(quiet, part)];
        const title = `register read under bulk ${kind === 'engine' ? 'COPY' : 'SEND'}: ${name}`;
        rows.push({
          name: title,
          unit: 'us',
          median,
          p99: at(busy, 0.99),
          baseline,
          ratio: median / baseline,
        });
      }
    }
    return rows;
  }
}
