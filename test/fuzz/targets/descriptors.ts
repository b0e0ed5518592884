// SPDX-License-Identifier: MIT
// Descriptors with anything in them, by doorbell and by push, each compared with what the reference page promises
// (test/hostile/oracle.ts): one of the statuses of the rules that it breaks, or success and every byte of memory as it
// has to be. After the first that fails the queue is in ERR, and what follows must be flushed.
import { Access } from '../../../device/abi/generated/commands.js';
import * as d from '../../../device/abi/generated/descriptors.js';
import {
  DB_RECV_OFFSET,
  DB_SEND_OFFSET,
  DOORBELL_BAR,
  PUSH_TRAILER_OFFSET,
} from '../../../device/abi/generated/registers.js';
import {
  carryOut,
  carryOutRemote,
  faults,
  type Key,
  look,
  meets,
  remoteRange,
  remoteViolations,
  type Seen,
  violations,
} from '../../hostile/oracle.js';
import {
  asWords,
  bufferOffset,
  type Cqe,
  decodeCqe,
  encodeDoorbell,
  encodeTrailer,
  type Qp,
  type Range,
} from '../../support/work.js';
import type { Dice } from '../dice.js';
import { encodeEntry, entryNumbers } from '../entry.js';
import type { Input, Op } from '../input.js';
import { checkAtRest, noteOutcome } from '../outcome.js';
import { type Novelty, type Target, Violation } from '../target.js';
import { DATA_BYTES, PAGE, RAM_BYTES, RO_IOVA, RW_IOVA, STRIDE, World } from '../world.js';

const HOW = { DOORBELL: 0, PUSH: 1, SEND: 2, RECEIVE: 3, REMOTE: 4 } as const;
const REMOTE = [d.Opcode.RDMA_WRITE, d.Opcode.RDMA_READ, d.Opcode.CMP_SWAP, d.Opcode.FETCH_ADD];
/** What the queue pairs of the world let their peers do. */
const RIGHTS = Access.REMOTE_WRITE | Access.REMOTE_READ | Access.REMOTE_ATOMIC;
const PUSH_BYTES = [64, 48, 32, 80, 128];
const { WcStatus } = d;

class DescriptorTarget implements Target {
  readonly name = 'descriptors';
  readonly doc = 'descriptor parser and execution, compared with an independent oracle';
  readonly #world = new World();
  readonly #keys: ReadonlyMap<number, Key>;
  readonly #dma: Qp;
  readonly #cqAt: number;
  readonly #cqDepth: number;
  readonly #expected = new Uint8Array(RAM_BYTES);
  /** Completions and descriptors of the DMA channel so far. */
  #polled = 0;
  #index = 0;
  #failed = false;
  #generation = 0;
  /** Descriptors of the queue pair that is connected to itself; and nothing more is known of it. */
  #remotes = 0;
  #lost = false;

  constructor() {
    const { rw, ro, whole, rwPages, roPages, qps, cqs, ringKeys } = this.#world.objects;
    const list = (key: number, iova: number, pages: readonly number[], write: boolean): Key => ({
      ...{ key, valid: true, write, iova, length: DATA_BYTES, pages },
      rights: write ? RIGHTS : Access.REMOTE_READ,
    });
    const rings = ringKeys.map(key => ({ ...list(key, 0, [], false), pages: undefined, rights: 0 }));
    const foreign: Key = { ...list(whole, 0, [], true), valid: false, pages: undefined };
    const all = [list(rw, RW_IOVA, rwPages, true), list(ro, RO_IOVA, roPages, false), foreign, ...rings];
    this.#keys = new Map(all.map(key => [key.key, key]));
    this.#dma = qps[2]!;
    this.#cqAt = cqs[1]!.address;
    this.#cqDepth = cqs[1]!.depth;
  }

  generate(dice: Dice): Op {
    const how = dice.pick([
      HOW.DOORBELL,
      HOW.DOORBELL,
      HOW.PUSH,
      HOW.PUSH,
      HOW.SEND,
      HOW.RECEIVE,
      HOW.REMOTE,
      HOW.REMOTE,
    ]);
    return [how, dice.below(PUSH_BYTES.length), ...entryNumbers(dice)];
  }

  run(input: Input, seen: Novelty): void {
    this.#world.restore();
    this.#world.start();
    this.#polled = 0;
    this.#index = 0;
    this.#failed = false;
    this.#generation = 0;
    this.#remotes = 0;
    this.#lost = false;
    for (const op of input.slice(0, 12)) {
      if (op[0] === HOW.REMOTE) this.#remote(op, seen);
      else if (op[0] === HOW.SEND || op[0] === HOW.RECEIVE) this.#message(op, op[0] === HOW.RECEIVE);
      else this.#single(op, op[0] === HOW.PUSH, seen);
      checkAtRest(this.#world);
    }
    this.#world.settle();
    noteOutcome(this.#world, seen);
  }

  /** Part of a message between the connected pair; of these only the watched memory is compared. */
  #message(op: Op, receive: boolean): void {
    const w = this.#world;
    const [a, b] = w.objects.qps as [Qp, Qp];
    const ring = receive ? b.recv! : a.send;
    const index = this.#world.posted(receive);
    const bytes = encodeEntry(op, 2, index, STRIDE, w.objects, receive ? d.Opcode.RECV : d.Opcode.SEND);
    w.memory.put(ring.address + (index % ring.depth) * ring.stride, bytes);
    const [lo, hi] = encodeDoorbell((receive ? b : a).number, (index + 1) % 65536);
    w.doorbell(0, receive ? DB_RECV_OFFSET : DB_SEND_OFFSET, lo, hi);
    w.settle();
  }

  /** RDMA or an atomic of the queue pair that is connected to itself. */
  #remote(op: Op, novelty: Novelty): void {
    const w = this.#world;
    const { send, number, page } = w.objects.qps[3] as Qp;
    const index = this.#remotes++;
    const only = REMOTE[(op[2] ?? 0) % REMOTE.length];
    const bytes = encodeEntry(op, 2, index, STRIDE, w.objects, only);
    const seen = look(bytes, STRIDE, 'rc');
    const broken = violations({ seen, index, kind: 'rc' }, this.#keys);
    const local = broken.size > 0;
    // What damage has made of it may be another operation, which may wait for a receive.
    const known = local || (REMOTE as readonly number[]).includes(seen.opcode);
    // Its own responder refuses, and takes the queue pair with it to the error state: what is under way is flushed.
    if (!local && known && remoteViolations(seen, this.#keys, RIGHTS).size > 0)
      broken.add(WcStatus.WR_FLUSH_ERR);
    w.memory.put(send.address + (index % send.depth) * send.stride, bytes);
    this.#expected.set(w.memory.u8);
    const [lo, hi] = encodeDoorbell(number, index + 1);
    w.doorbell(page, DB_SEND_OFFSET, lo, hi);
    w.settle();
    const cqes: Cqe[] = [];
    for (let c = this.#take(); c !== undefined; c = this.#take()) if (!c.receive) cqes.push(c);
    if (this.#lost || !known) {
      this.#lost = true;
      return;
    }
    this.#judgeRemote(seen, broken, cqes[0], novelty);
  }

  #judgeRemote(seen: Seen, broken: ReadonlySet<number>, cqe: Cqe | undefined, novelty: Novelty): void {
    const status = cqe?.status ?? WcStatus.SUCCESS;
    this.#lost = status !== WcStatus.SUCCESS;
    novelty.note(31, seen.opcode, status);
    if (this.#faults([...seen.gather, ...seen.scatter])) return;
    if (broken.size === 0 && this.#faults([remoteRange(seen)])) return;
    if (broken.size > 0 ? !broken.has(status) : status !== WcStatus.SUCCESS)
      throw new Violation(`status ${status} of opcode ${seen.opcode}, allowed ${[...broken]}`);
    if (status !== WcStatus.SUCCESS) return this.#compare();
    if (meets(seen, this.#keys)) return;
    carryOutRemote(this.#expected, seen, this.#keys);
    this.#compare();
  }

  /** One descriptor on the DMA channel. */
  #single(op: Op, push: boolean, seen: Novelty): void {
    const w = this.#world;
    const room = push ? PUSH_BYTES[(op[1] ?? 0) % PUSH_BYTES.length]! : STRIDE;
    const index = this.#index++;
    const bytes = encodeEntry(op, 2, index, room, w.objects);
    const work = look(bytes, room, 'dma');
    const broken = violations({ seen: work, index, kind: 'dma' }, this.#keys);
    const faulty = this.#faults(work.gather) || this.#faults(work.scatter);
    if (push) this.#push(bytes, index);
    else this.#ring(bytes, index);
    const good = broken.size === 0 && !faulty && !this.#failed;
    if (good) this.#expected.set(w.memory.u8);
    w.settle();
    const cqe = this.#take();
    this.#judge(work, broken, faulty, cqe, seen);
    if (!good) return;
    carryOut(this.#expected, work, this.#keys);
    this.#compare();
  }

  #faults(list: readonly Range[]): boolean {
    return faults(list, this.#keys, RAM_BYTES);
  }

  #ring(bytes: Uint8Array, index: number): void {
    const { send, number, page } = this.#dma;
    this.#world.memory.put(send.address + (index % send.depth) * send.stride, bytes);
    const [lo, hi] = encodeDoorbell(number, index + 1);
    this.#world.doorbell(page, DB_SEND_OFFSET, lo, hi);
  }

  #push(bytes: Uint8Array, index: number): void {
    const { number: qpn, page } = this.#dma;
    const words = asWords(bytes);
    const base = bufferOffset(page, 0);
    for (let n = 0; n < words.length; n += 2)
      this.#world.store(DOORBELL_BAR, base + n * 4, 8, words[n]!, words[n + 1]!);
    const generation = this.#generation++;
    const [lo, hi] = encodeTrailer({ qpn, index, length: bytes.length, buffer: 0, generation });
    this.#world.store(DOORBELL_BAR, base + PUSH_TRAILER_OFFSET, 8, lo, hi);
  }

  #take(): Cqe | undefined {
    const at = this.#cqAt + (this.#polled % this.#cqDepth) * d.CQE_SIZE;
    const cqe = decodeCqe(this.#world.memory.u8.slice(at, at + d.CQE_SIZE), this.#polled, this.#cqDepth);
    if (cqe !== undefined) this.#polled++;
    return cqe;
  }

  #judge(
    work: Seen,
    broken: ReadonlySet<number>,
    faulty: boolean,
    cqe: Cqe | undefined,
    seen: Novelty,
  ): void {
    const status = cqe?.status ?? WcStatus.SUCCESS;
    seen.note(30, Math.min(work.opcode, 20), status);
    if (this.#failed) {
      if (status !== WcStatus.WR_FLUSH_ERR) throw new Violation(`status ${status} of a queue in ERR`);
      return;
    }
    const allowed: readonly number[] =
      broken.size > 0 ? [...broken] : [faulty ? WcStatus.GENERAL_ERR : WcStatus.SUCCESS];
    if (!allowed.includes(status)) throw new Violation(`status ${status}, allowed ${allowed}`);
    const signaled = (work.flags & d.WqeFlag.SIGNALED) !== 0 || status !== WcStatus.SUCCESS;
    if (signaled !== (cqe !== undefined)) throw new Violation(`${signaled ? 'no' : 'a'} completion`);
    this.#failed = status !== WcStatus.SUCCESS;
  }

  /** The pages that the guest may write are as expected; that nothing else was written is watched at each write. */
  #compare(): void {
    const { objects, memory } = this.#world;
    for (const page of objects.rwPages) {
      const found = memory.u8.subarray(page, page + PAGE);
      if (Buffer.compare(this.#expected.subarray(page, page + PAGE), found) !== 0)
        throw new Violation('a byte is not what it has to be');
    }
  }
}

export const makeTarget = (): Target => new DescriptorTarget();
