// SPDX-License-Identifier: MIT
// The function description on the wire (PCI_GET_FUNCTION), and the checks that a model's description must pass before
// it is offered: a mistake here would otherwise show up as an odd guest.
import {
  BAR_RANGES_OFFSET,
  BAR_SIZE,
  BarFlag,
  EXTENSION_VERSION,
  FUNCTION_BARS_OFFSET,
  FUNCTION_SIZE,
  MAX_BARS,
  MAX_RANGES,
  RANGE_SIZE,
  RangeKind,
  setBarFlags,
  setBarSize,
  setFunctionClassCode,
  setFunctionDeviceId,
  setFunctionInterruptPin,
  setFunctionLinkSpeed,
  setFunctionLinkWidth,
  setFunctionMsixPbaBar,
  setFunctionMsixPbaOffset,
  setFunctionMsixTableBar,
  setFunctionMsixTableOffset,
  setFunctionMsixVectors,
  setFunctionPcie,
  setFunctionRevision,
  setFunctionRingSlots,
  setFunctionStateSize,
  setFunctionStateVersion,
  setFunctionSubsystemId,
  setFunctionSubsystemVendorId,
  setFunctionVendorId,
  setFunctionVersion,
  setRangeKind,
  setRangeOffset,
  setRangeSize,
} from '../abi/generated/messages.js';
import { RING_SLOTS_MAX } from '../abi/generated/ring.js';
import type { FunctionBar, FunctionDescription } from '../model/ports.js';

const KINDS = { trapped: RangeKind.TRAPPED, ram: RangeKind.RAM, msix: RangeKind.MSIX } as const;
const MAX_VECTORS = 2048;
const PAGE_BYTES = 4096;
const MAX_RAM_BAR_BYTES = 2 ** 30;
/** PCI Express Base Specification, 7.5.3.6: Max Link Speed and Maximum Link Width. */
const MAX_LINK_SPEED = 5;
const LINK_WIDTHS: readonly number[] = [1, 2, 4, 8, 12, 16, 32];
const isPowerOfTwo = (n: number): boolean =>
  Number.isSafeInteger(n) && n > 0 && Number.isInteger(Math.log2(n));

function require(condition: boolean, what: string): void {
  if (!condition) throw new RangeError(`function description: ${what}`);
}

function checkBar(bar: FunctionBar, number: number, bars: FunctionDescription['bars']): void {
  const name = `BAR ${number}`;
  require(isPowerOfTwo(bar.size) && bar.size >= 16, `${name}: size is not a power of two`);
  require(!bar.mem64 ||
    (number + 1 < MAX_BARS && bars[number + 1] === undefined), `${name}: no room for 64 bits`);
  require(bar.ranges.length <= MAX_RANGES, `${name}: too many ranges`);
  let end = 0;
  for (const range of [...bar.ranges].sort((a, b) => a.offset - b.offset)) {
    require(range.offset >= end && range.size > 0, `${name}: ranges overlap or are empty`);
    end = range.offset + range.size;
  }
  require(end <= bar.size, `${name}: a range ends outside it`);
  // A guest maps RAM by pages; and the memory behind a whole BAR is mapped here in one piece.
  const ram = bar.ranges.filter(range => range.kind === 'ram');
  require(ram.every(
    range => range.offset % PAGE_BYTES === 0 && range.size % PAGE_BYTES === 0,
  ), `${name}: RAM ranges are not made of pages`);
  require(ram.length === 0 || bar.size <= MAX_RAM_BAR_BYTES, `${name}: too large for RAM ranges`);
}

/** Throws RangeError when a model describes a function that cannot be. */
export function checkDescription(d: FunctionDescription): void {
  require(d.bars.length <= MAX_BARS, 'too many BARs');
  d.bars.forEach((bar, number) => {
    if (bar !== undefined) checkBar(bar, number, d.bars);
  });
  require(isPowerOfTwo(d.ringSlots) && d.ringSlots <= RING_SLOTS_MAX, 'ring slots');
  require(d.interruptPin === 0 || d.interruptPin === 1, 'interrupt pin');
  if (d.link !== undefined) {
    require(d.pcie, 'a link without PCI Express');
    require(Number.isInteger(d.link.speed) &&
      d.link.speed >= 1 &&
      d.link.speed <= MAX_LINK_SPEED, 'link speed');
    require(LINK_WIDTHS.includes(d.link.width), 'link width');
  }
  require(d.stateSize > 0 && d.stateSize % 4096 === 0, 'the state region is not made of pages');
  if (d.msix === undefined) return;
  require(d.msix.vectors >= 1 && d.msix.vectors <= MAX_VECTORS, 'MSI-X vectors');
  require(d.bars[d.msix.tableBar] !== undefined &&
    d.bars[d.msix.pbaBar] !== undefined, 'MSI-X in a BAR that is not there');
}

function encodeBar(m: Uint8Array, o: number, bar: FunctionBar): void {
  setBarSize(m, o, bar.size);
  setBarFlags(m, o, (bar.mem64 ? BarFlag.MEM64 : 0) | (bar.prefetchable ? BarFlag.PREFETCHABLE : 0));
  bar.ranges.forEach((range, i) => {
    const at = o + BAR_RANGES_OFFSET + i * RANGE_SIZE;
    setRangeKind(m, at, KINDS[range.kind]);
    setRangeOffset(m, at, range.offset);
    setRangeSize(m, at, range.size);
  });
}

/** Payload of the reply to PCI_GET_FUNCTION. */
export function encodeDescription(d: FunctionDescription): Uint8Array {
  const m = new Uint8Array(FUNCTION_SIZE);
  setFunctionVersion(m, 0, EXTENSION_VERSION);
  setFunctionVendorId(m, 0, d.vendorId);
  setFunctionDeviceId(m, 0, d.deviceId);
  setFunctionClassCode(m, 0, d.classCode);
  setFunctionSubsystemVendorId(m, 0, d.subsystemVendorId);
  setFunctionSubsystemId(m, 0, d.subsystemId);
  setFunctionRevision(m, 0, d.revision);
  setFunctionInterruptPin(m, 0, d.interruptPin);
  setFunctionPcie(m, 0, d.pcie ? 1 : 0);
  setFunctionLinkSpeed(m, 0, d.link?.speed ?? 0);
  setFunctionLinkWidth(m, 0, d.link?.width ?? 0);
  setFunctionRingSlots(m, 0, d.ringSlots);
  setFunctionStateVersion(m, 0, d.stateVersion);
  setFunctionStateSize(m, 0, d.stateSize);
  if (d.msix !== undefined) {
    setFunctionMsixVectors(m, 0, d.msix.vectors);
    setFunctionMsixTableBar(m, 0, d.msix.tableBar);
    setFunctionMsixTableOffset(m, 0, d.msix.tableOffset);
    setFunctionMsixPbaBar(m, 0, d.msix.pbaBar);
    setFunctionMsixPbaOffset(m, 0, d.msix.pbaOffset);
  }
  d.bars.forEach((bar, i) => {
    if (bar !== undefined) encodeBar(m, FUNCTION_BARS_OFFSET + i * BAR_SIZE, bar);
  });
  return m;
}
