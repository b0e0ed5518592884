// SPDX-License-Identifier: MIT
// Random programs, legal and illegal, on the model and on a small reference of the verbs: after each step guest memory,
// completions, states, events and counters must agree.
import test from 'ava';
import fc from 'fast-check';
import { EventType, Opcode, WcStatus } from '../../device/abi/generated/descriptors.js';
import { hold } from '../hostile/seed.js';
import { programs } from './generate.js';
import type { Snapshot } from './observe.js';
import { play } from './play.js';
import { type Program, print } from './program.js';
import { Stage } from './stage.js';

const RUNS = 2200;
const STEPS = 30;

/** A program that shows itself as source lines. */
const printable = (program: Program): Program =>
  Object.defineProperty(program, fc.toStringMethod, { value: () => print(program), configurable: true });

test('random programs do on the adapter what they do on the reference', t => {
  const stage = new Stage();
  const seen = new Set<string>();
  const property = fc.property(programs(STEPS).map(printable), program => {
    note(play(stage, program), seen);
  });
  hold(t, RUNS, property);
  // Programs in which some operation never ends, well or badly, would say nothing about it.
  t.deepEqual(
    WORTH_SEEING.filter(what => !seen.has(what)),
    [],
  );
});

test('a responder that is connected to somebody else answers there: the requester goes on, into the number that is expected', t => {
  const stage = new Stage();
  const up = (qp: number, peer: number, psn: number) =>
    ({ do: 'bringUp', qp, peer, mtu: 1, psn, access: 14, reads: 4, qkey: 17 }) as const;
  const work = (op: 'RDMA_WRITE' | 'RDMA_READ', length: number) => {
    const list = [{ key: 'local', at: 238, length }] as const;
    const remote = { key: 'remoteWrite', at: 0 } as const;
    return op === 'RDMA_READ' ? { op, to: list, remote } : { op, from: list, remote };
  };
  for (const [behind, ...plans] of [
    [3, work('RDMA_WRITE', 1286)],
    [0, work('RDMA_WRITE', 200)],
    [0, work('RDMA_WRITE', 600)],
  ] as const) {
    const program: Program = [
      ...[0, 1, 2].map(qp => ({ do: 'createQp', qp, type: 'RC', cqs: [0, 1], logDepth: 3 }) as const),
      up(0, 2, 0xfffffe),
      up(1, 0, 0xfffffe - behind),
      { do: 'send', qp: 1, work: plans, ring: true },
      { do: 'release' },
    ];
    const { completions } = play(stage, program);
    const statuses = [...completions.values()].flat().map(cqe => cqe.status);
    t.deepEqual(statuses, [WcStatus.RETRY_EXC_ERR]);
  }
});

function note({ completions, events }: Snapshot, seen: Set<string>): void {
  for (const cqe of [...completions.values()].flat()) {
    seen.add(`opcode ${cqe.opcode} ${cqe.status === WcStatus.SUCCESS ? 'well' : 'badly'}`);
    seen.add(`status ${cqe.status}`);
  }
  for (const event of events) seen.add(`event ${event.type}`);
}

/** Statuses that cannot come without a lossy wire or a responder that breaks the rules. */
const NEVER: readonly number[] = [WcStatus.BAD_RESP_ERR, WcStatus.LOC_ACCESS_ERR];
const EVENTS = [
  EventType.COMPLETION,
  EventType.QP_FATAL,
  EventType.CQ_ERROR,
  EventType.QP_REQUEST_ERROR,
  EventType.QP_ACCESS_ERROR,
  EventType.COMM_ESTABLISHED,
  EventType.SQ_DRAINED,
  EventType.LAST_WQE_REACHED,
  EventType.SRQ_LIMIT,
  EventType.PORT_ACTIVE,
  EventType.PORT_ERROR,
];
const WORTH_SEEING = [
  ...Object.values(Opcode).map(opcode => `opcode ${opcode} well`),
  ...Object.values(Opcode)
    .filter(opcode => opcode !== Opcode.RECV_RDMA_WITH_IMM)
    .map(opcode => `opcode ${opcode} badly`),
  ...Object.values(WcStatus)
    .filter(status => !NEVER.includes(status))
    .map(status => `status ${status}`),
  ...EVENTS.map(type => `event ${type}`),
];
