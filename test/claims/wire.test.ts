// SPDX-License-Identifier: MIT
// The packets of messages as an independent decoder sees them: tshark on a capture that the adapter wrote.
import { join } from 'node:path';
import test from 'ava';
import { Hold, Mtu } from '../../device/abi/generated/commands.js';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import { BthOpcode } from '../../device/abi/generated/packets.js';
import { titleOf } from '../conformance/case.js';
import { filled, finish, makeQueues } from '../support/bench.js';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';
import { Lane } from '../support/lane.js';
import { temporaryDirectory } from '../support/temporary.js';
import { tsharkComplaints, tsharkFields } from '../support/tshark.js';

const FIELDS = ['bth.opcode', 'bth.destqp', 'bth.psn', 'bth.padcnt'].map(f => `infiniband.${f}`);
/** Ethernet, IPv4, UDP, BTH and ICRC. */
const OVERHEAD_BYTES = 58;

interface Seen {
  readonly opcode: number;
  readonly destinationQpn: number;
  readonly psn: number;
  readonly payload: number;
}

/** The requests in a capture; acknowledgements are left out. */
async function requests(path: string): Promise<Seen[]> {
  const rows = await tsharkFields(path, [...FIELDS, 'frame.len']);
  return rows
    .map(row => row.map(Number))
    .filter(([opcode]) => opcode !== BthOpcode.RC_ACKNOWLEDGE)
    .map(([opcode, destinationQpn, psn, pad, length]) => ({
      opcode,
      destinationQpn,
      psn,
      payload: length - OVERHEAD_BYTES - pad,
    }));
}

/** What IBTA 9.7.2 makes of a message. */
function expected(size: number, mtu: number): { opcode: number; payload: number }[] {
  const count = Math.max(1, Math.ceil(size / mtu));
  return Array.from({ length: count }, (_, n) => {
    const [first, last] = [n === 0, n === count - 1];
    const part = first ? BthOpcode.RC_SEND_FIRST : last ? BthOpcode.RC_SEND_LAST : BthOpcode.RC_SEND_MIDDLE;
    return { opcode: first && last ? BthOpcode.RC_SEND_ONLY : part, payload: Math.min(mtu, size - n * mtu) };
  });
}

for (const [code, mtu] of [
  [Mtu.MTU_256, 256],
  [Mtu.MTU_1024, 1024],
  [Mtu.MTU_4096, 4096],
] as const) {
  const name = `tshark sees each message become its packets, round every multiple of an MTU of ${mtu}`;
  test(titleOf({ claims: [8, 22], name }), async t => {
    const path = join(temporaryDirectory(t), 'wire.pcapng');
    const target = new InProcess();
    const d = new Driver(target).start();
    const { cq } = makeQueues(d);
    const [a, b] = d.pair({ sendCq: cq }, code, 0xfffff0);
    const { address } = filled(d, 4 * mtu);
    const to = d.alloc(4 * mtu);
    target.adapter.capture.start(path);
    const sizes = [0, 1, 2, 3].flatMap(k => [k * mtu - 1, k * mtu, k * mtu + 1]).filter(size => size >= 0);
    for (const [n, length] of sizes.entries()) {
      d.recv(b, [{ address: to, length: 4 * mtu }]);
      const work = { opcode: Opcode.SEND, gather: [{ address, length }] };
      if (n % 2 === 0) d.send(a, work);
      else d.push(a, work);
      finish(d, cq);
    }
    target.adapter.capture.stop();
    const packets = sizes.flatMap(size => expected(size, mtu));
    t.deepEqual(
      await requests(path),
      packets.map((p, n) => ({ ...p, destinationQpn: b.number, psn: (0xfffff0 + n) % 2 ** 24 })),
    );
    t.deepEqual(await tsharkComplaints(path), []);
  });
}

const overtakes = 'tshark sees a pushed message before every packet of a backlog that was rung earlier';
test(titleOf({ claims: [3, 17], name: overtakes }), async t => {
  const path = join(temporaryDirectory(t), 'wire.pcapng');
  const target = new InProcess();
  const d = new Driver(target).start();
  const { cq } = makeQueues(d);
  const [a, b] = [new Lane(d, cq, 'link', 64), new Lane(d, cq, 'link', 1)];
  d.setLink(Hold.LINK);
  d.send(a.qp, ...Array.from({ length: 64 }, (_, n) => a.work(n, n)));
  d.push(b.qp, b.work(1, 0));
  target.adapter.capture.start(path);
  d.setLink(0);
  finish(d, cq);
  target.adapter.capture.stop();
  const order = (await requests(path)).map(p => p.destinationQpn);
  t.deepEqual(order, [b.peer!.number, ...Array(64).fill(a.peer!.number)]);
});
