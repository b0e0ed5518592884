// SPDX-License-Identifier: MIT
// From a plan with names to a descriptor with numbers.
import { Opcode } from '../../device/abi/generated/descriptors.js';
import { BLANK, type Damage, type Descriptor, type Sge } from './descriptor.js';
import type { Place, WorkPlan } from './program.js';
import { FAST_IOVA, type Stage } from './stage.js';

const PAGE = 4096;

export const sges = (stage: Stage, places: readonly Place[] = []): Sge[] =>
  places.map(p => ({ address: stage.base(p.key) + p.at, length: p.length, lkey: stage.key(p.key) }));

/** What a descriptor needs to know of where it is posted. */
export interface Site {
  readonly index: number;
  readonly wrId: number;
  readonly datagram: boolean;
  /** Numbers of the queue pair and the address handle that it names. */
  readonly dest: number;
  readonly ah: number;
}

const WITH_REMOTE: readonly number[] = [
  Opcode.RDMA_WRITE,
  Opcode.RDMA_WRITE_IMM,
  Opcode.RDMA_READ,
  Opcode.CMP_SWAP,
  Opcode.FETCH_ADD,
];
const WITH_KEY: readonly number[] = [Opcode.SEND_INV, Opcode.LOCAL_INV, Opcode.FAST_REG];
const WITH_IMMEDIATE: readonly number[] = [Opcode.SEND_IMM, Opcode.RDMA_WRITE_IMM];
const DATAGRAMS: readonly number[] = [Opcode.SEND, Opcode.SEND_IMM];

export function materialize(stage: Stage, plan: WorkPlan, site: Site): Descriptor {
  const opcode = Opcode[plan.op];
  const value = plan.value ?? 0;
  const datagram = site.datagram && DATAGRAMS.includes(opcode);
  const operandLo = WITH_KEY.includes(opcode)
    ? keyOf(stage, plan)
    : opcode === Opcode.FILL || WITH_IMMEDIATE.includes(opcode)
      ? value
      : 0;
  const remote = WITH_REMOTE.includes(opcode) ? (plan.remote ?? { key: 'junk', at: 0 }) : undefined;
  return {
    ...BLANK,
    opcode,
    index: site.index,
    wrId: site.wrId,
    signaled: plan.unsignaled === undefined,
    solicited: plan.solicited === true,
    fence: plan.fence === true,
    gather: sges(stage, plan.from),
    scatter: sges(stage, plan.to),
    inline: plan.inline === undefined ? undefined : inlineBytes(plan.inline, site.wrId),
    operandLo,
    operandHi: remote !== undefined ? stage.key(remote.key) : opcode === Opcode.FILL ? ~value >>> 0 : 0,
    remoteAddress: remote === undefined ? 0 : stage.base(remote.key) + remote.at,
    swapAdd: [value, value],
    compare: opcode === Opcode.CMP_SWAP ? (plan.compare ?? [0, 0]) : [0, 0],
    ah: datagram ? site.ah : 0,
    destQpn: datagram ? site.dest : 0,
    qkey: datagram ? (plan.qkey ?? 0) : 0,
    datagram,
    registration: opcode === Opcode.FAST_REG ? registrationOf(stage, plan, site.wrId) : undefined,
    damage: damageOf(plan.damage, opcode),
  };
}

/** Operations with a remote address have no field that could be reserved. */
const damageOf = (damage: Damage | undefined, opcode: number): Damage | undefined =>
  damage === 'reserved' && WITH_REMOTE.includes(opcode) ? 'flag' : damage;

/** Not the same again after a packet. */
const inlineBytes = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, n) => (seed * 37 + n * 11 + Math.floor(n / 256) * 101) % 256);

/** FAST_REG gives the region the key that it names, with the tag of the plan. */
function keyOf(stage: Stage, plan: WorkPlan): number {
  const name = plan.key ?? 'junk';
  const key = stage.key(name);
  if (plan.op !== 'FAST_REG') return key;
  const renewed = key - (key % 256) + (plan.tag ?? 1);
  if (name === 'fast0' || name === 'fast1') stage.keys.set(name, renewed);
  return renewed;
}

function registrationOf(stage: Stage, plan: WorkPlan, wrId: number) {
  const pages = plan.pages ?? [0];
  return {
    iova: FAST_IOVA + (plan.offset ?? 0),
    length: plan.length ?? PAGE,
    list: stage.listAt(wrId),
    pageCount: pages.length,
    access: plan.access ?? 0,
    pageShift: 12,
  };
}

/** The page list of a FAST_REG, to be written where its descriptor says. */
export function pageList(stage: Stage, plan: WorkPlan): Uint8Array {
  const pages = plan.pages ?? [0];
  const list = new BigUint64Array(pages.map(n => BigInt(stage.data + n * PAGE)));
  return new Uint8Array(list.buffer);
}

export const receiveOf = (stage: Stage, to: readonly Place[], damage: Damage | undefined): Descriptor => ({
  ...BLANK,
  opcode: Opcode.RECV,
  scatter: sges(stage, to),
  damage,
});
