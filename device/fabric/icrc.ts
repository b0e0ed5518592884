// SPDX-License-Identifier: MIT
// The invariant CRC that ends every RoCEv2 packet (IBTA volume 1, 7.8.1 and annex A17.3.3): CRC-32 with the Ethernet
// polynomial over what no router may change. In place of the local route header that a UDP packet does not have stand
// 8 bytes of ones; fields that routers may change count as ones: IPv4 TOS, TTL and checksum, UDP checksum, and the
// byte of the BTH before the destination QP, which holds the congestion bits. Sent least significant byte first.
//
// Small packets go through tables, 16 bytes a step. From LARGE_BYTES of payload on, zlib's vector code wins although
// the call alone costs about 130 ns and wants a view of exactly the bytes: the view is kept from packet to packet.
import { crc32 } from 'node:zlib';

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

/** The register after the 8 bytes of ones, before the IPv4 header. */
const AFTER_ONES = 0xdebb20e3 | 0;

/** What the header bytes that count as ones do to the register, in the 16-byte and in the 12-byte step. */
const TOS_TTL_CHECKSUM =
  TABLE[0xe00 | (255 ^ ((AFTER_ONES >>> 8) & 255))] ^
  TABLE[0x700 | 255] ^
  TABLE[0x500 | 255] ^
  TABLE[0x400 | 255];
const UDP_CHECKSUM = TABLE[0x100 | 255] ^ TABLE[255];

/** The register after IPv4 (20 bytes) and UDP (8) from `ip` on. */
function ipUdpHeaders(m: Uint8Array, ip: number): number {
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

/** Bytes of IPv4 and UDP header, and of both with the base transport header. */
const IP_UDP_BYTES = 28;
const HEADER_BYTES = 40;

/** Computes ICRCs. Sender and receiver have one each, because it remembers the place of the last large payload. */
export class Icrc {
  // One view is enough: the packets of a message stand in one buffer, and all but the last have the same length.
  #view: Uint8Array = new Uint8Array(0);
  #of: Uint8Array | undefined;
  #from = 0;
  #to = 0;

  /**
   * The ICRC of the packet whose IPv4 header (without options) starts at `ip` and whose pad ends at `end`, as an
   * unsigned number to be stored least significant byte first. `end` is at least `ip` + 40.
   */
  compute(frame: Uint8Array, ip: number, end: number): number {
    return (
      ~this.#run(
        transportHeader(ipUdpHeaders(frame, ip), frame, ip + IP_UDP_BYTES),
        frame,
        ip + HEADER_BYTES,
        end,
      ) >>> 0
    );
  }

  /** The register after the IPv4 and UDP headers at `ip`: the same for all packets of a connection that are equally long. */
  prefix(frame: Uint8Array, ip: number): number {
    return ipUdpHeaders(frame, ip);
  }

  /** The ICRC from a prefix() and the rest, frame[bth … end), in which the byte before the destination QP has to be 0xff. */
  finish(prefix: number, frame: Uint8Array, bth: number, end: number): number {
    return ~this.#run(prefix, frame, bth, end) >>> 0;
  }

  #run(register: number, m: Uint8Array, from: number, to: number): number {
    return to - from < LARGE_BYTES ? tables(register, m, from, to) : this.#large(register, m, from, to);
  }

  #large(register: number, m: Uint8Array, from: number, to: number): number {
    if (m !== this.#of || from !== this.#from || to !== this.#to) {
      this.#of = m;
      this.#from = from;
      this.#to = to;
      this.#view = m.subarray(from, to);
    }
    // zlib takes and returns the inverted register.
    return ~crc32(this.#view, ~register >>> 0);
  }
}
