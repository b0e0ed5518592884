// SPDX-License-Identifier: MIT
// Packets that no requester of this adapter sends: out of place, of a wrong length, for nobody, random. The responder is
// the part that a fabric will reach; here frames are handed to it one at a time, over the region of an adapter that a
// driver has set up.
import test from 'ava';
import * as c from '../../device/abi/generated/commands.js';
import { EventType, Opcode, WcStatus } from '../../device/abi/generated/descriptors.js';
import {
  ACK_SYNDROME,
  BthOpcode as B,
  NAK_INVALID_REQUEST,
  NAK_PSN,
  NAK_REMOTE_ACCESS,
} from '../../device/abi/generated/packets.js';
import { ipv4FromMac } from '../../device/fabric/addresses.js';
import type { PacketFields } from '../../device/fabric/extension-headers.js';
import { PacketBuilder } from '../../device/fabric/packet.js';
import { ParsedPacket } from '../../device/fabric/parse.js';
import { Route } from '../../device/fabric/route.js';
import { Core, Step } from '../../device/model/core.js';
import { Diary } from '../../device/model/diary.js';
import { Journal } from '../../device/model/journal.js';
import { stateDamage } from '../../device/model/state-check.js';
import { Network } from '../../device/model/wire.js';
import { type Ends, makeEnds } from '../conformance/cases/rdma.js';
import { Dice, filled } from '../support/bench.js';
import { REMOTE_ACCESS } from '../support/commander.js';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';

const MTU = 256;
const UC = 0x20;

interface Lab {
  readonly d: Driver;
  readonly ends: Ends;
  readonly key: number;
  readonly at: number;
  /** Sends a packet to the second end; the syndrome of what comes back, or undefined. */
  give: (
    fields: Partial<PacketFields>,
    payload?: number,
    spoil?: (frame: Uint8Array) => void,
  ) => number | undefined;
  counters: () => Uint32Array;
  damage: () => string | undefined;
}

function makeLab(type?: number): Lab {
  const target = new InProcess();
  const d = new Driver(target).start();
  const ends = makeEnds(d, type);
  const key = d.registerWhole(d.pd, c.Access.LOCAL_WRITE | REMOTE_ACCESS);
  const { address: at } = filled(d, 4096, 5);
  if (ends.b.recv !== undefined)
    d.recv(ends.b, ...Array.from({ length: 8 }, () => [{ address: at, length: 2048 }]));
  const core = new Core(new Journal(target.region), target.host, new Diary(), false);
  core.queues.rebuild();
  core.moderation.rebuild();
  const answers: number[] = [];
  const parsed = new ParsedPacket();
  const network = new Network(core, {
    transmit: (frame, length) => {
      if (parsed.parse(frame, length) !== undefined) throw new Error('an answer that is no packet');
      answers.push(parsed.syndrome);
    },
  });
  const { mac } = d.own();
  const ip = ipv4FromMac(mac);
  const route = new Route({
    sourceMac: mac,
    destinationMac: mac,
    sourceIp: ip,
    destinationIp: ip,
    udpSourcePort: 0xc000,
  });
  const builder = new PacketBuilder(8192);
  builder.setRoute(route);
  const give: Lab['give'] = (fields, payload = 0, spoil) => {
    Object.assign(builder, { psn: 0, destinationQpn: ends.b.number, ackRequest: true, solicited: false });
    Object.assign(builder, { rkey: key, remoteAddress: at, dmaLength: payload }, fields);
    builder.frame.fill(0xa5, builder.payloadAt, builder.payloadAt + payload);
    const length = builder.finish(payload);
    spoil?.(builder.frame);
    answers.length = 0;
    network.outcome = Step.DONE;
    network.deliver(builder.frame, length);
    if (network.outcome !== Step.DONE) throw new Error('memory of this world never waits');
    if (core.landing.owed && core.landing.land(core) !== WcStatus.SUCCESS)
      throw new Error('nor does it fault');
    core.journal.commit();
    core.outbox.flush();
    return answers[0];
  };
  const damage = (): string | undefined => stateDamage(target.region.u32);
  return { d, ends, key, at, give, damage, counters: () => d.counters(c.CounterKind.PORT) };
}

type Given = readonly [fields: Partial<PacketFields>, payload: number];

/** [what, packets, of which the last one is refused with the syndrome] */
const OUT_OF_PLACE: readonly (readonly [string, readonly Given[], number])[] = [
  ['the middle of nothing', [[{ opcode: B.RC_SEND_MIDDLE }, MTU]], NAK_INVALID_REQUEST],
  ['the end of nothing', [[{ opcode: B.RC_WRITE_LAST }, 5]], NAK_INVALID_REQUEST],
  ['a first packet that is short', [[{ opcode: B.RC_SEND_FIRST }, MTU - 1]], NAK_INVALID_REQUEST],
  ['a first packet that is long', [[{ opcode: B.RC_SEND_FIRST }, MTU + 1]], NAK_INVALID_REQUEST],
  ['an only packet that is long', [[{ opcode: B.RC_SEND_ONLY }, MTU + 1]], NAK_INVALID_REQUEST],
  [
    'a middle packet that is short',
    [
      [{ opcode: B.RC_SEND_FIRST }, MTU],
      [{ opcode: B.RC_SEND_MIDDLE, psn: 1 }, 5],
    ],
    NAK_INVALID_REQUEST,
  ],
  [
    'a last packet of nothing',
    [
      [{ opcode: B.RC_SEND_FIRST }, MTU],
      [{ opcode: B.RC_SEND_LAST, psn: 1 }, 0],
    ],
    NAK_INVALID_REQUEST,
  ],
  [
    'a WRITE that ends a SEND',
    [
      [{ opcode: B.RC_SEND_FIRST }, MTU],
      [{ opcode: B.RC_WRITE_LAST, psn: 1 }, 5],
    ],
    NAK_INVALID_REQUEST,
  ],
  [
    'a SEND that ends a WRITE',
    [
      [{ opcode: B.RC_WRITE_FIRST, dmaLength: MTU + 5 }, MTU],
      [{ opcode: B.RC_SEND_LAST, psn: 1 }, 5],
    ],
    NAK_INVALID_REQUEST,
  ],
  [
    'a READ within a SEND',
    [
      [{ opcode: B.RC_SEND_FIRST }, MTU],
      [{ opcode: B.RC_READ_REQUEST, psn: 1, dmaLength: 5 }, 0],
    ],
    NAK_INVALID_REQUEST,
  ],
  [
    'an atomic within a WRITE',
    [
      [{ opcode: B.RC_WRITE_FIRST, dmaLength: MTU + 5 }, MTU],
      [{ opcode: B.RC_FETCH_ADD, psn: 1 }, 0],
    ],
    NAK_INVALID_REQUEST,
  ],
  [
    'a WRITE with more than it said',
    [
      [{ opcode: B.RC_WRITE_FIRST, dmaLength: MTU + 5 }, MTU],
      [{ opcode: B.RC_WRITE_LAST, psn: 1 }, 6],
    ],
    NAK_INVALID_REQUEST,
  ],
  [
    'a WRITE with less than it said',
    [
      [{ opcode: B.RC_WRITE_FIRST, dmaLength: MTU + 5 }, MTU],
      [{ opcode: B.RC_WRITE_LAST, psn: 1 }, 4],
    ],
    NAK_INVALID_REQUEST,
  ],
  [
    'a WRITE that goes on beyond its end',
    [
      [{ opcode: B.RC_WRITE_FIRST, dmaLength: MTU + 5 }, MTU],
      [{ opcode: B.RC_WRITE_MIDDLE, psn: 1 }, MTU],
    ],
    NAK_INVALID_REQUEST,
  ],
  [
    'a WRITE that begins with all of it',
    [[{ opcode: B.RC_WRITE_FIRST, dmaLength: MTU }, MTU]],
    NAK_INVALID_REQUEST,
  ],
  ['an only WRITE of another length', [[{ opcode: B.RC_WRITE_ONLY, dmaLength: 6 }, 5]], NAK_INVALID_REQUEST],
  [
    'a WRITE of more than 2 GiB',
    [[{ opcode: B.RC_WRITE_FIRST, dmaLength: 0x80000001 }, MTU]],
    NAK_INVALID_REQUEST,
  ],
  [
    'a READ of more than 2 GiB',
    [[{ opcode: B.RC_READ_REQUEST, dmaLength: 0x80000001 }, 0]],
    NAK_INVALID_REQUEST,
  ],
  [
    'an address beyond all memory',
    [[{ opcode: B.RC_WRITE_ONLY, remoteAddress: 2 ** 63 }, 5]],
    NAK_REMOTE_ACCESS,
  ],
  [
    'a READ that wraps',
    [[{ opcode: B.RC_READ_REQUEST, remoteAddress: 2 ** 64, dmaLength: 9 }, 0]],
    NAK_REMOTE_ACCESS,
  ],
  ['an opcode without a name', [[{ opcode: 0x15 }, 4]], NAK_INVALID_REQUEST],
  ['another one', [[{ opcode: 0x1f }, 4]], NAK_INVALID_REQUEST],
];

for (const [what, packets, syndrome] of OUT_OF_PLACE) {
  test(`RC: ${what} is refused and stops the queue pair`, t => {
    const lab = makeLab();
    packets.forEach(([fields, payload], n) => {
      const last = n === packets.length - 1;
      t.is(lab.give(fields, payload), last ? syndrome : undefined);
      t.is(lab.damage(), undefined);
    });
    t.is(lab.d.queryQp(lab.ends.b).state, c.QpState.ERR);
    const type = syndrome === NAK_REMOTE_ACCESS ? EventType.QP_ACCESS_ERROR : EventType.QP_REQUEST_ERROR;
    t.deepEqual(lab.d.events(lab.ends.eq), [{ type, number: lab.ends.b.number, detail: 0 }]);
    t.is(lab.give({ opcode: B.RC_SEND_ONLY }, 5), undefined, 'it is silent now');
  });

  test(`UC: ${what} is dropped, and what follows it too`, t => {
    const lab = makeLab(c.QpType.UC);
    packets.forEach(([fields, payload]) => {
      t.is(lab.give({ ...fields, opcode: UC + fields.opcode! }, payload), undefined);
      t.is(lab.damage(), undefined);
    });
    const { d, ends } = lab;
    t.is(d.queryQp(ends.b).state, c.QpState.RTS);
    t.is(c.cmdQpCountersRxDropped(d.counters(c.CounterKind.QP, ends.b.number), 0), 1);
    t.is(d.queryQp(ends.b).rqPsn, packets.length, 'the number after it is the next one');
    for (const opcode of [B.UC_SEND_LAST, B.UC_WRITE_LAST])
      lab.give({ opcode, psn: d.queryQp(ends.b).rqPsn }, 5);
    t.deepEqual(d.poll(ends.recvCq), [], 'the message of which it was has come to nothing');
    t.deepEqual(d.events(ends.eq), []);
    lab.give({ opcode: B.UC_SEND_ONLY, psn: d.queryQp(ends.b).rqPsn }, 77);
    t.deepEqual(
      d.poll(ends.recvCq).map(x => [x.wrId, x.status, x.byteCount]),
      [[0, 0, 77]],
    );
  });
}

test('UC: what would be a SEND with invalidation is no packet of this service', t => {
  for (const opcode of [B.RC_SEND_ONLY_INV, B.RC_SEND_LAST_INV]) {
    const lab = makeLab(c.QpType.UC);
    const { d, ends } = lab;
    const last = opcode === B.RC_SEND_LAST_INV;
    if (last) lab.give({ opcode: B.UC_SEND_FIRST }, MTU);
    const before = d.target.readBytes(lab.at, 2048);
    t.is(lab.give({ opcode: UC + opcode, psn: last ? 1 : 0 }, 5), undefined);
    t.deepEqual(d.target.readBytes(lab.at, 2048), before, 'nothing of it went into the receive');
    t.deepEqual(d.poll(ends.recvCq), []);
    t.is(c.cmdQpCountersRxDropped(d.counters(c.CounterKind.QP, ends.b.number), 0), 1);
    lab.give({ opcode: B.UC_SEND_ONLY, psn: d.queryQp(ends.b).rqPsn }, 77);
    t.deepEqual(
      d.poll(ends.recvCq).map(x => x.byteCount),
      [77],
    );
  }
});

test('frames that are no packets, and packets for nobody, are counted and change nothing', t => {
  const lab = makeLab();
  const { d, ends } = lab;
  const qp = [...d.rawQp(ends.b)];
  const only = { opcode: B.RC_SEND_ONLY };
  t.is(
    lab.give(only, 5, frame => {
      frame[60] ^= 1;
    }),
    undefined,
  );
  t.is(c.cmdPortCountersRxBad(lab.counters(), 0), 1);
  t.is(lab.give({ ...only, destinationQpn: 0xabcdef }, 5), undefined);
  t.is(lab.give({ opcode: B.UC_SEND_ONLY }, 5), undefined);
  t.is(lab.give({ opcode: B.UD_SEND_ONLY }, 5), undefined);
  t.is(lab.give({ opcode: 0xe4 }, 5), undefined);
  t.is(c.cmdPortCountersRxUnknown(lab.counters(), 0), 4);
  for (const opcode of [B.RC_ACKNOWLEDGE, B.RC_ATOMIC_ACKNOWLEDGE]) t.is(lab.give({ opcode }), undefined);
  t.is(lab.give({ opcode: B.RC_READ_RESPONSE_ONLY }, 8), undefined);
  t.is(lab.give({ ...only, psn: 5 }, 5), NAK_PSN);
  t.is(c.cmdPortCountersRxSequence(lab.counters(), 0), 1);
  t.deepEqual([...d.rawQp(ends.b)], qp);
  t.is(lab.give(only, 5), ACK_SYNDROME);
});

test('random packets: the state stays one that the adapter makes, and memory that nobody named stays as it is', t => {
  const dice = new Dice(20261122);
  for (const type of [c.QpType.RC, c.QpType.UC]) {
    for (let round = 0; round < 25; round++) {
      const lab = makeLab(type);
      const { d, ends, at } = lab;
      const before = d.target.readBytes(at + 2048, 2048);
      for (let n = 0; n < 40; n++) {
        const expected = d.queryQp(ends.b).rqPsn;
        const base = dice.below(25);
        const atomic = base === B.RC_CMP_SWAP || base === B.RC_FETCH_ADD || base === B.RC_READ_REQUEST;
        const response = base >= B.RC_ACKNOWLEDGE && base <= B.RC_ATOMIC_ACKNOWLEDGE;
        const payload = atomic || response ? 0 : dice.below(3) === 0 ? dice.below(600) : MTU;
        const dmaLength = dice.below(2) === 0 ? payload : dice.below(1500);
        lab.give(
          {
            opcode: base + (type === c.QpType.UC ? UC : 0),
            psn: dice.below(10) === 0 ? dice.below(9) : expected,
            rkey: dice.below(8) === 0 ? dice.below(5000) : lab.key,
            remoteAddress: at + dice.below(64) * 8,
            dmaLength,
            swapAddLo: 1,
          },
          payload,
        );
        t.is(lab.damage(), undefined);
      }
      t.deepEqual(d.target.readBytes(at + 2048, 2048), before);
      t.true(
        d.poll(ends.recvCq).every(x => x.opcode === Opcode.RECV || x.opcode === Opcode.RECV_RDMA_WITH_IMM),
      );
    }
  }
});
