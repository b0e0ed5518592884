// SPDX-License-Identifier: MIT
// What a guest and its machine may do to the adapter, as operations of the fuzzer: entries in queues, doorbells, pushes,
// stores and loads anywhere, commands, memory that goes and comes, control events, a back-end that starts again.
import { Command } from '../../device/abi/generated/commands.js';
import * as r from '../../device/abi/generated/registers.js';
import { registersGroup } from '../../device/abi/registers.js';
import type { ControlEvent } from '../../device/model/ports.js';
import { bufferOffset, encodeDoorbell, encodeTrailer, type Ring } from '../support/work.js';
import { commandNumbers, inputOf } from './command-input.js';
import type { Dice } from './dice.js';
import { encodeEntry, entryNumbers } from './entry.js';
import { piecesOf, structOf } from './fields.js';
import type { Op } from './input.js';
import { checkAtRest, noteOutcome } from './outcome.js';
import { magnitude, type Novelty, Violation } from './target.js';
import { PAGE, STRIDE, type World } from './world.js';

export const KIND = {
  ENTRY: 0,
  DOORBELL: 1,
  PUSH: 2,
  STORE: 3,
  LOAD: 4,
  SETTLE: 5,
  HOLE: 6,
  CONTROL: 7,
  RESTART: 8,
  TIME: 9,
  COMMAND: 10,
  TRAILER: 11,
} as const;

const REGISTERS = [
  r.DB_SEND_OFFSET,
  r.DB_RECV_OFFSET,
  r.DB_CQ_ARM_OFFSET,
  r.DB_CQ_UPDATE_OFFSET,
  r.DB_EQ_ARM_OFFSET,
  r.DB_SRQ_OFFSET,
];
const SIZES = [8, 4, 2, 1];
const PUSH_BYTES = [48, 64, 32, 80, 128, 256];
const pageRegisters = piecesOf(structOf(registersGroup, 'reg'), registersGroup);
/** Registers that end what a run is about; a target that wants them asks for them. */
const ENDING: readonly number[] = [
  r.REG_RESET_OFFSET,
  r.REG_COMMAND_OFFSET,
  r.REG_MAILBOX_LO_OFFSET,
  r.REG_MAILBOX_HI_OFFSET,
];

const EVENTS: readonly ControlEvent[] = [
  { kind: 'bus-master', value: true },
  { kind: 'bus-master', value: false },
  { kind: 'run' },
  { kind: 'stop' },
  { kind: 'msix', value: true },
  { kind: 'msix', value: false },
  { kind: 'intx-disable', value: true },
  { kind: 'power', value: false },
  { kind: 'power', value: true },
];

const GENERATORS: Readonly<Record<number, (dice: Dice) => number[]>> = {
  [KIND.ENTRY]: dice => [dice.below(8), dice.oneIn(8) ? dice.below(8) : dice.below(3), ...entryNumbers(dice)],
  [KIND.DOORBELL]: dice => [
    dice.oneIn(8) ? dice.value() : dice.below(3),
    dice.oneIn(10) ? dice.value() : dice.below(REGISTERS.length),
    dice.oneIn(8) ? dice.value() : 1 + dice.below(8),
    dice.oneIn(8) ? dice.value() : dice.below(6),
    dice.oneIn(8) ? dice.word() : 0,
  ],
  [KIND.PUSH]: dice => [
    dice.oneIn(8) ? dice.below(4) : dice.below(2),
    dice.below(4),
    2 + dice.below(7),
    dice.below(4),
    dice.below(PUSH_BYTES.length),
    dice.oneIn(3) ? dice.word() : 0,
    ...entryNumbers(dice),
  ],
  [KIND.STORE]: dice => [
    dice.oneIn(12) ? dice.below(6) : dice.pick([r.REGISTER_BAR, r.DOORBELL_BAR]),
    storeOffset(dice),
    dice.below(SIZES.length),
    dice.value(),
    dice.value(),
  ],
  [KIND.LOAD]: dice => [
    dice.pick([0, 0, 0, 2, 4]),
    dice.oneIn(4) ? dice.below(2 ** 20) : 4 * dice.below(40),
    dice.below(4),
  ],
  [KIND.SETTLE]: dice => [dice.oneIn(3) ? 1 + dice.below(5) : 0],
  [KIND.HOLE]: dice => [dice.below(64), dice.below(3)],
  [KIND.CONTROL]: dice => [dice.below(EVENTS.length + 2)],
  [KIND.RESTART]: () => [0],
  [KIND.TIME]: dice => [dice.value()],
  [KIND.COMMAND]: dice => commandNumbers(dice),
  [KIND.TRAILER]: dice => [dice.below(2), dice.below(4), dice.value(), dice.value()],
};

function storeOffset(dice: Dice): number {
  switch (dice.below(4)) {
    case 0:
      return dice.pick(pageRegisters).offset;
    case 1:
      return (
        dice.below(3) * PAGE +
        r.PRIORITY_AREA_OFFSET +
        dice.below(4) * r.PUSH_BUFFER_STRIDE +
        dice.below(0x110)
      );
    case 2:
      return dice.below(3) * PAGE + dice.below(0x30);
    default:
      return dice.below(r.DOORBELL_PAGES * PAGE);
  }
}

/** An operation of one of `kinds`. */
export function trafficOp(dice: Dice, kinds: readonly number[]): Op {
  const kind = dice.pick(kinds);
  return [kind, ...GENERATORS[kind]!(dice)];
}

/** Carries operations out on a world. */
export class Traffic {
  readonly #world: World;
  readonly #withEnding: boolean;
  #epoch = 1;
  #toggle = 0;
  #generations = new Uint8Array(8 * r.PUSH_BUFFERS);

  /** `withEnding`: stores may also reset the function, start commands and move the mailbox. */
  constructor(world: World, withEnding: boolean) {
    this.#world = world;
    this.#withEnding = withEnding;
  }

  begin(): void {
    this.#world.restore();
    this.#world.start();
    this.#epoch = 1;
    this.#toggle = 0;
    this.#generations.fill(0);
  }

  /** Carries all of them out: at rest after each, and idle and whole at the end. */
  play(ops: readonly Op[], seen: Novelty): void {
    const world = this.#world;
    for (const op of ops) {
      this.apply(op, seen);
      checkAtRest(world);
    }
    world.settle();
    checkAtRest(world);
    noteOutcome(world, seen);
  }

  apply(op: Op, seen: Novelty): void {
    const [kind = 0, a = 0, b = 0, c = 0, d = 0, e = 0] = op;
    const w = this.#world;
    switch (kind) {
      case KIND.ENTRY:
        return this.#entry(op);
      case KIND.DOORBELL: {
        const [lo, hi] = encodeDoorbell(c, d);
        return w.doorbell(a % r.DOORBELL_PAGES, REGISTERS[b] ?? b % 0x800, lo, (hi ^ e) >>> 0);
      }
      case KIND.PUSH:
        return this.#push(op);
      case KIND.STORE:
        return this.#store(a, b, SIZES[c % SIZES.length]!, d, e);
      case KIND.LOAD:
        w.adapter.read(a % 6, b, SIZES[c % SIZES.length]!);
        return seen.note(10, magnitude(w.adapter.readLo), b % 0x80);
      case KIND.SETTLE:
        if (a === 0) return w.settle();
        for (let n = 0; n < a % 16; n++) w.adapter.poll(1);
        return;
      case KIND.HOLE:
        return w.hole((a % 64) * PAGE, (b % 3) as 0 | 1 | 2);
      case KIND.CONTROL:
        return this.#control(a);
      case KIND.RESTART:
        return w.start();
      case KIND.TIME:
        w.nowNs += a;
        return;
      case KIND.COMMAND:
        return this.#command(op, seen);
      case KIND.TRAILER:
        return w.doorbell(
          a % r.DOORBELL_PAGES,
          (bufferOffset(0, b % 4) + r.PUSH_TRAILER_OFFSET) % PAGE,
          c,
          d,
        );
      default:
    }
  }

  /** Fills an entry of a queue: its even numbers are send queues, its odd ones receive queues. */
  #entry(op: Op): void {
    const { qps } = this.#world.objects;
    const qp = qps[((op[1] ?? 0) >>> 1) % qps.length]!;
    const receive = (op[1] ?? 0) % 2 === 1 && qp.recv !== undefined;
    const ring = (receive ? qp.recv : qp.send) as Ring;
    const index = (op[2] ?? 0) % ring.depth;
    const bytes = encodeEntry(op, 3, index, STRIDE, this.#world.objects, receive ? 0x10 : undefined);
    this.#world.memory.put(ring.address + index * ring.stride, bytes);
  }

  /** A push, whole unless `tear` says what is left out or done twice. */
  #push(op: Op): void {
    const [, page = 0, buffer = 0, qpn = 0, index = 0, size = 0, tear = 0] = op;
    const bytes = encodeEntry(op, 7, index, PUSH_BYTES[size % PUSH_BYTES.length]!, this.#world.objects);
    const words = new Uint32Array(bytes.buffer);
    const base = bufferOffset(page % r.DOORBELL_PAGES, buffer % r.PUSH_BUFFERS);
    for (let n = 0; n < words.length; n += 2) {
      const miss = tear !== 0 && n / 2 === (tear >>> 4) % (words.length / 2);
      if (!miss || tear % 2 === 0)
        this.#world.store(r.DOORBELL_BAR, base + n * 4, 8, words[n]!, words[n + 1]!);
      if (miss && tear % 4 === 2) this.#world.store(r.DOORBELL_BAR, base + n * 4, 4, words[n]!, 0);
    }
    const which = (page * r.PUSH_BUFFERS + (buffer % r.PUSH_BUFFERS)) % this.#generations.length;
    const generation = this.#generations[which]!++;
    const [lo, hi] = encodeTrailer({
      qpn,
      index,
      length: bytes.length,
      buffer: buffer % r.PUSH_BUFFERS,
      generation,
    });
    this.#world.store(r.DOORBELL_BAR, base + r.PUSH_TRAILER_OFFSET, 8, lo, hi);
  }

  #store(bar: number, offset: number, size: number, lo: number, hi: number): void {
    if (!this.#withEnding && bar === r.REGISTER_BAR && ENDING.includes(offset)) return;
    // Another mailbox: the output of the next command goes there, which is the guest's own doing.
    if (bar === r.REGISTER_BAR && ENDING.includes(offset)) this.#world.memory.open = true;
    this.#world.store(bar % 6, offset, size, lo, hi);
  }

  #control(which: number): void {
    const { adapter } = this.#world;
    const n = which % (EVENTS.length + 2);
    if (n < EVENTS.length) return adapter.control(EVENTS[n]!);
    if (!this.#withEnding) return;
    // The mailbox is at address 0 after a reset.
    this.#world.memory.open = true;
    this.#epoch++;
    adapter.control({ kind: n === EVENTS.length ? 'function-reset' : 'bus-reset', epoch: this.#epoch });
    adapter.control({ kind: 'bus-master', value: true });
  }

  /** Puts the input into the mailbox and starts the command, as a driver would. */
  #command(op: Op, seen: Novelty): void {
    const w = this.#world;
    const { opcode, input } = inputOf(op, w.objects);
    w.memory.put(w.objects.mailbox, input);
    this.#toggle = 1 - this.#toggle;
    w.store(r.REGISTER_BAR, r.REG_COMMAND_OFFSET, 4, opcode + this.#toggle * 2 ** 31, 0);
    w.adapter.read(r.REGISTER_BAR, r.REG_COMMAND_STATUS_OFFSET, 4);
    const status = w.adapter.readLo % 256;
    if (status > 8) throw new Violation(`command 0x${opcode.toString(16)} ended with status ${status}`);
    seen.note(11, Math.min(opcode, 0x62), status);
    if (status === 0 && !QUERIES.includes(opcode)) w.memory.open = true;
  }
}

/** Commands after which nothing else may be written than before. */
const QUERIES: readonly number[] = [
  Command.QUERY_DEVICE,
  Command.QUERY_EQ,
  Command.QUERY_CQ,
  Command.QUERY_QP,
  Command.QUERY_MR,
  Command.QUERY_LINK,
  Command.ALLOC_PD,
  Command.ALLOC_PAGE,
];
