// SPDX-License-Identifier: MIT
import {
  IOTLB_SIZE,
  setIotlbIova,
  setIotlbPerm,
  setIotlbSize,
  setIotlbType,
  setIotlbUaddr,
} from '../../device/abi/generated/messages.js';

const SIZE_OFFSET = 8;

/** Payload of an IOTLB message; a size of Infinity is all-ones. */
export function iotlbPayload(
  type: number,
  iova: number,
  size: number,
  perm = 0,
  userAddress = 0,
): Uint8Array {
  const m = new Uint8Array(IOTLB_SIZE);
  setIotlbType(m, 0, type);
  setIotlbIova(m, 0, iova);
  if (size === Number.POSITIVE_INFINITY) m.fill(0xff, SIZE_OFFSET, SIZE_OFFSET + 8);
  else setIotlbSize(m, 0, size);
  setIotlbPerm(m, 0, perm);
  setIotlbUaddr(m, 0, userAddress);
  return m;
}
