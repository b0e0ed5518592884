// SPDX-License-Identifier: MIT
// The register page and the doorbell pages as memory: identity, access rules, what is reserved.
import assert from 'node:assert/strict';
import { Opcode } from '../../../device/abi/generated/descriptors.js';
import * as r from '../../../device/abi/generated/registers.js';
import { finish, ids, makeQueues } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import { bufferOffset, encodeDoorbell } from '../../support/work.js';
import type { Case } from '../case.js';

const READ_ONLY = [
  r.REG_ID_OFFSET,
  r.REG_ABI_VERSION_OFFSET,
  r.REG_FEATURES_OFFSET,
  r.REG_STATUS_OFFSET,
  r.REG_RESET_EPOCH_OFFSET,
  r.REG_DOORBELL_PAGES_OFFSET,
  r.REG_COMMAND_STATUS_OFFSET,
  r.REG_MAC_LO_OFFSET,
  r.REG_MAC_HI_OFFSET,
  r.REG_COUNT_DOORBELLS_OFFSET,
  r.REG_COUNT_PUSHES_OFFSET,
  r.REG_COUNT_PUSH_FALLBACKS_OFFSET,
  r.REG_COUNT_IGNORED_OFFSET,
  r.REG_COUNT_REFUSED_OFFSET,
  r.REG_COUNT_DESCRIPTOR_READS_OFFSET,
  r.REG_COUNT_COMPLETIONS_OFFSET,
  r.REG_COUNT_PACKETS_OFFSET,
  r.REG_COUNT_DMA_FAULTS_OFFSET,
  r.REG_FAULT_ADDRESS_LO_OFFSET,
  r.REG_FAULT_ADDRESS_HI_OFFSET,
  r.REG_FAULT_INFO_OFFSET,
  r.REG_FAULT_INDEX_OFFSET,
];

const bad = (d: Driver): number => d.readRegister(r.REG_COUNT_BAD_ACCESSES_OFFSET);
const refused = (d: Driver): number => d.readRegister(r.REG_COUNT_REFUSED_OFFSET);

export const registerCases: readonly Case[] = [
  {
    name: 'identity, version, features, status and MAC address',
    run({ driver: d }) {
      assert.equal(d.readRegister(r.REG_ID_OFFSET), r.DEVICE_MAGIC);
      const words = new Uint32Array(r.REG_SIZE / 4);
      words[r.REG_ABI_VERSION_OFFSET / 4] = d.readRegister(r.REG_ABI_VERSION_OFFSET);
      assert.equal(r.regAbiVersionMajor(words, 0), r.ABI_MAJOR);
      assert.equal(r.regAbiVersionMinor(words, 0), r.ABI_MINOR);
      const { PUSH_TRAPPED, DMA_ENGINE, LOOPBACK, VERBS } = r.Feature;
      assert.equal(d.readRegister(r.REG_FEATURES_OFFSET), PUSH_TRAPPED | DMA_ENGINE | LOOPBACK | VERBS);
      const { READY, ENABLED, BUS_MASTER } = r.StatusBit;
      assert.equal(d.readRegister(r.REG_STATUS_OFFSET), READY | ENABLED | BUS_MASTER);
      assert.equal(d.readRegister(r.REG_DOORBELL_PAGES_OFFSET), r.DOORBELL_PAGES);
      // Bit 1 of the first byte: locally administered; bit 0: not a group address.
      assert.equal(d.readRegister(r.REG_MAC_LO_OFFSET) & 3, 2);
      assert.ok(d.readRegister(r.REG_MAC_HI_OFFSET) < 65536);
    },
  },
  {
    name: 'writable registers keep what they should and nothing else',
    run({ driver: d }) {
      for (const value of [0xffffffff, 0, 0x12345678]) {
        d.writeRegister(r.REG_SCRATCH_OFFSET, value);
        assert.equal(d.readRegister(r.REG_SCRATCH_OFFSET), value);
      }
      d.writeRegister(r.REG_MAILBOX_LO_OFFSET, 0xabcde123);
      d.writeRegister(r.REG_MAILBOX_HI_OFFSET, 0x00345678);
      assert.equal(d.readRegister(r.REG_MAILBOX_LO_OFFSET), 0xabcde123);
      assert.equal(d.readRegister(r.REG_MAILBOX_HI_OFFSET), 0x00345678);
      d.writeRegister(r.REG_CONTROL_OFFSET, 0xfffffffe);
      assert.equal(d.readRegister(r.REG_CONTROL_OFFSET), 0);
      assert.equal(d.readRegister(r.REG_STATUS_OFFSET) & r.StatusBit.ENABLED, 0);
      d.writeRegister(r.REG_CONTROL_OFFSET, 0xffffffff);
      assert.equal(d.readRegister(r.REG_CONTROL_OFFSET), 1);
      assert.equal(bad(d), 0);
    },
  },
  {
    name: 'a store to a read-only register changes nothing and is counted',
    run({ driver: d }) {
      READ_ONLY.forEach((offset, n) => {
        const before = d.readRegister(offset);
        d.writeRegister(offset, before === 0 ? 0xffffffff : 0);
        assert.equal(d.readRegister(offset), before, `register 0x${offset.toString(16)}`);
        assert.equal(bad(d), n + 1);
      });
    },
  },
  {
    name: 'write-only registers read zero',
    run({ driver: d }) {
      for (const offset of [r.REG_RESET_OFFSET, r.REG_COMMAND_OFFSET, r.REG_INTERRUPT_TEST_OFFSET])
        assert.equal(d.readRegister(offset), 0);
      assert.equal(bad(d), 0);
    },
  },
  {
    name: 'registers: an access of a wrong size, alignment or offset reads zero, writes nothing, is counted',
    run({ driver: d, target: t }) {
      d.writeRegister(r.REG_SCRATCH_OFFSET, 0x11223344);
      const wrong: [number, number][] = [1, 2, 8].map(size => [r.REG_SCRATCH_OFFSET, size]);
      wrong.push([r.REG_SCRATCH_OFFSET + 1, 4], [r.REG_SCRATCH_OFFSET + 2, 4], [r.REG_SCRATCH_OFFSET + 3, 1]);
      wrong.push([r.REG_ID_OFFSET, 2], [r.REG_SIZE - 4, 4], [r.REG_SIZE, 4], [r.REGISTER_BAR_BYTES - 4, 4]);
      let count = 0;
      for (const [offset, size] of wrong) {
        const what = `${size} bytes at 0x${offset.toString(16)}`;
        assert.equal(t.load(r.REGISTER_BAR, offset, size), 0, `load of ${what}`);
        assert.equal(bad(d), ++count, `load of ${what} counted`);
        t.store(r.REGISTER_BAR, offset, size, size < 4 ? 0xff : 0xffffffff, size === 8 ? 0xffffffff : 0);
        assert.equal(bad(d), ++count, `store of ${what} counted`);
      }
      assert.equal(d.readRegister(r.REG_SCRATCH_OFFSET), 0x11223344);
    },
  },
  {
    name: 'no register has a read side effect',
    run({ driver: d }) {
      for (let offset = 0; offset < r.REG_SIZE - 4; offset += 4)
        assert.equal(d.readRegister(offset), d.readRegister(offset), `register 0x${offset.toString(16)}`);
      assert.equal(bad(d), 0);
    },
  },
  {
    name: 'doorbell pages read zero and take only whole stores to their registers',
    run({ driver: d, target: t }) {
      for (const offset of [0, 8, 0x7f8, 0x800, 0x900, 0xff8])
        assert.equal(t.load(r.DOORBELL_BAR, offset, 8), 0);
      assert.equal(bad(d), 0);
      const wrong: [number, number][] = [
        [r.DB_SEND_OFFSET, 4],
        [r.DB_SEND_OFFSET + 4, 4],
        [r.DB_SEND_OFFSET, 1],
        [r.DB_RECV_OFFSET + 1, 8],
        [r.DB_SRQ_OFFSET + 8, 8],
        [r.PRIORITY_AREA_OFFSET - 8, 8],
        [bufferOffset(0, 0) + r.PUSH_BUFFER_BYTES - 4, 8],
        [bufferOffset(0, 1) + r.PUSH_TRAILER_OFFSET, 4],
        [bufferOffset(0, 1) + r.PUSH_TRAILER_OFFSET + 8, 8],
        [bufferOffset(0, 3) + r.PUSH_BUFFER_STRIDE - 8, 8],
      ];
      wrong.forEach(([offset, size], n) => {
        t.store(r.DOORBELL_BAR, offset, size, 0xff, 0);
        assert.equal(bad(d), n + 1, `${size} bytes at 0x${offset.toString(16)}`);
      });
    },
  },
  {
    name: 'a doorbell page that was not given out takes nothing',
    run({ driver: d, target: t }) {
      const { cq } = makeQueues(d);
      const qp = d.channel({ sendCq: cq });
      d.post(qp.send, { opcode: Opcode.NOP });
      const [lo, hi] = encodeDoorbell(qp.number, 1);
      for (const page of [1, 255]) t.store(r.DOORBELL_BAR, page * r.DOORBELL_PAGE_BYTES, 8, lo, hi);
      assert.equal(refused(d), 2);
      d.storePush(7, 0, new Uint8Array(32));
      d.trailer(7, 0, qp.number, 0, 32);
      assert.equal(refused(d), 2 + 4 + 1);
      assert.deepEqual(ids(finish(d, cq)), []);
      d.ringSend(qp);
      assert.deepEqual(ids(finish(d, cq)), [0]);
    },
  },
  {
    name: 'INTERRUPT_TEST raises the vector that is written, and only a vector that exists',
    run({ driver: d, target: t }) {
      for (const vector of [0, 5, r.MSIX_VECTORS - 1]) {
        const before = t.interrupts(vector);
        d.writeRegister(r.REG_INTERRUPT_TEST_OFFSET, vector);
        t.settle();
        assert.equal(t.interrupts(vector), before + 1);
      }
      d.writeRegister(r.REG_INTERRUPT_TEST_OFFSET, r.MSIX_VECTORS);
      d.writeRegister(r.REG_INTERRUPT_TEST_OFFSET, 0xffffffff);
      assert.equal(bad(d), 2);
    },
  },
  {
    name: 'queues stand still while CONTROL.ENABLE is clear',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const qp = d.channel({ sendCq: cq });
      d.writeRegister(r.REG_CONTROL_OFFSET, 0);
      d.send(qp, { opcode: Opcode.NOP, wrId: 5 });
      d.push(qp, { opcode: Opcode.NOP, wrId: 6 });
      assert.deepEqual(ids(finish(d, cq)), []);
      d.writeRegister(r.REG_CONTROL_OFFSET, 1);
      assert.deepEqual(ids(finish(d, cq)), [5, 6]);
    },
  },
];
