// SPDX-License-Identifier: MIT
import { flowPort, ipv4FromMac, macFromSeed } from '../../device/fabric/addresses.js';
import { Icrc } from '../../device/fabric/icrc.js';
import { checksum } from '../../device/fabric/internet-checksum.js';
import type { PacketBuilder } from '../../device/fabric/packet.js';
import { Route } from '../../device/fabric/route.js';

export const sourceMac = macFromSeed(1);
export const destinationMac = macFromSeed(2);
export const sourceIp = ipv4FromMac(sourceMac);
export const destinationIp = ipv4FromMac(destinationMac);
/** 2001:db8::1:2:3 and …:4, of the range for documentation (RFC 3849). */
export const sourceIpv6 = Uint8Array.of(0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 3);
export const destinationIpv6 = Uint8Array.of(0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 4);
export const udpSourcePort = flowPort(17, 18);

/** From adapter 1 to adapter 2, on the flow of two queue pairs. */
export const route = new Route({ sourceMac, destinationMac, sourceIp, destinationIp, udpSourcePort });

/** The same over IPv6. */
export const routeIpv6 = new Route({
  sourceMac,
  destinationMac,
  sourceIp: sourceIpv6,
  destinationIp: destinationIpv6,
  udpSourcePort,
  trafficClass: 0x68,
  hopLimit: 17,
  flowLabel: 0xabcde,
});

/** Builds the request with this payload and gives a copy of its frame. */
export function requestFrame(builder: PacketBuilder, payload: Uint8Array, to: Route = route): Uint8Array {
  builder.setRoute(to);
  builder.frame.set(payload, builder.payloadAt);
  return builder.frame.slice(0, builder.finish(payload.length));
}

/** Bytes that differ from place to place. */
export function pattern(length: number, salt = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 131 + (i >>> 8) * 17 + salt) & 255);
}

/** Corrects IPv4 checksum and ICRC after a change, so that the check behind them is reached. */
export function reseal(frame: Uint8Array): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset);
  const ipv6 = frame[14] >>> 4 === 6;
  if (!ipv6) {
    view.setUint16(24, 0);
    let sum = 0;
    for (let at = 14; at < 34; at += 2) sum += view.getUint16(at);
    view.setUint16(24, checksum(sum));
  }
  const end = ipv6 ? 54 + view.getUint16(18) - 4 : 14 + view.getUint16(16) - 4;
  if (end >= (ipv6 ? 74 : 54) && end + 4 <= frame.length)
    view.setInt32(end, new Icrc().compute(frame, 14, end), true);
  return frame;
}
