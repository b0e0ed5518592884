// SPDX-License-Identifier: MIT
import test from 'ava';
import type { FunctionBar, FunctionDescription } from '../../device/model/ports.js';
import { checkDescription } from '../../device/vhost/pci-description.js';
import { ScratchModel } from '../support/scratch-model.js';

const good = new ScratchModel().description;
const bar = (change: Partial<FunctionBar>): FunctionDescription => ({
  ...good,
  bars: [{ ...good.bars[0]!, ...change }],
});

test('a description that can be is taken', t => {
  t.notThrows(() => checkDescription(good));
  t.notThrows(() => checkDescription({ ...good, interruptPin: 1, link: { speed: 5, width: 32 } }));
  t.notThrows(() => checkDescription(bar({ ranges: [{ kind: 'ram', offset: 4096, size: 8192 }] })));
});

const WRONG: readonly (readonly [string, FunctionDescription])[] = [
  ['BAR 0: size is not a power of two', bar({ size: 12288 })],
  ['BAR 0: size is not a power of two', bar({ size: 8 })],
  ['BAR 0: no room for 64 bits', { ...good, bars: [good.bars[0], good.bars[0]] }],
  [
    'BAR 5: no room for 64 bits',
    { ...good, bars: [...Array(5).fill(undefined), good.bars[0]], msix: undefined },
  ],
  ['BAR 0: too many ranges', bar({ ranges: Array(5).fill({ kind: 'trapped', offset: 0, size: 16 }) })],
  [
    'BAR 0: ranges overlap or are empty',
    bar({ ranges: Array(2).fill({ kind: 'trapped', offset: 0, size: 16 }) }),
  ],
  ['BAR 0: ranges overlap or are empty', bar({ ranges: [{ kind: 'trapped', offset: 0, size: 0 }] })],
  ['BAR 0: a range ends outside it', bar({ ranges: [{ kind: 'trapped', offset: 0, size: 0x8000 }] })],
  ['BAR 0: RAM ranges are not made of pages', bar({ ranges: [{ kind: 'ram', offset: 0, size: 2048 }] })],
  ['BAR 0: RAM ranges are not made of pages', bar({ ranges: [{ kind: 'ram', offset: 64, size: 4096 }] })],
  [
    'BAR 0: too large for RAM ranges',
    bar({ size: 2 ** 31, ranges: [{ kind: 'ram', offset: 0, size: 4096 }] }),
  ],
  ['too many BARs', { ...good, bars: Array(7).fill(undefined), msix: undefined }],
  ['ring slots', { ...good, ringSlots: 1000 }],
  ['ring slots', { ...good, ringSlots: 131072 }],
  ['the state region is not made of pages', { ...good, stateSize: 5000 }],
  ['interrupt pin', { ...good, interruptPin: 2 }],
  ['a link without PCI Express', { ...good, pcie: false, link: { speed: 1, width: 1 } }],
  ['link speed', { ...good, link: { speed: 0, width: 1 } }],
  ['link speed', { ...good, link: { speed: 6, width: 1 } }],
  ['link width', { ...good, link: { speed: 1, width: 3 } }],
  ['MSI-X vectors', { ...good, msix: { ...good.msix!, vectors: 2049 } }],
  ['MSI-X in a BAR that is not there', { ...good, msix: { ...good.msix!, pbaBar: 2 } }],
];

for (const [i, [reason, description]] of WRONG.entries()) {
  test(`a wrong description is an error of the model: ${i + 1}, ${reason}`, t => {
    t.is(
      t.throws(() => checkDescription(description), { instanceOf: RangeError }).message,
      `function description: ${reason}`,
    );
  });
}
