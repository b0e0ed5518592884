// SPDX-License-Identifier: MIT
// A front-end keeps the descriptor of the state region and may store into it at any time. It can ruin what its own guest
// sees of the adapter; it must not keep the back-end busy for ever, which serves other front-ends too.
import test from 'ava';
import { Command, CommandCode } from '../../device/abi/generated/commands.js';
import {
  Opcode,
  SGE_SIZE,
  SLICE_BYTES,
  setSgeLength,
  WcStatus,
  WQE_SIZE,
} from '../../device/abi/generated/descriptors.js';
import * as s from '../../device/abi/generated/state.js';
import { rowOfQp } from '../../device/model/rows.js';
import { makeQueues } from '../support/bench.js';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';

/** Loops that run this far take minutes, and the test with them. */
const ENDLESS = 0xffffffff;

const COUNTS = {
  'owed writes': s.ST_OUTBOX_COUNT_OFFSET,
  'protection domains': s.ST_PD_HIGH_OFFSET,
  'doorbell pages': s.ST_PAGE_HIGH_OFFSET,
  'memory regions': s.ST_MR_HIGH_OFFSET,
  'event queues': s.ST_EQ_HIGH_OFFSET,
  'completion queues': s.ST_CQ_HIGH_OFFSET,
  'queue pairs': s.ST_QP_HIGH_OFFSET,
  'shared receive queues': s.ST_SRQ_HIGH_OFFSET,
  'address handles': s.ST_AH_HIGH_OFFSET,
  'page pool': s.ST_POOL_HIGH_OFFSET,
};

for (const [what, offset] of Object.entries(COUNTS)) {
  test(`a number of ${what} without bounds keeps nobody busy`, t => {
    const target = new InProcess();
    const d = new Driver(target).start();
    const { eq, cq } = makeQueues(d);
    const qp = d.channel({ sendCq: cq });
    const m = target.region.u32;
    d.send(qp, { opcode: Opcode.NOP });
    m[offset / 4] = ENDLESS;
    target.settle();
    m[offset / 4] = ENDLESS;
    d.command(Command.ALLOC_PD);
    d.channel({ sendCq: d.createCq(eq) });
    d.registerWhole(d.pd);
    d.createAh();
    d.recvShared(d.createSrq(), []);
    target.adapter.control({ kind: 'stop' });
    target.adapter.control({ kind: 'run' });
    target.adapter.controlOps.explain();
    m[offset / 4] = ENDLESS;
    target.adapter.control({ kind: 'function-reset', epoch: 5 });
    target.busMaster(true);
    d.start();
    t.is(d.tryCommand(Command.ALLOC_PD), CommandCode.OK, 'the next guest finds an adapter that works');
  });
}

test('a gather or scatter list that shrinks under a step changes nothing of it', t => {
  const target = new InProcess();
  const d = new Driver(target).start();
  const { cq } = makeQueues(d);
  const qp = d.channel({ sendCq: cq });
  const m = target.region.u32;
  const second = rowOfQp(qp.number) + (s.QP_SEND_WQE_OFFSET + WQE_SIZE + SGE_SIZE) / 4;
  target.host.workWaiting = () => {
    setSgeLength(m, second, 0);
    return false;
  };
  const address = d.alloc(8 * SLICE_BYTES);
  d.send(qp, {
    opcode: Opcode.FILL,
    pattern: [0x01010101, 0x01010101],
    scatter: [
      { address, length: SLICE_BYTES },
      { address: address + SLICE_BYTES, length: 2 * SLICE_BYTES },
    ],
  });
  target.settle();
  t.is(d.poll(cq)[0]?.status, WcStatus.SUCCESS);
  t.true(target.readBytes(address, 3 * SLICE_BYTES).every(byte => byte === 1));
});

test('a list that has become shorter when its next pages are looked up ends the work with an error', t => {
  const target = new InProcess();
  const d = new Driver(target).start();
  const { cq } = makeQueues(d);
  const qp = d.channel({ sendCq: cq });
  const m = target.region.u32;
  const only = rowOfQp(qp.number) + (s.QP_SEND_WQE_OFFSET + WQE_SIZE) / 4;
  // No page follows the one before it, so that each is a run; the first slice takes the rest of one and all of the next.
  const count = 66;
  const memory = d.alloc(2 * count * SLICE_BYTES);
  const pages = Array.from({ length: count }, (_, n) => memory + 2 * n * SLICE_BYTES);
  const lkey = d.registerPages(pages, 0, count * SLICE_BYTES);
  target.host.workWaiting = () => {
    setSgeLength(m, only, 60 * SLICE_BYTES);
    return false;
  };
  d.send(qp, {
    opcode: Opcode.FILL,
    scatter: [{ address: SLICE_BYTES - 64, length: count * SLICE_BYTES - SLICE_BYTES, lkey }],
  });
  target.settle();
  t.is(d.poll(cq)[0]?.status, WcStatus.LOC_PROT_ERR);
});
