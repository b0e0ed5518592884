// SPDX-License-Identifier: MIT
// Messages and their descriptors through a real session, with the ring and the state that they set up.
import { HEADER_SIZE, Request, setHeaderSize } from '../../../device/abi/generated/messages.js';
import {
  RING_HEADER_BYTES,
  setSlotBar,
  setSlotDataLo,
  setSlotEpoch,
  setSlotOffset,
  setSlotOp,
  setSlotSeq,
  setSlotSize,
} from '../../../device/abi/generated/ring.js';
import { ringGroup } from '../../../device/abi/ring.js';
import { RingWord, SLOT_WORDS, SLOTS_WORD } from '../../../device/ring/ring-memory.js';
import { SystemError } from '../../../device/sys/errors.js';
import { closeFd } from '../../../device/sys/fd.js';
import { libc } from '../../../device/sys/libc.js';
import type { FrontEnd } from '../../support/front-end.js';
import { LocalBackEnd } from '../../support/local-back-end.js';
import type { Dice } from '../dice.js';
import { piecesOf, putPiece, structOf, valueFor } from '../fields.js';
import type { Input, Op } from '../input.js';
import { headerPieces, LAYOUTS, type Message, Props, SLOTS, soundMessage } from '../sound-messages.js';
import { magnitude, type Novelty, type Target, Violation } from '../target.js';

const KIND = {
  MESSAGE: 0,
  SOUND: 1,
  STEP: 2,
  SLOT: 3,
  POKE: 4,
  RAW: 5,
  HANG_UP: 6,
  RECONNECT: 7,
  DRAIN: 8,
  REACH: 9,
} as const;
const REQUESTS: readonly number[] = Object.values(Request);
const NO_DAMAGE = 0xffff;

const ringPieces = [
  ...piecesOf(structOf(ringGroup, 'ring'), ringGroup),
  ...piecesOf(structOf(ringGroup, 'slot'), ringGroup).map(p => ({
    ...p,
    offset: p.offset + RING_HEADER_BYTES,
  })),
];
/** What a driver of the protocol sends, in the order in which it does; REACH goes a part of the way. */
const WAY: readonly number[] = [
  Request.GET_FEATURES,
  Request.GET_PROTOCOL_FEATURES,
  Request.SET_PROTOCOL_FEATURES,
  Request.SET_FEATURES,
  Request.SET_OWNER,
  Request.SET_BACKEND_REQ_FD,
  Request.ADD_MEM_REG,
  Request.PCI_GET_FUNCTION,
  Request.PCI_SET_RING,
  Request.PCI_STATE_GET_FD,
  Request.PCI_SET_IRQ_FD,
  Request.PCI_CONTROL,
  Request.PCI_RUN,
];

class SessionTarget implements Target {
  readonly name = 'session';
  readonly doc = 'message decoder and session state machine, over a socket';
  readonly #props = new Props();
  #backEnd = LocalBackEnd.scratch();
  #frontEnd: FrontEnd | undefined;
  #next = 0;

  generate(dice: Dice): Op {
    switch (dice.below(16)) {
      case 0:
      case 1:
      case 2:
        return [KIND.REACH, dice.oneIn(3) ? WAY.length : dice.below(WAY.length + 1), dice.below(2)];
      case 3:
        return [KIND.STEP, dice.below(3)];
      case 4:
      case 5:
        return [
          KIND.SLOT,
          1 + dice.below(2),
          dice.oneIn(4) ? dice.below(0x1004) : 4 * dice.below(16),
          dice.value(),
          dice.below(4),
        ];
      case 6: {
        const n = dice.below(ringPieces.length);
        return [KIND.POKE, n, ...valueFor(dice, ringPieces[n]!), dice.below(SLOTS)];
      }
      case 7:
        return dice.oneIn(2)
          ? [KIND.RAW, dice.below(40), dice.value(), dice.value(), dice.value()]
          : [KIND.DRAIN, 0];
      case 8:
        return [dice.oneIn(2) ? KIND.HANG_UP : KIND.RECONNECT, 0];
      case 9:
      case 10:
      case 11:
        return [KIND.SOUND, dice.pick(REQUESTS), dice.below(2), dice.below(8)];
      default:
        return this.#message(dice);
    }
  }

  /** [kind, request, need reply, choice, payload bytes more or less, descriptors, which, cut, 2 × (field, low, high)] */
  #message(dice: Dice): Op {
    const request = dice.oneIn(20) ? dice.value() : dice.pick(REQUESTS);
    const pieces = LAYOUTS[request] ?? headerPieces;
    const damage = (): number[] => {
      const n = dice.below(pieces.length + headerPieces.length);
      const piece = pieces[n] ?? headerPieces[n - pieces.length]!;
      return dice.oneIn(3) ? [NO_DAMAGE, 0, 0] : [n, ...valueFor(dice, piece)];
    };
    const size = dice.oneIn(6) ? dice.below(200) : 100;
    const fds = dice.oneIn(4) ? dice.below(13) : 99;
    const cut = dice.oneIn(5) ? 1 + dice.below(60) : 0;
    return [
      KIND.MESSAGE,
      request,
      dice.below(2),
      dice.below(8),
      size,
      fds,
      dice.word(),
      cut,
      ...damage(),
      ...damage(),
    ];
  }

  run(input: Input, seen: Novelty): void {
    const open = countOpenFds();
    this.#props.reset();
    this.#next = 0;
    this.#backEnd = LocalBackEnd.scratch();
    try {
      this.#connect();
      for (const op of input) this.#apply(op, seen);
      this.#step(2);
    } finally {
      this.#hangUp();
      this.#backEnd.end();
    }
    this.#note(seen);
    if (countOpenFds() !== open) throw new Violation('a descriptor was left open');
  }

  #note(seen: Novelty): void {
    const { lastEnd, refused, logged, model } = this.#backEnd;
    if (lastEnd !== undefined) seen.text(lastEnd);
    for (const text of refused) seen.text(text);
    for (const { message } of logged) seen.text(message);
    seen.note(40, magnitude(model.events.length), Number(model.running));
  }

  #connect(): void {
    this.#frontEnd = this.#backEnd.connect();
  }

  #hangUp(): void {
    if (this.#frontEnd !== undefined) closeFd(this.#frontEnd.channel.fd);
    this.#frontEnd = undefined;
  }

  #step(times: number): void {
    for (let n = 0; n < times; n++) this.#backEnd.step();
  }

  #apply(op: Op, seen: Novelty): void {
    const [kind = 0, a = 0, b = 0, c = 0, d = 0] = op;
    switch (kind) {
      case KIND.MESSAGE:
        return this.#changed(op);
      case KIND.SOUND:
        return this.#send(soundMessage(this.#props, a, b, c));
      case KIND.STEP:
        return this.#step(1 + (a % 4));
      case KIND.SLOT:
        return this.#slot(a, b, c, d);
      case KIND.POKE: {
        const piece = ringPieces[a % ringPieces.length]!;
        const base = piece.offset >= RING_HEADER_BYTES ? (d % SLOTS) * SLOT_WORDS * 4 : 0;
        return putPiece(this.#props.ringMemory.u8, base, piece, b, c);
      }
      case KIND.RAW:
        return this.#send({
          bytes: new Uint8Array(Uint32Array.of(b, c, d, b, c, d, b, c, d, b).buffer, 0, 1 + (a % 40)),
          fds: [],
        });
      case KIND.HANG_UP:
        this.#hangUp();
        return this.#step(1);
      case KIND.RECONNECT:
        this.#hangUp();
        this.#step(1);
        this.#backEnd.end();
        return this.#connect();
      case KIND.DRAIN:
        return this.#drain();
      default:
        for (const request of WAY.slice(0, a % (WAY.length + 1))) {
          this.#send(soundMessage(this.#props, request, 1, b));
          this.#step(1);
        }
        seen.note(41, a % (WAY.length + 1), phaseNumber(this.#backEnd.session?.phase));
    }
  }

  /** Replies are taken, so that the socket does not fill; their descriptors are let go. */
  #drain(): void {
    const bytes = new Uint8Array(4096);
    for (let n = 0; n < 4 && this.#frontEnd !== undefined; n++) {
      const got = this.#frontEnd.channel.receive(bytes, 0, bytes.length);
      for (const fd of got.fds) closeFd(fd);
      if (got.length === undefined || got.length === 0) return;
    }
  }

  /** A socket that is full or closed at the other end is not what this is about. */
  #send({ bytes, fds }: Message, cut = 0): void {
    // Once the session is over nobody hears it.
    if (this.#frontEnd === undefined || this.#backEnd.session === undefined || bytes.length === 0) return;
    const { channel } = this.#frontEnd;
    try {
      if (cut > 0 && cut < bytes.length) {
        channel.send(bytes.subarray(0, cut), fds);
        this.#step(1);
        channel.send(bytes.subarray(cut), cut % 7 === 3 ? [this.#props.event] : []);
      } else channel.send(bytes, fds);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
    }
  }

  #changed(op: Op): void {
    const [, request = 0, needReply = 0, choice = 0, size = 100, count = 99, which = 0, cut = 0] = op;
    const sound = soundMessage(this.#props, request, needReply, choice);
    const length = Math.max(HEADER_SIZE, sound.bytes.length + (size % 200) - 100);
    const bytes = new Uint8Array(length);
    bytes.set(sound.bytes.subarray(0, length));
    setHeaderSize(bytes, 0, length - HEADER_SIZE);
    const pieces = LAYOUTS[request] ?? headerPieces;
    for (let n = 8; n + 2 < op.length; n += 3) {
      if (op[n] === NO_DAMAGE) continue;
      const piece = pieces[op[n]! % (pieces.length + headerPieces.length)];
      if (piece !== undefined) putPiece(bytes, HEADER_SIZE, piece, op[n + 1]!, op[n + 2]!);
      else
        putPiece(
          bytes,
          0,
          headerPieces[(op[n]! - pieces.length) % headerPieces.length]!,
          op[n + 1]!,
          op[n + 2]!,
        );
    }
    const { all } = this.#props;
    const fds =
      count % 100 === 99
        ? which % 8 === 0
          ? sound.fds.map((_, n) => all[(which >>> (3 + n * 4)) % all.length]!)
          : sound.fds
        : Array.from({ length: count % 13 }, (_, n) => all[(which >>> n) % all.length]!);
    this.#send({ bytes, fds }, cut);
  }

  /** A slot as a front-end fills it, published. */
  #slot(op: number, offset: number, data: number, size: number): void {
    const m = this.#props.ringMemory.u32;
    this.#next = m[RingWord.PRODUCER]!;
    const w = SLOTS_WORD + (this.#next & (SLOTS - 1)) * SLOT_WORDS;
    setSlotSeq(m, w, this.#next);
    setSlotOp(m, w, op % 256);
    setSlotBar(m, w, 0);
    setSlotSize(m, w, [4, 8, 1, 2][size % 4]!);
    setSlotEpoch(m, w, m[RingWord.RESET_EPOCH]!);
    setSlotOffset(m, w, offset);
    setSlotDataLo(m, w, data % 4096);
    Atomics.store(m, RingWord.PRODUCER, (this.#next + 1) >>> 0);
  }
}

const PHASES = ['new', 'negotiated', 'ring', 'stopped', 'running'];
const phaseNumber = (phase: string | undefined): number =>
  phase === undefined ? 9 : PHASES.indexOf(phase) + 1;

const POLLNVAL = 0x20;
const WATCHED_FDS = 128;
const watched = Int32Array.from({ length: WATCHED_FDS * 2 }, (_, n) => (n % 2 === 0 ? n / 2 : 0));

/** How many of the low descriptor numbers are open: one poll tells. */
function countOpenFds(): number {
  libc.poll(watched, WATCHED_FDS, 0);
  let open = 0;
  for (let n = 0; n < WATCHED_FDS; n++) if (((watched[n * 2 + 1]! >>> 16) & POLLNVAL) === 0) open++;
  return open;
}

export const makeTarget = (): Target => new SessionTarget();
