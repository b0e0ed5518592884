// SPDX-License-Identifier: MIT
// The invariant CRC that ends every RoCEv2 packet (IBTA volume 1, 7.8.1 and annex A17.3.3): CRC-32 with the Ethernet
// polynomial over what no router may change. In place of the local route header that a UDP packet does not have stand
// 8 bytes of ones; fields that routers may change count as ones: IPv4 TOS, TTL and checksum; IPv6 traffic class, flow
// label and hop limit; UDP checksum; and the byte of the BTH before the destination QP, which holds the congestion
// bits. Sent least significant byte first.
//
// Small packets go through tables, 16 bytes a step. From LARGE_BYTES of payload on, zlib's vector code wins although
// the call alone costs about 130 ns and wants a view of exactly the bytes: views are kept from packet to packet.
import { crc32 } from 'node:zlib';
import {
  IPV4_SIZE,
  IPV6_HOP_LIMIT_OFFSET,
  IPV6_SIZE,
  UDP_CHECKSUM_OFFSET,
  UDP_SIZE,
} from '../abi/generated/packets.js';

/** Payload at which zlib becomes faster than the tables; measured on Node 20, x86-64. */
const LARGE_BYTES = 256;

/** Table t, entry b: what byte b, followed by t zero bytes, does to the CRC. Reflected polynomial. */
const TABLE = new Int32Array(16 * 256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  TABLE[byte] = crc;
}
for (let at = 256; at < TABLE.length; at++)
  TABLE[at] = (TABLE[at - 256] >>> 8) ^ TABLE[TABLE[at - 256] & 255];

/** The register after the 8 bytes of ones, before the IP header. */
const AFTER_ONES = 0xdebb20e3 | 0;

/** What the header bytes that count as ones do to the register, in the 16-byte and in the 12-byte step. */
const TOS_TTL_CHECKSUM =
  TABLE[0xe00 | (255 ^ ((AFTER_ONES >>> 8) & 255))] ^
  TABLE[0x700 | 255] ^
  TABLE[0x500 | 255] ^
  TABLE[0x400 | 255];
const UDP_CHECKSUM = TABLE[0x100 | 255] ^ TABLE[255];

/** The register after IPv4 (20 bytes) and UDP (8) from `ip` on. */
function ipv4UdpHeaders(m: Uint8Array, ip: number): number {
  let crc = TOS_TTL_CHECKSUM;
  crc ^=
    TABLE[0xf00 | (m[ip] ^ (AFTER_ONES & 255))] ^ TABLE[0xd00 | (m[ip + 2] ^ ((AFTER_ONES >>> 16) & 255))];
  crc ^=
    TABLE[0xc00 | (m[ip + 3] ^ (AFTER_ONES >>> 24))] ^ TABLE[0xb00 | m[ip + 4]] ^ TABLE[0xa00 | m[ip + 5]];
  crc ^= TABLE[0x900 | m[ip + 6]] ^ TABLE[0x800 | m[ip + 7]] ^ TABLE[0x600 | m[ip + 9]];
  crc ^=
    TABLE[0x300 | m[ip + 12]] ^ TABLE[0x200 | m[ip + 13]] ^ TABLE[0x100 | m[ip + 14]] ^ TABLE[m[ip + 15]];

  let next = UDP_CHECKSUM;
  next ^= TABLE[0xb00 | (m[ip + 16] ^ (crc & 255))] ^ TABLE[0xa00 | (m[ip + 17] ^ ((crc >>> 8) & 255))];
  next ^= TABLE[0x900 | (m[ip + 18] ^ ((crc >>> 16) & 255))] ^ TABLE[0x800 | (m[ip + 19] ^ (crc >>> 24))];
  next ^=
    TABLE[0x700 | m[ip + 20]] ^
    TABLE[0x600 | m[ip + 21]] ^
    TABLE[0x500 | m[ip + 22]] ^
    TABLE[0x400 | m[ip + 23]];
  return next ^ TABLE[0x300 | m[ip + 24]] ^ TABLE[0x200 | m[ip + 25]];
}

/** The 12 bytes of the BTH, of which the fifth counts as ones. */
function transportHeader(register: number, m: Uint8Array, bth: number): number {
  let crc = TABLE[0x700 | 255];
  crc ^= TABLE[0xb00 | (m[bth] ^ (register & 255))] ^ TABLE[0xa00 | (m[bth + 1] ^ ((register >>> 8) & 255))];
  crc ^=
    TABLE[0x900 | (m[bth + 2] ^ ((register >>> 16) & 255))] ^ TABLE[0x800 | (m[bth + 3] ^ (register >>> 24))];
  crc ^= TABLE[0x600 | m[bth + 5]] ^ TABLE[0x500 | m[bth + 6]] ^ TABLE[0x400 | m[bth + 7]];
  return (
    crc ^
    TABLE[0x300 | m[bth + 8]] ^
    TABLE[0x200 | m[bth + 9]] ^
    TABLE[0x100 | m[bth + 10]] ^
    TABLE[m[bth + 11]]
  );
}

/** 16 bytes a step, then 4, then 1. */
function tables(register: number, m: Uint8Array, from: number, to: number): number {
  let crc = register;
  let at = from;
  for (; at + 16 <= to; at += 16) {
    crc =
      TABLE[0xf00 | ((m[at] ^ crc) & 255)] ^
      TABLE[0xe00 | ((m[at + 1] ^ (crc >>> 8)) & 255)] ^
      TABLE[0xd00 | ((m[at + 2] ^ (crc >>> 16)) & 255)] ^
      TABLE[0xc00 | (m[at + 3] ^ (crc >>> 24))] ^
      TABLE[0xb00 | m[at + 4]] ^
      TABLE[0xa00 | m[at + 5]] ^
      TABLE[0x900 | m[at + 6]] ^
      TABLE[0x800 | m[at + 7]] ^
      TABLE[0x700 | m[at + 8]] ^
      TABLE[0x600 | m[at + 9]] ^
      TABLE[0x500 | m[at + 10]] ^
      TABLE[0x400 | m[at + 11]] ^
      TABLE[0x300 | m[at + 12]] ^
      TABLE[0x200 | m[at + 13]] ^
      TABLE[0x100 | m[at + 14]] ^
      TABLE[m[at + 15]];
  }
  for (; at + 4 <= to; at += 4) {
    crc =
      TABLE[0x300 | ((m[at] ^ crc) & 255)] ^
      TABLE[0x200 | ((m[at + 1] ^ (crc >>> 8)) & 255)] ^
      TABLE[0x100 | ((m[at + 2] ^ (crc >>> 16)) & 255)] ^
      TABLE[m[at + 3] ^ (crc >>> 24)];
  }
  for (; at < to; at++) crc = (crc >>> 8) ^ TABLE[(crc ^ m[at]) & 255];
  return crc;
}

/** IPv6 and UDP header as the ICRC sees them. */
const masked = new Uint8Array(IPV6_SIZE + UDP_SIZE);

/** The register after IPv6 (40 bytes) and UDP (8) from `ip` on. */
function ipv6UdpHeaders(m: Uint8Array, ip: number): number {
  for (let at = 0; at < masked.length; at++) masked[at] = m[ip + at];
  // Version stays; traffic class and flow label are the other 28 bits of the first word.
  masked[0] |= 0x0f;
  masked[1] = masked[2] = masked[3] = 0xff;
  masked[IPV6_HOP_LIMIT_OFFSET] = 0xff;
  masked[IPV6_SIZE + UDP_CHECKSUM_OFFSET] = masked[IPV6_SIZE + UDP_CHECKSUM_OFFSET + 1] = 0xff;
  return tables(AFTER_ONES, masked, 0, masked.length);
}

const isIpv6 = (m: Uint8Array, ip: number): boolean => m[ip] >>> 4 === 6;

/** Bytes of IP and UDP header. */
const IPV4_UDP_BYTES = IPV4_SIZE + UDP_SIZE;
const IPV6_UDP_BYTES = IPV6_SIZE + UDP_SIZE;
/** Of the base transport header. */
const BTH_BYTES = 12;
/** Lengths of large payloads are told apart to this many bytes; what is over goes through the tables. */
const VIEW_STEP = 64;
/** Beginnings of large payloads that are remembered: requests and responses, IPv4 and IPv6. */
const PLACES = 4;

/** That of register 0. */
const NO_SEED = 0xffffffff;

/** A place in a frame buffer from which large payloads were covered, and a view for each length. */
class Place {
  readonly of: Uint8Array;
  readonly from: number;
  readonly #views: (Uint8Array | undefined)[] = [];
  #register = 0;
  /** What zlib is to begin with for #register. In an array of anything a Number that V8 keeps on the heap is made once. */
  readonly #seed: unknown[] = ['', NO_SEED];

  constructor(of: Uint8Array, from: number) {
    this.of = of;
    this.from = from;
  }

  /** zlib takes and returns the inverted register. */
  seed(register: number): number {
    if (register !== this.#register) {
      this.#register = register;
      this.#seed[1] = ~register >>> 0;
    }
    return this.#seed[1] as number;
  }

  view(steps: number): Uint8Array {
    while (this.#views.length <= steps) this.#views.push(undefined);
    this.#views[steps] ??= this.of.subarray(this.from, this.from + steps * VIEW_STEP);
    return this.#views[steps];
  }
}

/** Computes ICRCs. Sender and receiver have one each, because it remembers the places of large payloads. */
export class Icrc {
  readonly #places: (Place | undefined)[] = new Array(PLACES).fill(undefined);
  #next = 0;

  /**
   * The ICRC of the packet whose IP header (without options or extension headers) starts at `ip` and whose pad ends at
   * `end`, as an int32 to be stored least significant byte first. A BTH at least is there.
   */
  compute(frame: Uint8Array, ip: number, end: number): number {
    const bth = ip + (isIpv6(frame, ip) ? IPV6_UDP_BYTES : IPV4_UDP_BYTES);
    const register = transportHeader(this.prefix(frame, ip), frame, bth);
    return ~this.#run(register, frame, bth + BTH_BYTES, end);
  }

  /** The register after the IP and UDP headers at `ip`: the same for all packets of a connection that are equally long. */
  prefix(frame: Uint8Array, ip: number): number {
    return isIpv6(frame, ip) ? ipv6UdpHeaders(frame, ip) : ipv4UdpHeaders(frame, ip);
  }

  /** The ICRC from a prefix() and the rest, frame[bth … end), in which the byte before the destination QP has to be 0xff. */
  finish(prefix: number, frame: Uint8Array, bth: number, end: number): number {
    return ~this.#run(prefix, frame, bth, end);
  }

  #run(register: number, m: Uint8Array, from: number, to: number): number {
    return to - from < LARGE_BYTES ? tables(register, m, from, to) : this.#large(register, m, from, to);
  }

  #large(register: number, m: Uint8Array, from: number, to: number): number {
    const steps = Math.trunc((to - from) / VIEW_STEP);
    const place = this.#place(m, from);
    const after = ~crc32(place.view(steps), place.seed(register));
    return tables(after, m, from + steps * VIEW_STEP, to);
  }

  #place(m: Uint8Array, from: number): Place {
    for (let i = 0; i < PLACES; i++) {
      const known = this.#places[i];
      if (known !== undefined && known.of === m && known.from === from) return known;
    }
    const place = new Place(m, from);
    this.#places[this.#next] = place;
    this.#next = (this.#next + 1) % PLACES;
    return place;
  }
}
