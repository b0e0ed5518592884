// SPDX-License-Identifier: MIT
// Building a RoCEv2 packet (IBTA annex A17), without allocation:
//
//   0          14           34, 54  42, 62
//   | Ethernet | IPv4, IPv6 | UDP   | BTH (12) | extension headers | payload | pad 0 … 3 | ICRC (4) |
//
// The gather engine writes the payload straight into the frame at payloadAt; finish() puts the headers round it. What
// does not change from packet to packet of a connection is prepared once, in its Route.
import {
  ACK_SYNDROME,
  BTH_DESTINATION_OFFSET,
  BTH_SIZE,
  BthOpcode,
  bthFlags,
  ICRC_BYTES,
  setBthDestination,
  setBthFlags,
  setBthFlagsMigrated,
  setBthFlagsPadCount,
  setBthFlagsSolicited,
  setBthOpcode,
  setBthPartition,
  setBthSequence,
  setBthSequenceAckRequest,
  UDP_SIZE,
} from '../abi/generated/packets.js';
import {
  EXTENSION_BYTES_MAX,
  extensionBytes,
  hasPayload,
  PacketFields,
  writeExtensions,
} from './extension-headers.js';
import { Icrc } from './icrc.js';
import { BTH_AT_IPV6, PAYLOAD_OFFSET, payloadOffset, type Route } from './route.js';

const DEFAULT_PARTITION = 0xffff;

/** Zero bytes that fill a payload up to a multiple of 4. */
export function padBytes(payloadLength: number): number {
  return -payloadLength & 3;
}

function flagsOf(pad: number, solicited: boolean): number {
  const bth = new Uint8Array(BTH_SIZE);
  // MigReq is 1 while a connection is in the migrated state, which is where one that knows no other path stays (IBTA 17.2.8).
  setBthFlagsMigrated(bth, 0, 1);
  setBthFlagsPadCount(bth, 0, pad);
  setBthFlagsSolicited(bth, 0, solicited ? 1 : 0);
  return bthFlags(bth, 0);
}

/** The flags of the BTH: by pad count, and from 4 on the same with the solicited bit. */
const FLAGS = Uint8Array.from({ length: 8 }, (_, i) => flagsOf(i % 4, i >= 4));

/**
 * Bytes in front of the frame, so that most payloads (no extension headers, IPv4) start on a cache line: copies into
 * them run faster. The headers before the BTH are whole words behind two bytes of it.
 */
const HEADROOM = 64 - (PAYLOAD_OFFSET % 64);
const ROUTE_WORDS_AT = HEADROOM - 2;

/**
 * One frame buffer and the fields of the packet that is being built in it. Who sends again while a frame of this
 * builder is still being delivered (an acknowledgement, say) uses a second builder.
 */
export class PacketBuilder extends PacketFields {
  /** The frame; valid up to the length that finish() returned, until the next packet is built. */
  readonly frame: Uint8Array;
  readonly maxPayloadBytes: number;

  readonly #routeWords: Uint32Array;
  #route: Route | undefined;
  readonly #icrc = new Icrc();
  // Route and length whose headers stand in the frame, and the ICRC's register after them.
  #written: Route | undefined;
  #writtenLength = 0;
  #prefix = 0;

  constructor(maxPayloadBytes: number) {
    super();
    this.maxPayloadBytes = maxPayloadBytes;
    const headers = BTH_AT_IPV6 + BTH_SIZE + EXTENSION_BYTES_MAX;
    const size = headers + maxPayloadBytes + padBytes(maxPayloadBytes) + ICRC_BYTES;
    const buffer = new ArrayBuffer(HEADROOM + size);
    this.frame = new Uint8Array(buffer, HEADROOM);
    this.#routeWords = new Uint32Array(buffer, ROUTE_WORDS_AT, (2 + BTH_AT_IPV6) / 4);
  }

  /** Where the packet goes. */
  setRoute(route: Route): void {
    // The payload of a packet that was never finished may stand where headers of the other IP version were.
    if (this.#written !== undefined && this.#written.bthAt !== route.bthAt) this.#written = undefined;
    this.#route = route;
    this.ipv6 = route.ipv6;
  }

  /** Where it goes; undefined before setRoute(). */
  get route(): Route | undefined {
    return this.#route;
  }

  /** Where the payload goes in the frame; known once opcode and route are set. */
  get payloadAt(): number {
    return payloadOffset(this.opcode, this.ipv6);
  }

  /**
   * Completes the packet round `payloadLength` bytes at payloadAt; returns the length of the frame.
   */
  finish(payloadLength: number): number {
    const route = this.#route;
    if (route === undefined || payloadLength > this.maxPayloadBytes)
      throw new RangeError(`packet without route or too long: ${payloadLength}`);
    if (payloadLength > 0 && !hasPayload(this.opcode))
      throw new RangeError(`opcode ${this.opcode} has no payload: ${payloadLength}`);
    const m = this.frame;
    const bth = route.bthAt;
    const extensions = extensionBytes(this.opcode);
    const pad = padBytes(payloadLength);
    this.payloadOffset = bth + BTH_SIZE + extensions;
    this.payloadLength = payloadLength;
    const end = this.payloadOffset + payloadLength + pad;
    for (let at = end - pad; at < end; at++) m[at] = 0;
    const udpLength = end + ICRC_BYTES - (bth - UDP_SIZE);
    if (route !== this.#written || udpLength !== this.#writtenLength) this.#outerHeaders(route, udpLength);
    this.#transportHeader(bth, pad);
    if (extensions !== 0) writeExtensions(this, m, bth + BTH_SIZE);
    this.#seal(bth, end);
    return end + ICRC_BYTES;
  }

  /** Builds an acknowledgement or a refusal: `syndrome` is ACK_SYNDROME or one of NAK_*; returns the length of the frame. */
  finishAcknowledge(syndrome: number = ACK_SYNDROME, msn: number = this.msn): number {
    this.opcode = BthOpcode.RC_ACKNOWLEDGE;
    this.ackRequest = false;
    this.solicited = false;
    this.syndrome = syndrome;
    this.msn = msn;
    return this.finish(0);
  }

  /** Everything before the BTH. */
  #outerHeaders(route: Route, udpLength: number): void {
    this.#prefix = route.sealed(udpLength);
    const { words } = route;
    for (let i = 0; i < words.length; i++) this.#routeWords[i] = words[i];
    this.#written = route;
    this.#writtenLength = udpLength;
  }

  #transportHeader(bth: number, pad: number): void {
    const m = this.frame;
    setBthOpcode(m, bth, this.opcode);
    setBthFlags(m, bth, FLAGS[this.solicited ? pad + 4 : pad]);
    setBthPartition(m, bth, DEFAULT_PARTITION);
    setBthDestination(m, bth, this.destinationQpn);
    setBthSequence(m, bth, this.psn);
    if (this.ackRequest) setBthSequenceAckRequest(m, bth, 1);
  }

  #seal(bth: number, end: number): void {
    const m = this.frame;
    // Counts as ones in the ICRC, and is zero on the wire.
    m[bth + BTH_DESTINATION_OFFSET] = 0xff;
    setIcrc(m, end, this.#icrc.finish(this.#prefix, m, bth, end));
    m[bth + BTH_DESTINATION_OFFSET] = 0;
  }
}

/** The one field that is sent least significant byte first (IBTA 7.8: in the order of its polynomial). */
function setIcrc(m: Uint8Array, at: number, crc: number): void {
  m[at] = crc;
  m[at + 1] = crc >>> 8;
  m[at + 2] = crc >>> 16;
  m[at + 3] = crc >>> 24;
}
