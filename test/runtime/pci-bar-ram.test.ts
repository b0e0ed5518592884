// SPDX-License-Identifier: MIT
// Memory behind the RAM ranges of a BAR: what is refused, what the model sees, and that nothing of it is touched after
// the session.
import test from 'ava';
import { Request, setBarRamBar, setBarRamSize } from '../../device/abi/generated/messages.js';
import type { FunctionBar } from '../../device/model/ports.js';
import { closeAll, createMemfd } from '../../device/sys/fd.js';
import { Mapping } from '../../device/sys/mapping.js';
import { LocalBackEnd } from '../support/local-back-end.js';
import { openFdsOf, uniqueName } from '../support/open-fds.js';
import { ScratchModel, scratchDescription } from '../support/scratch-model.js';

const BYTES = 0x10000;
const ramBar: FunctionBar = {
  size: BYTES,
  mem64: true,
  prefetchable: true,
  ranges: [
    { kind: 'trapped', offset: 0, size: 0x1000 },
    { kind: 'ram', offset: 0x1000, size: 0x8000 },
  ],
};
const change = { bars: [scratchDescription.bars[0], undefined, ramBar] };

function payload(bar: number, size: number): Uint8Array {
  const m = new Uint8Array(16);
  setBarRamBar(m, 0, bar);
  setBarRamSize(m, 0, size);
  return m;
}

test('a model with RAM ranges sees the memory that the front-end gave, until the session is over', t => {
  const name = uniqueName();
  const backEnd = LocalBackEnd.scratch(change);
  const frontEnd = backEnd.connect();
  const state = frontEnd.start();
  const [first, second] = [createMemfd(name, BYTES), createMemfd(name, BYTES)];
  const theirs = [first, second].map(fd => new Mapping(fd, BYTES));
  frontEnd.must(Request.PCI_SET_BAR_RAM, payload(2, BYTES), [first]);
  theirs[0]!.u8[0x1234] = 7;
  const old = backEnd.model.barRam[2]!;
  t.is(old.u8[0x1234], 7);
  old.u32[0x2000 / 4] = 0x01020304;
  t.is(theirs[0]!.u32[0x2000 / 4], 0x01020304);
  frontEnd.must(Request.PCI_SET_BAR_RAM, payload(2, BYTES), [second]);
  t.is(backEnd.model.barRam[2]!.u8[0x1234], 0);
  t.is(old.u8[0x1234], 0, 'the one before was let go');
  backEnd.end();
  backEnd.model.barRam[2]!.u8[0] = 9;
  t.is(theirs[1]!.u8[0], 0, 'nothing of the front-end is touched after the session');
  for (const mapping of theirs) mapping.retire();
  closeAll([first, second, state.fd]);
  t.is(openFdsOf(name), 0);
  frontEnd.ring!.close();
  frontEnd.hangUp();
});

test('memory that is not what it says, or that nobody wants, is refused and let go', t => {
  const name = uniqueName();
  const backEnd = LocalBackEnd.scratch(change);
  const frontEnd = backEnd.connect();
  const state = frontEnd.start();
  const [good, open, short] = [
    createMemfd(name, BYTES),
    createMemfd(name, BYTES, false),
    createMemfd(name, 4096),
  ];
  for (const [bar, size, fd] of [
    [0, 0x4000, good],
    [1, BYTES, good],
    [6, BYTES, good],
    [0xffffffff, BYTES, good],
    [2, BYTES / 2, good],
    [2, 2 ** 52, good],
    [2, BYTES, open],
    [2, BYTES, short],
  ] as const) {
    t.is(frontEnd.acknowledge(Request.PCI_SET_BAR_RAM, payload(bar, size), [fd]), 1n);
  }
  t.deepEqual(
    backEnd.refused.map(r => r.replace('PCI_SET_BAR_RAM: ', '')),
    [
      'BAR 0 has no RAM range',
      'BAR 1 has no RAM range',
      'BAR 6 has no RAM range',
      'BAR 4294967295 has no RAM range',
      'BAR 2 has 65536 bytes, not 32768',
      'BAR 2 has 65536 bytes, not 4503599627370496',
      'the memory of BAR 2 is not sealed against shrinking',
      'the memory of BAR 2 has 4096 bytes, not 65536',
    ],
  );
  t.deepEqual(backEnd.model.barRam, []);
  closeAll([good, open, short, state.fd]);
  t.is(openFdsOf(name), 0);
  backEnd.end();
  frontEnd.ring!.close();
  frontEnd.hangUp();
});

test('a model whose description has RAM ranges must take memory for them', t => {
  const model = new ScratchModel(change);
  Object.defineProperty(model, 'setBarRam', { value: undefined });
  t.throws(() => new LocalBackEnd(model), { instanceOf: RangeError, message: /takes no memory/ });
});
