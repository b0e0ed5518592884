// SPDX-License-Identifier: MIT
import { flowPort, ipv4FromMac, macFromSeed } from '../../device/fabric/addresses.js';
import { PAYLOAD_OFFSET, type PacketBuilder, Route } from '../../device/fabric/packet.js';

export const sourceMac = macFromSeed(1);
export const destinationMac = macFromSeed(2);

/** From adapter 1 to adapter 2, on the flow of two queue pairs. */
export const route = new Route({
  sourceMac,
  destinationMac,
  sourceIp: ipv4FromMac(sourceMac),
  destinationIp: ipv4FromMac(destinationMac),
  udpSourcePort: flowPort(17, 18),
});

/** Builds the request with this payload and gives a copy of its frame. */
export function requestFrame(builder: PacketBuilder, payload: Uint8Array): Uint8Array {
  builder.setRoute(route);
  builder.frame.set(payload, PAYLOAD_OFFSET);
  return builder.frame.slice(0, builder.finish(payload.length));
}

/** Bytes that differ from place to place. */
export function pattern(length: number, salt = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 131 + (i >>> 8) * 17 + salt) & 255);
}
