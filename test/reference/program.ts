// SPDX-License-Identifier: MIT
// A random program: what software does, in the order in which it does it, with names in place of numbers so that a program
// that shrinking has left over can be read, and typed in again as an example.
import type { Damage } from './descriptor.js';

/** Memory regions that there are from the beginning, and two for fast registration. */
export const KEYS = [
  'whole',
  'all',
  'local',
  'readOnly',
  'remoteRead',
  'remoteWrite',
  'remoteAtomic',
  'foreign',
  'fast0',
  'fast1',
  'gone',
  'junk',
] as const;
export type KeyName = (typeof KEYS)[number];

export const HOLDS = ['all', 'link', 'engine', 'port'] as const;
export type HoldName = (typeof HOLDS)[number];

/** A range, counted from the first byte of the region. */
export interface Place {
  readonly key: KeyName;
  readonly at: number;
  readonly length: number;
}

export const TYPES = ['RC', 'DMA', 'UC', 'UD', 'GSI'] as const;
export type TypeName = (typeof TYPES)[number];

export const OPERATIONS = [
  'NOP',
  'SEND',
  'COPY',
  'FILL',
  'SEND_IMM',
  'SEND_INV',
  'RDMA_WRITE',
  'RDMA_WRITE_IMM',
  'RDMA_READ',
  'CMP_SWAP',
  'FETCH_ADD',
  'LOCAL_INV',
  'FAST_REG',
] as const;
export type OperationName = (typeof OPERATIONS)[number];

export interface WorkPlan {
  readonly op: OperationName;
  readonly unsignaled?: true;
  readonly solicited?: true;
  readonly fence?: true;
  readonly from?: readonly Place[];
  readonly to?: readonly Place[];
  /** Bytes of inline data in place of `from`. */
  readonly inline?: number;
  /** READ, WRITE, atomics: where at the other end; its length does not count. */
  readonly remote?: { readonly key: KeyName; readonly at: number };
  /** Pattern of FILL, immediate data, operand of an atomic. */
  readonly value?: number;
  readonly compare?: readonly [number, number];
  /** INV and FAST_REG. */
  readonly key?: KeyName;
  /** FAST_REG: pages of data memory, offset of the first byte in its page, bytes, rights. */
  readonly pages?: readonly number[];
  readonly offset?: number;
  readonly length?: number;
  readonly access?: number;
  readonly tag?: number;
  /** Datagrams: address handle, receiver, Q_Key. */
  readonly ah?: number;
  readonly dest?: number;
  readonly qkey?: number;
  readonly damage?: Damage;
}

export interface PushPlan {
  /** What stands in the queue in memory: the same, another descriptor, or what stood there before. */
  readonly memory: 'same' | 'other' | 'none';
  readonly buffer: number;
  /** What is wrong with the push. */
  readonly fault?: 'torn' | 'short' | 'generation' | 'buffer' | 'page' | 'ahead';
}

export type Op =
  | {
      readonly do: 'createQp';
      readonly qp: number;
      readonly type: TypeName;
      readonly srq?: number;
      readonly privileged?: true;
      readonly page?: true;
      readonly cqs: readonly [send: number, recv: number];
      readonly logDepth: number;
    }
  | { readonly do: 'destroyQp'; readonly qp: number }
  /** All of RESET → RTS, or as far as `until`. */
  | {
      readonly do: 'bringUp';
      readonly qp: number;
      readonly peer: number;
      readonly mtu: number;
      readonly psn: number;
      readonly access: number;
      readonly reads: number;
      readonly qkey: number;
      readonly until?: number;
      readonly ip6?: true;
    }
  | { readonly do: 'modify'; readonly qp: number; readonly to: number; readonly flip: number }
  | {
      readonly do: 'send';
      readonly qp: number;
      readonly work: readonly WorkPlan[];
      readonly ring: boolean;
    }
  | { readonly do: 'push'; readonly qp: number; readonly work: WorkPlan; readonly how: PushPlan }
  | {
      readonly do: 'recv';
      readonly qp: number;
      readonly to: readonly Place[];
      readonly damage?: Damage;
    }
  | {
      readonly do: 'srqRecv';
      readonly srq: number;
      readonly to: readonly Place[];
      readonly damage?: Damage;
    }
  | {
      readonly do: 'doorbell';
      readonly queue: 'send' | 'recv';
      readonly qp: number;
      readonly ahead: number;
      readonly page?: number;
    }
  | { readonly do: 'createSrq'; readonly srq: number; readonly limit: number }
  | { readonly do: 'destroySrq'; readonly srq: number }
  | { readonly do: 'limitSrq'; readonly srq: number; readonly limit: number }
  | { readonly do: 'register'; readonly key: KeyName }
  | { readonly do: 'deregister'; readonly key: KeyName }
  | {
      readonly do: 'reregister';
      readonly key: KeyName;
      readonly access?: number;
      readonly pages?: readonly number[];
    }
  | {
      readonly do: 'createAh';
      readonly ah: number;
      readonly pd: number;
      readonly known: boolean;
      readonly ip6?: true;
    }
  | { readonly do: 'modifyAh'; readonly ah: number; readonly known: boolean; readonly ip6?: true }
  | { readonly do: 'destroyAh'; readonly ah: number }
  | { readonly do: 'deallocPd'; readonly pd: number }
  /** The second address of the port becomes another one, or what it was. */
  | { readonly do: 'setGid'; readonly own: boolean }
  /** Everything, or one of the things that can be held alone. */
  | { readonly do: 'hold'; readonly what: HoldName }
  | { readonly do: 'release' }
  | { readonly do: 'resizeCq'; readonly cq: number; readonly log: number }
  /** Moderation: after so many completions, or so long after the first. */
  | { readonly do: 'moderate'; readonly cq: number; readonly count: number; readonly us: number }
  /** Time passes. */
  | { readonly do: 'pass'; readonly us: number }
  | { readonly do: 'arm'; readonly cq: number; readonly solicited: boolean }
  | { readonly do: 'consume'; readonly cq: number };

export type Program = readonly Op[];

/** A value as it would be typed in. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return `{ ${Object.entries(value)
      .filter(([, v]) => v !== undefined)
      .map(([name, v]) => `${name}: ${literal(v)}`)
      .join(', ')} }`;
  return typeof value === 'string' ? `'${value}'` : String(value);
}

/** The program as source lines. */
export const print = (program: Program): string =>
  `[\n${program.map(op => `  ${literal(op)},`).join('\n')}\n]`;
