// SPDX-License-Identifier: MIT
// The way of a connection's packets: the headers before the BTH (Ethernet, IPv4 or IPv6, UDP), prepared once, and what
// the ICRC makes of them.
import {
  BTH_SIZE,
  ETH_DESTINATION_OFFSET,
  ETH_SIZE,
  ETH_SOURCE_OFFSET,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  IP_PROTOCOL_UDP,
  IPV4_SIZE,
  IPV6_DESTINATION_OFFSET,
  IPV6_SIZE,
  IPV6_SOURCE_OFFSET,
  ROCE_UDP_PORT,
  setEthEthertype,
  setIpv4Checksum,
  setIpv4Destination,
  setIpv4Fragment,
  setIpv4Protocol,
  setIpv4Source,
  setIpv4Tos,
  setIpv4TotalLength,
  setIpv4Ttl,
  setIpv4VersionIhlIhl,
  setIpv4VersionIhlVersion,
  setIpv6HopLimit,
  setIpv6NextHeader,
  setIpv6PayloadLength,
  setIpv6WordFlowLabel,
  setIpv6WordTrafficClass,
  setIpv6WordVersion,
  setUdpDestinationPort,
  setUdpLength,
  setUdpSourcePort,
  UDP_SIZE,
} from '../abi/generated/packets.js';
import { gidOfIpv4, ipv4OfGid } from './addresses.js';
import { extensionBytes } from './extension-headers.js';
import { Icrc } from './icrc.js';
import { addWords, checksum } from './internet-checksum.js';

/** Where the IP header stands. */
export const IP_AT = ETH_SIZE;
/** Where the UDP header stands in a packet over IPv4, and over IPv6. */
export const UDP_AT = IP_AT + IPV4_SIZE;
export const UDP_AT_IPV6 = IP_AT + IPV6_SIZE;
export const BTH_AT = UDP_AT + UDP_SIZE;
export const BTH_AT_IPV6 = UDP_AT_IPV6 + UDP_SIZE;
/** Where the payload of a packet without extension headers stands, over IPv4. */
export const PAYLOAD_OFFSET = BTH_AT + BTH_SIZE;

/** Where the payload stands in its frame. */
export function payloadOffset(opcode: number, ipv6: boolean): number {
  return (ipv6 ? BTH_AT_IPV6 : BTH_AT) + BTH_SIZE + extensionBytes(opcode);
}

const DO_NOT_FRAGMENT = 0x4000;
const DEFAULT_HOP_LIMIT = 64;
/** In front of the prepared headers, so that they are words as they are in a builder's frame. */
const LEAD_BYTES = 2;

/** An IPv4 address as a number, or 16 bytes: an IPv6 address, or a GID that stands for an IPv4 address (::ffff:a.b.c.d). */
export type IpAddress = number | Uint8Array;

export interface RouteAddresses {
  /** 6 bytes each. */
  readonly sourceMac: Uint8Array;
  readonly destinationMac: Uint8Array;
  /** IPv4 if both are, else IPv6. */
  readonly sourceIp: IpAddress;
  readonly destinationIp: IpAddress;
  /** See flowPort(). */
  readonly udpSourcePort: number;
  /** DSCP and ECN; 0 if left out. */
  readonly trafficClass?: number;
  /** TTL or hop limit; 64 if left out. */
  readonly hopLimit?: number;
  /** 20 bits, of IPv6 alone; 0 if left out. */
  readonly flowLabel?: number;
}

/** Lengths whose ICRC prefix is remembered, by the low bits of the number of words. */
const REMEMBERED = 4;
const icrc = new Icrc();

/** The headers up to the BTH, all but the fields that depend on the length, which sealed() adds. */
export class Route {
  readonly addresses: RouteAddresses;
  readonly ipv6: boolean;
  /** Where the BTH stands. */
  readonly bthAt: number;
  /** Addresses as GIDs: four words that hold the 16 bytes as they stand in memory. */
  readonly sourceGid: Uint32Array;
  readonly destinationGid: Uint32Array;
  /** The headers behind LEAD_BYTES of nothing. */
  readonly words: Uint32Array;
  readonly #header: Uint8Array;
  readonly #checksumBase: number;
  /** UDP length for which the headers are complete. */
  #length = 0;
  readonly #lengths: number[] = new Array(REMEMBERED).fill(0);
  readonly #prefixes: number[] = new Array(REMEMBERED).fill(0);

  constructor(addresses: RouteAddresses) {
    this.addresses = addresses;
    const source = ipv4Of(addresses.sourceIp);
    const destination = ipv4Of(addresses.destinationIp);
    this.ipv6 = source === undefined || destination === undefined;
    this.bthAt = this.ipv6 ? BTH_AT_IPV6 : BTH_AT;
    this.sourceGid = gidWords(addresses.sourceIp);
    this.destinationGid = gidWords(addresses.destinationIp);
    this.words = new Uint32Array((LEAD_BYTES + this.bthAt) / 4);
    const m = new Uint8Array(this.words.buffer, LEAD_BYTES);
    this.#header = m;
    m.set(addresses.destinationMac, ETH_DESTINATION_OFFSET);
    m.set(addresses.sourceMac, ETH_SOURCE_OFFSET);
    if (source === undefined || destination === undefined) ipv6Header(m, addresses);
    else ipv4Header(m, addresses, source, destination);
    const udp = this.bthAt - UDP_SIZE;
    setUdpSourcePort(m, udp, addresses.udpSourcePort);
    setUdpDestinationPort(m, udp, ROCE_UDP_PORT);
    this.#checksumBase = this.ipv6 ? 0 : addWords(m, IP_AT, UDP_AT, 0);
  }

  /**
   * Completes the headers for a packet of `udpLength` bytes from its UDP header to the end of its ICRC; returns the
   * register of the ICRC after them.
   */
  sealed(udpLength: number): number {
    if (udpLength !== this.#length) this.#setLength(udpLength);
    const slot = (udpLength >>> 2) % REMEMBERED;
    if (this.#lengths[slot] !== udpLength) {
      this.#lengths[slot] = udpLength;
      this.#prefixes[slot] = icrc.prefix(this.#header, IP_AT);
    }
    return this.#prefixes[slot];
  }

  #setLength(udpLength: number): void {
    const m = this.#header;
    this.#length = udpLength;
    setUdpLength(m, this.bthAt - UDP_SIZE, udpLength);
    if (this.ipv6) {
      setIpv6PayloadLength(m, IP_AT, udpLength);
      return;
    }
    setIpv4TotalLength(m, IP_AT, IPV4_SIZE + udpLength);
    setIpv4Checksum(m, IP_AT, checksum(this.#checksumBase + IPV4_SIZE + udpLength));
  }
}

const ipv4Of = (address: IpAddress): number | undefined =>
  typeof address === 'number' ? address : ipv4OfGid(address);

function ipv4Header(m: Uint8Array, a: RouteAddresses, source: number, destination: number): void {
  setEthEthertype(m, 0, ETHERTYPE_IPV4);
  setIpv4VersionIhlVersion(m, IP_AT, 4);
  setIpv4VersionIhlIhl(m, IP_AT, IPV4_SIZE / 4);
  setIpv4Tos(m, IP_AT, a.trafficClass ?? 0);
  // Identification stays 0: a datagram that may not be fragmented needs none (RFC 6864, section 4.1).
  setIpv4Fragment(m, IP_AT, DO_NOT_FRAGMENT);
  setIpv4Ttl(m, IP_AT, a.hopLimit ?? DEFAULT_HOP_LIMIT);
  setIpv4Protocol(m, IP_AT, IP_PROTOCOL_UDP);
  setIpv4Source(m, IP_AT, source);
  setIpv4Destination(m, IP_AT, destination);
}

/** The UDP checksum stays 0 over IPv6 too (IBTA A17.3.1.2, RFC 6935): the ICRC covers what it would. */
function ipv6Header(m: Uint8Array, a: RouteAddresses): void {
  setEthEthertype(m, 0, ETHERTYPE_IPV6);
  setIpv6WordVersion(m, IP_AT, 6);
  setIpv6WordTrafficClass(m, IP_AT, a.trafficClass ?? 0);
  setIpv6WordFlowLabel(m, IP_AT, a.flowLabel ?? 0);
  setIpv6NextHeader(m, IP_AT, IP_PROTOCOL_UDP);
  setIpv6HopLimit(m, IP_AT, a.hopLimit ?? DEFAULT_HOP_LIMIT);
  m.set(gidOf(a.sourceIp), IP_AT + IPV6_SOURCE_OFFSET);
  m.set(gidOf(a.destinationIp), IP_AT + IPV6_DESTINATION_OFFSET);
}

const gidOf = (address: IpAddress): Uint8Array =>
  typeof address === 'number' ? gidOfIpv4(address) : address;

const gidWords = (address: IpAddress): Uint32Array => new Uint32Array(gidOf(address).slice().buffer);
