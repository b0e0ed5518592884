// SPDX-License-Identifier: MIT
// When the adapter wants to be called again, when it gives way to what has come, and what becomes of work that was undone.
import assert from 'node:assert/strict';
import {
  Command,
  CommandCode,
  Hold,
  MrKind,
  setCmdRegisterMrKind,
  setCmdRegisterMrLength,
  setCmdRegisterMrPageCount,
  setCmdRegisterMrPageList,
  setCmdRegisterMrPageShift,
  setCmdRegisterMrPd,
} from '../../device/abi/generated/commands.js';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import * as r from '../../device/abi/generated/registers.js';
import { Dma } from '../../device/model/ports.js';
import { makeQueues } from '../support/bench.js';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';
import { Lane } from '../support/lane.js';
import type { MutationCase } from './cases.js';

const SLOW_MBPS = 10;

function onStation(name: string, body: (t: InProcess, d: Driver) => void): MutationCase {
  return {
    name,
    run: () => {
      const t = new InProcess();
      body(t, new Driver(t).start());
    },
  };
}

/** Lets go of what may run now. */
function exhaust(t: InProcess): void {
  for (let n = 0; n < 1000 && t.step(); n++);
}

export const wakeCases: readonly MutationCase[] = [
  onStation(
    'who waits for a busy wire, rung or pushed, is why the adapter is called again; nobody else is',
    (t, d) => {
      const { cq } = makeQueues(d);
      const lane = new Lane(d, cq, 'link', 40);
      const engine = new Lane(d, cq, 'engine', 4);
      assert.equal(t.adapter.wakeAtNs, Infinity);
      d.setLink(0, SLOW_MBPS);
      let place = 0;
      const first = (): void => d.send(lane.qp, lane.work(1, place++));
      const ways = [first, () => d.push(lane.qp, lane.work(1, place++))];
      for (const second of ways) {
        first();
        exhaust(t);
        assert.equal(t.adapter.wakeAtNs, Infinity, 'nobody waits');
        second();
        exhaust(t);
        const at = t.adapter.wakeAtNs;
        assert.ok(at > t.nowNs && at < t.nowNs + 1e7, `${at}`);
        assert.equal(t.step(), false, 'the wire is busy');
        for (const hold of [Hold.LINK, Hold.PORT, Hold.LINK | Hold.ENGINE]) {
          d.setLink(hold, SLOW_MBPS);
          assert.equal(t.adapter.wakeAtNs, Infinity, 'held');
        }
        d.setLink(Hold.ENGINE, SLOW_MBPS);
        assert.equal(t.adapter.wakeAtNs, at, 'a hold of the engine is another matter');
        d.push(engine.qp, engine.work(1, 0));
        exhaust(t);
        assert.equal(t.adapter.wakeAtNs, at);
        d.setLink(0, SLOW_MBPS);
        t.nowNs = at;
        exhaust(t);
        assert.equal(t.adapter.wakeAtNs, Infinity);
        t.nowNs += 1e7;
      }
      first();
      first();
      exhaust(t);
      const at = t.adapter.wakeAtNs;
      d.writeRegister(r.REG_CONTROL_OFFSET, 0);
      assert.equal(t.adapter.wakeAtNs, Infinity, 'not enabled');
      t.nowNs = at;
      assert.equal(t.step(), false, 'not enabled');
      d.writeRegister(r.REG_CONTROL_OFFSET, 1);
      d.poll(cq);
      exhaust(t);
      assert.equal(d.poll(cq).length, 1);
    },
  ),
  onStation('between two slices the adapter gives way to what has come', (t, d) => {
    const { cq } = makeQueues(d);
    const lane = new Lane(d, cq, 'engine', 30);
    d.send(lane.qp, ...Array.from({ length: 20 }, (_, n) => lane.work(1, n)));
    let waiting = true;
    Object.assign(t.host, { workWaiting: () => waiting });
    assert.equal(t.adapter.poll(5), true, 'there is more');
    assert.equal(d.poll(cq).length, 1, 'one slice');
    waiting = false;
    assert.equal(t.adapter.poll(5), true);
    assert.equal(d.poll(cq).length, 5);
    Object.assign(t.host, { workWaiting: undefined });
    assert.equal(t.adapter.poll(50), false, 'all is done');
    assert.equal(d.poll(cq).length, 14);
    assert.equal(t.adapter.poll(1), false);
    d.send(lane.qp, lane.work(1, 20));
    assert.equal(t.adapter.poll(1), false, 'that was all');
  }),
  onStation(
    'a queue pair whose queue has no translation waits alone, and goes on with the others when it has come',
    (t, d) => {
      const { cq } = makeQueues(d);
      const stuck = d.channel({ sendCq: cq });
      const fine = d.channel({ sendCq: cq });
      const nops = (count: number) => Array.from({ length: count }, () => ({ opcode: Opcode.NOP }));
      t.memory.setHole(stuck.send.address, 4096, Dma.NOT_YET);
      d.send(stuck, ...nops(3));
      d.send(fine, ...nops(3));
      exhaust(t);
      assert.deepEqual(
        d.poll(cq).map(c => c.qpn),
        [fine, fine, fine].map(q => q.number),
      );
      // A command that fails half way is undone, and who was left out stays so.
      const status = d.tryCommand(Command.REGISTER_MR, i => {
        setCmdRegisterMrPd(i, 0, d.pd);
        setCmdRegisterMrKind(i, 0, MrKind.PAGE_LIST);
        setCmdRegisterMrPageShift(i, 0, 12);
        setCmdRegisterMrLength(i, 0, 4096);
        setCmdRegisterMrPageList(i, 0, d.target.nowhere);
        setCmdRegisterMrPageCount(i, 0, 1);
      });
      assert.equal(status, CommandCode.FAULT);
      d.send(fine, ...nops(1));
      exhaust(t);
      assert.equal(d.poll(cq).length, 1);
      assert.equal(t.step(), false);
      t.memory.setHole(stuck.send.address, 4096, Dma.DONE);
      assert.equal(t.step(), false, 'nobody has said that it came');
      t.adapter.memoryChanged();
      exhaust(t);
      assert.deepEqual(
        d.poll(cq).map(c => c.qpn),
        [stuck, stuck, stuck].map(q => q.number),
      );
    },
  ),
  onStation('a step that is undone puts the queues of both ends back where they were', (t, d) => {
    const { cq } = makeQueues(d);
    const recvCq = d.createCq(d.createEq(1));
    const [a, b] = d.pair({ sendCq: cq, recvCq });
    const to = d.alloc(4096);
    // The receiver fails in the sender's step, but its completion cannot be written yet.
    d.recv(b, [{ address: to, length: 4 }]);
    t.memory.setHole(to, 4096, Dma.NOT_YET);
    d.push(a, { opcode: Opcode.SEND, gather: [{ address: d.alloc(64), length: 4 }] });
    exhaust(t);
    assert.deepEqual(d.poll(cq), []);
    assert.equal(t.step(), false);
    for (let n = 0; n < 3; n++) {
      t.adapter.memoryChanged();
      exhaust(t);
      assert.deepEqual(d.poll(cq), []);
    }
    t.memory.setHole(to, 4096, Dma.DONE);
    t.adapter.memoryChanged();
    exhaust(t);
    assert.equal(d.poll(cq).length, 1);
    assert.equal(d.poll(recvCq).length, 1);
    assert.equal(t.step(), false);
  }),
];
