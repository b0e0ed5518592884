// SPDX-License-Identifier: MIT
// Bytes that the collector has to take back for each descriptor, by kind of work, once the code is compiled: growth of the
// heap while a burst plays, and the allocation profile by function (V8's sampling heap profiler). Guest memory stands above
// 4 GiB and words have their top bit set (ids, operands, immediate data), so that all of them are Numbers that V8 would put
// on the heap if it had to hand them over.
import { type HeapProfiler, Session } from 'node:inspector';
import { Access, Mtu } from '../../device/abi/generated/commands.js';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import { REMOTE_ACCESS } from '../support/commander.js';
import type { Range } from '../support/work.js';
import { BURST, Burst, CQ_LOG_DEPTH, type Item, RING_LOG_DEPTH } from './burst.js';
import { costRow, type Row } from './rows.js';
import { World } from './world.js';

const GIB = 2 ** 30;
const RAM_BASE = 4 * GIB;
const RAM_BYTES = 64 * 2 ** 20;
const WARM_UP = 400;
const SAMPLE_INTERVAL_BYTES = 256;

export interface Kind {
  readonly name: string;
  readonly burst: Burst;
  readonly items: (n: number) => Item;
  /** Packets whose ICRC zlib makes, or pieces of two lists: each may bring a Number now and then. */
  readonly parts: number;
}

const HIGH = 0xf0000000;
const LARGE = 65536;
/** Payload of a packet, by MTU code. */
const MTU_BYTES = new Map<number, number>([
  [Mtu.MTU_1024, 1024],
  [Mtu.MTU_4096, 4096],
]);

/** Every way of a descriptor that is meant to be fast, on one adapter. */
export function kindsOfWork(): Kind[] {
  const world = new World(RAM_BYTES, RAM_BASE);
  const { driver } = world;
  const eq = driver.createEq();
  const memory = driver.alloc(16 * 2 ** 20);
  const range = (at: number, length: number): Range => ({ address: memory + at, length });
  const channel = (name: string, work: (n: number) => Item['work'], pushed = false, parts = 0): Kind => {
    const cq = driver.createCq(eq, CQ_LOG_DEPTH);
    const qp = driver.channel({ sendCq: cq, logDepth: RING_LOG_DEPTH, logStride: 9 });
    const items = (n: number): Item => ({ qp, work: { ...work(n), wrId: HIGH + n }, pushed });
    return { name, burst: new Burst(world, cq), items, parts };
  };
  const packetsOf = (length: number, mtu: number): number =>
    length < LARGE ? 0 : length / (MTU_BYTES.get(mtu) as number);
  const connection = (name: string, length: number, pushed = false, mtu: number = Mtu.MTU_1024): Kind => {
    const cqs = [driver.createCq(eq, CQ_LOG_DEPTH), driver.createCq(eq, CQ_LOG_DEPTH)];
    const [a, b] = cqs.map(sendCq => driver.createQp({ sendCq, logDepth: RING_LOG_DEPTH, logStride: 8 }));
    driver.connect(a, b.number, mtu);
    driver.connect(b, a.number, mtu);
    const receive = { opcode: Opcode.RECV, scatter: [range(2 ** 20, length)], wrId: HIGH };
    const work = {
      opcode: Opcode.SEND_IMM,
      gather: [range(0, length)],
      immediate: HIGH,
      wrId: HIGH,
    };
    return {
      name,
      burst: new Burst(world, ...cqs),
      items: () => ({ qp: a, work, pushed, receive: { qp: b, work: receive } }),
      parts: packetsOf(length, mtu),
    };
  };
  const remote = (name: string, opcode: number, length: number, mtu: number = Mtu.MTU_1024): Kind => {
    const cq = driver.createCq(eq, CQ_LOG_DEPTH);
    const [a] = driver.pair({ sendCq: cq, logDepth: RING_LOG_DEPTH, logStride: 8 }, mtu, 0, {
      access: REMOTE_ACCESS,
    });
    const rkey = driver.registerWhole(driver.pd, ALL_RIGHTS);
    const local = opcode === Opcode.RDMA_WRITE ? 'gather' : 'scatter';
    const atomic = opcode === Opcode.FETCH_ADD ? { swapAdd: [HIGH, HIGH] as const } : {};
    const work = {
      opcode,
      [local]: [range(0, length)],
      remote: { address: memory + 2 ** 21, key: rkey },
      wrId: HIGH,
      ...atomic,
    };
    return {
      name,
      burst: new Burst(world, cq),
      items: () => ({ qp: a, work }),
      parts: packetsOf(length, mtu),
    };
  };
  const copy = (length: number) => (n: number) => ({
    opcode: Opcode.COPY,
    gather: [range(n * 64, length)],
    scatter: [range(2 ** 22 + n * 64, length)],
  });
  const fill = (length: number) => () => ({
    opcode: Opcode.FILL,
    scatter: [range(0, length)],
    pattern: [HIGH, HIGH] as const,
  });
  const pieces = (at: number, count: number) =>
    Array.from({ length: count }, (_, n) => range(at + n * 6144, LARGE / count));
  const lists = () => ({
    opcode: Opcode.COPY,
    gather: pieces(0, 16),
    scatter: pieces(2 ** 22, 8).map(r => ({ ...r, address: r.address + 2 ** 16 })),
  });
  return [
    channel('64-byte COPY, rung', copy(64)),
    channel('64-byte COPY, pushed', copy(64), true),
    channel('64 KiB COPY, 16 ranges into 8', lists, false, 16),
    channel('64-byte FILL', fill(64)),
    channel('64 KiB FILL', fill(LARGE)),
    connection('64-byte SEND, rung', 64),
    connection('64-byte SEND, pushed', 64, true),
    connection('64 KiB SEND', LARGE),
    connection('64 KiB SEND, MTU 4096', LARGE, false, Mtu.MTU_4096),
    remote('64-byte RDMA WRITE', Opcode.RDMA_WRITE, 64),
    remote('64 KiB RDMA WRITE', Opcode.RDMA_WRITE, LARGE),
    remote('64-byte RDMA READ', Opcode.RDMA_READ, 64),
    remote('64 KiB RDMA READ', Opcode.RDMA_READ, LARGE),
    remote('FETCH_ADD', Opcode.FETCH_ADD, 8),
  ];
}

const ALL_RIGHTS = Access.LOCAL_WRITE | REMOTE_ACCESS;

function heapBytes(): number {
  return process.memoryUsage().heapUsed;
}

/** Growth of the heap by one descriptor, burst by burst; a burst into which a collection fell is left out. */
export function heapGrowth({ burst, items }: Kind, bursts: number, warmUp = WARM_UP): number[] {
  const growth: number[] = [];
  for (let n = -warmUp; n < bursts; n++) {
    burst.prepare(items);
    const before = heapBytes();
    const empty = heapBytes() - before;
    const start = heapBytes();
    burst.play();
    const grown = heapBytes() - start - empty;
    burst.finish();
    if (n >= 0 && grown >= -empty) growth.push(Math.max(0, grown) / BURST);
  }
  return growth;
}

export interface Site {
  readonly name: string;
  readonly bytes: number;
}

/** Where `bursts` bursts allocate while they play, most first, in bytes by descriptor. */
export function allocationProfile({ burst, items }: Kind, bursts: number): Site[] {
  const session = new Session();
  session.connect();
  const post = (method: string, parameters?: object): HeapProfiler.SamplingHeapProfile => {
    let answer: { profile?: HeapProfiler.SamplingHeapProfile } = {};
    session.post(method, parameters, (error: Error | null, result?: object) => {
      if (error !== null) throw error;
      answer = result ?? {};
    });
    return answer.profile as HeapProfiler.SamplingHeapProfile;
  };
  post('HeapProfiler.enable');
  post('HeapProfiler.startSampling', {
    samplingInterval: SAMPLE_INTERVAL_BYTES,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  for (let n = 0; n < bursts; n++) {
    burst.prepare(items);
    burst.play();
    burst.finish();
  }
  const profile = post('HeapProfiler.stopSampling');
  session.disconnect();
  return sitesUnder(profile.head, 'play', bursts * BURST);
}

/** Allocation by function below the function `name`. */
function sitesUnder(head: HeapProfiler.SamplingHeapProfileNode, name: string, descriptors: number): Site[] {
  const found = new Map<string, number>();
  const visit = (node: HeapProfiler.SamplingHeapProfileNode, inside: boolean): void => {
    const { functionName, url, lineNumber } = node.callFrame;
    const here = inside || functionName === name;
    if (here && node.selfSize > 0) {
      const site = `${functionName} ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`;
      found.set(site, (found.get(site) ?? 0) + node.selfSize);
    }
    for (const child of node.children) visit(child, here);
  };
  visit(head, false);
  const sites = [...found].map(([site, bytes]) => ({ name: site, bytes: bytes / descriptors }));
  return sites.sort((a, b) => b.bytes - a.bytes);
}

const PROFILED_BURSTS = 400;
const SITES_SHOWN = 4;

export class Allocation {
  static readonly title = 'allocation';

  run(samples: number): Row[] {
    return kindsOfWork().map(kind => {
      const growth = heapGrowth(kind, samples);
      const sites = allocationProfile(kind, PROFILED_BURSTS);
      const total = sites.reduce((sum, site) => sum + site.bytes, 0);
      console.log(`${kind.name}: ${total.toFixed(2)} bytes a descriptor in the allocation profile`);
      for (const site of sites.slice(0, SITES_SHOWN))
        console.log(`    ${site.bytes.toFixed(2).padStart(8)}  ${site.name}`);
      return costRow(`${kind.name}: heap growth`, 'bytes', growth);
    });
  }
}
