// SPDX-License-Identifier: MIT
// Building a RoCEv2 packet (IBTA annex A17), without allocation:
//
//   0          14        34      42       54                      54 + payload + pad
//   | Ethernet | IPv4    | UDP   | BTH    | payload | pad 0 … 3   | ICRC (4) |
//                                         | AETH (4), in an acknowledgement |
//
// The gather engine writes the payload straight into the frame at PAYLOAD_OFFSET; finish() puts the headers round it.
// What does not change from packet to packet of a connection is prepared once, in its Route.
import {
  AETH_SIZE,
  BTH_DESTINATION_OFFSET,
  BTH_SIZE,
  BthOpcode,
  ETH_DESTINATION_OFFSET,
  ETH_SIZE,
  ETH_SOURCE_OFFSET,
  ETHERTYPE_IPV4,
  ICRC_BYTES,
  IP_PROTOCOL_UDP,
  IPV4_SIZE,
  ROCE_UDP_PORT,
  setAethWord,
  setAethWordSyndrome,
  setBthDestination,
  setBthFlags,
  setBthFlagsMigrated,
  setBthFlagsPadCount,
  setBthFlagsSolicited,
  setBthOpcode,
  setBthPartition,
  setBthSequence,
  setBthSequenceAckRequest,
  setEthEthertype,
  setIpv4Checksum,
  setIpv4Destination,
  setIpv4Fragment,
  setIpv4Protocol,
  setIpv4Source,
  setIpv4TotalLength,
  setIpv4Ttl,
  setIpv4VersionIhlIhl,
  setIpv4VersionIhlVersion,
  setUdpDestinationPort,
  setUdpLength,
  setUdpSourcePort,
  UDP_SIZE,
} from '../abi/generated/packets.js';
import { Icrc } from './icrc.js';
import { addWords, checksum } from './internet-checksum.js';

export const IPV4_AT = ETH_SIZE;
export const UDP_AT = IPV4_AT + IPV4_SIZE;
export const BTH_AT = UDP_AT + UDP_SIZE;
/** Where the payload of a request stands in its frame. */
export const PAYLOAD_OFFSET = BTH_AT + BTH_SIZE;

const DO_NOT_FRAGMENT = 0x4000;
const TIME_TO_LIVE = 64;
const DEFAULT_PARTITION = 0xffff;

/** Bytes of a frame beside payload and pad. */
export const FRAME_OVERHEAD_BYTES = PAYLOAD_OFFSET + ICRC_BYTES;

/** Zero bytes that fill a payload up to a multiple of 4. */
export function padBytes(payloadLength: number): number {
  return (4 - (payloadLength % 4)) % 4;
}

export interface RouteAddresses {
  /** 6 bytes each. */
  readonly sourceMac: Uint8Array;
  readonly destinationMac: Uint8Array;
  /** IPv4 addresses as numbers. */
  readonly sourceIp: number;
  readonly destinationIp: number;
  /** See flowPort(). */
  readonly udpSourcePort: number;
}

/** The headers up to the BTH, and the checksum of the IPv4 header as far as it does not depend on the packet's length. */
export class Route {
  readonly addresses: RouteAddresses;
  readonly header = new Uint8Array(BTH_AT);
  readonly checksumBase: number;

  constructor(addresses: RouteAddresses) {
    this.addresses = addresses;
    const m = this.header;
    m.set(addresses.destinationMac, ETH_DESTINATION_OFFSET);
    m.set(addresses.sourceMac, ETH_SOURCE_OFFSET);
    setEthEthertype(m, 0, ETHERTYPE_IPV4);
    setIpv4VersionIhlVersion(m, IPV4_AT, 4);
    setIpv4VersionIhlIhl(m, IPV4_AT, IPV4_SIZE / 4);
    // Identification stays 0: a datagram that may not be fragmented needs none (RFC 6864, section 4.1).
    setIpv4Fragment(m, IPV4_AT, DO_NOT_FRAGMENT);
    setIpv4Ttl(m, IPV4_AT, TIME_TO_LIVE);
    setIpv4Protocol(m, IPV4_AT, IP_PROTOCOL_UDP);
    setIpv4Source(m, IPV4_AT, addresses.sourceIp);
    setIpv4Destination(m, IPV4_AT, addresses.destinationIp);
    setUdpSourcePort(m, UDP_AT, addresses.udpSourcePort);
    setUdpDestinationPort(m, UDP_AT, ROCE_UDP_PORT);
    this.checksumBase = addWords(m, IPV4_AT, UDP_AT, 0);
  }
}

/** Bytes in front of the frame, so that the payload starts on a cache line: copies into it run faster. */
const HEADROOM = 64 - (PAYLOAD_OFFSET % 64);

/**
 * One frame buffer and the fields of the packet that is being built in it. Who sends again while a frame of this
 * builder is still being delivered (an acknowledgement, say) uses a second builder.
 */
export class PacketBuilder {
  /** The frame; valid up to the length that finish() returned, until the next packet is built. */
  readonly frame: Uint8Array;
  readonly maxPayloadBytes: number;

  /** BTH opcode; one that has no name is sent as it is. */
  opcode: number = BthOpcode.RC_SEND_ONLY;
  destinationQpn = 0;
  psn = 0;
  ackRequest = false;
  solicited = false;

  #route: Route | undefined;
  readonly #icrc = new Icrc();
  // The ICRC's register after IPv4 and UDP header, for the route and length of the packet before.
  #prefix = 0;
  #prefixLength = 0;

  constructor(maxPayloadBytes: number) {
    this.maxPayloadBytes = maxPayloadBytes;
    const size = PAYLOAD_OFFSET + maxPayloadBytes + padBytes(maxPayloadBytes) + ICRC_BYTES;
    this.frame = new Uint8Array(new ArrayBuffer(HEADROOM + size), HEADROOM);
    setBthPartition(this.frame, BTH_AT, DEFAULT_PARTITION);
  }

  /** Where the packet goes. Costs nothing when it is the route of the packet before. */
  setRoute(route: Route): void {
    if (route === this.#route) return;
    this.#route = route;
    this.#prefixLength = 0;
    this.frame.set(route.header, 0);
  }

  /**
   * Completes the packet round `payloadLength` bytes at PAYLOAD_OFFSET; returns the length of the frame.
   */
  finish(payloadLength: number): number {
    const route = this.#route;
    if (route === undefined || payloadLength > this.maxPayloadBytes)
      throw new RangeError(`packet without route or too long: ${payloadLength}`);
    const m = this.frame;
    const pad = padBytes(payloadLength);
    const end = PAYLOAD_OFFSET + payloadLength + pad;
    for (let at = PAYLOAD_OFFSET + payloadLength; at < end; at++) m[at] = 0;
    this.#transportHeader(pad);

    const totalLength = end + ICRC_BYTES - IPV4_AT;
    if (totalLength !== this.#prefixLength) this.#lengths(route, totalLength);
    this.#seal(end);
    return end + ICRC_BYTES;
  }

  #seal(end: number): void {
    const m = this.frame;
    // Counts as ones in the ICRC, and is zero on the wire.
    m[BTH_AT + BTH_DESTINATION_OFFSET] = 0xff;
    setIcrc(m, end, this.#icrc.finish(this.#prefix, m, BTH_AT, end));
    m[BTH_AT + BTH_DESTINATION_OFFSET] = 0;
  }

  /** The fields that depend on route and length alone. */
  #lengths(route: Route, totalLength: number): void {
    const m = this.frame;
    setIpv4TotalLength(m, IPV4_AT, totalLength);
    setIpv4Checksum(m, IPV4_AT, checksum(route.checksumBase + totalLength));
    setUdpLength(m, UDP_AT, totalLength - IPV4_SIZE);
    this.#prefix = this.#icrc.prefix(m, IPV4_AT);
    this.#prefixLength = totalLength;
  }

  /** Builds an acknowledgement or a refusal: `syndrome` is ACK_SYNDROME or one of NAK_*; returns the length of the frame. */
  finishAcknowledge(syndrome: number, msn: number): number {
    this.opcode = BthOpcode.RC_ACKNOWLEDGE;
    this.ackRequest = false;
    this.solicited = false;
    setAethWord(this.frame, PAYLOAD_OFFSET, msn);
    setAethWordSyndrome(this.frame, PAYLOAD_OFFSET, syndrome);
    return this.finish(AETH_SIZE);
  }

  #transportHeader(pad: number): void {
    const m = this.frame;
    setBthOpcode(m, BTH_AT, this.opcode);
    setBthFlags(m, BTH_AT, 0);
    // MigReq is 1 while a connection is in the migrated state, which is where one that knows no other path stays (IBTA 17.2.8).
    setBthFlagsMigrated(m, BTH_AT, 1);
    setBthFlagsPadCount(m, BTH_AT, pad);
    if (this.solicited) setBthFlagsSolicited(m, BTH_AT, 1);
    setBthDestination(m, BTH_AT, this.destinationQpn);
    setBthSequence(m, BTH_AT, this.psn);
    if (this.ackRequest) setBthSequenceAckRequest(m, BTH_AT, 1);
  }
}

/** The one field that is sent least significant byte first (IBTA 7.8: in the order of its polynomial). */
function setIcrc(m: Uint8Array, at: number, crc: number): void {
  m[at] = crc;
  m[at + 1] = crc >>> 8;
  m[at + 2] = crc >>> 16;
  m[at + 3] = crc >>> 24;
}
