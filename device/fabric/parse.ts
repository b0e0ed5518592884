// SPDX-License-Identifier: MIT
// Taking a RoCEv2 packet apart (layout in packet.ts), without allocation. Everything that the wire can break is
// checked here, once, in the order in which a later check relies on an earlier one; what the transport makes of opcode,
// PSN and length is not. A refused frame is dropped by who asked, with the reason counted (IBTA 9.6: silently to the peer).
import { GRH_BYTES } from '../abi/generated/descriptors.js';
import {
  BTH_SIZE,
  bthDestinationQpn,
  bthFlagsMigrated,
  bthFlagsPadCount,
  bthFlagsSolicited,
  bthFlagsVersion,
  bthOpcode,
  bthPartition,
  bthSequenceAckRequest,
  bthSequencePsn,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ethEthertype,
  ICRC_BYTES,
  IP_PROTOCOL_UDP,
  IPV4_DESTINATION_OFFSET,
  IPV4_SIZE,
  IPV4_SOURCE_OFFSET,
  IPV6_DESTINATION_OFFSET,
  IPV6_SIZE,
  IPV6_SOURCE_OFFSET,
  ipv4Destination,
  ipv4Fragment,
  ipv4Protocol,
  ipv4Source,
  ipv4TotalLength,
  ipv4VersionIhlIhl,
  ipv4VersionIhlVersion,
  ipv6NextHeader,
  ipv6PayloadLength,
  ipv6WordVersion,
  ROCE_UDP_PORT,
  UDP_SIZE,
  udpChecksum,
  udpDestinationPort,
  udpLength,
  udpSourcePort,
} from '../abi/generated/packets.js';
import { extensionBytes, hasPayload, PacketFields, readExtensions } from './extension-headers.js';
import { Icrc } from './icrc.js';
import { addWords, fold } from './internet-checksum.js';
import { BTH_AT, BTH_AT_IPV6, IP_AT, UDP_AT, UDP_AT_IPV6 } from './route.js';

/** Why a frame is not a packet for the RoCE engine. */
export type PacketFault =
  | 'too-short'
  | 'ethertype'
  | 'ip-version'
  | 'ip-options'
  | 'ip-length'
  | 'ip-fragment'
  | 'ip-checksum'
  | 'ip-protocol'
  | 'udp-port'
  | 'udp-length'
  | 'udp-checksum'
  | 'icrc'
  | 'bth-version'
  | 'pad'
  | 'extension-length';

const icrc = new Icrc();

/** More fragments, and the fragment offset. */
const FRAGMENTED = 0x3fff;
const ALL_ONES = 0xffff;
/** The least after the IP header. */
const UDP_LENGTH_MIN = UDP_SIZE + BTH_SIZE + ICRC_BYTES;
/** Addresses end the IP header; this many bytes they have. */
const IPV4_ADDRESSES = 8;
const IPV6_ADDRESSES = 32;
/** Words of a GID. */
const GID_WORDS = 4;
/** Bytes 8 to 11 of a GID that stands for an IPv4 address, as a word. */
const MAPPED = 0xffff0000;

/** The fields of the last packet that parse() accepted. Owned and reused by the receiver. */
export class ParsedPacket extends PacketFields {
  /** IPv4 addresses as numbers; 0 over IPv6. */
  sourceIp = 0;
  destinationIp = 0;
  /** Addresses as GIDs: four words that hold the 16 bytes as they stand in memory, an IPv4 address as ::ffff:a.b.c.d. */
  readonly sourceGid = new Uint32Array(GID_WORDS);
  readonly destinationGid = new Uint32Array(GID_WORDS);
  udpSourcePort = 0;
  migrated = false;
  partition = 0;

  /**
   * Reads the packet in frame[0 … length). Returns why not, or undefined; on a refusal the fields hold nothing of use.
   */
  parse(frame: Uint8Array, length: number): PacketFault | undefined {
    const fault = checkFrame(frame, length) ?? checkSums(frame);
    if (fault !== undefined) return fault;
    this.ipv6 = isIpv6(frame);
    const bth = this.ipv6 ? BTH_AT_IPV6 : BTH_AT;
    return this.#readTransport(frame, bth) ?? this.#readAddresses(frame);
  }

  #readTransport(m: Uint8Array, bth: number): PacketFault | undefined {
    if (bthFlagsVersion(m, bth) !== 0) return 'bth-version';
    this.opcode = bthOpcode(m, bth);
    const extensions = extensionBytes(this.opcode);
    const padded = udpLength(m, bth - UDP_SIZE) - UDP_LENGTH_MIN - extensions;
    const pad = bthFlagsPadCount(m, bth);
    if (padded < 0 || (padded > 0 && !hasPayload(this.opcode))) return 'extension-length';
    if (padded % 4 !== 0 || pad > padded) return 'pad';
    this.payloadOffset = bth + BTH_SIZE + extensions;
    this.payloadLength = padded - pad;
    this.solicited = bthFlagsSolicited(m, bth) !== 0;
    this.migrated = bthFlagsMigrated(m, bth) !== 0;
    this.partition = bthPartition(m, bth);
    this.destinationQpn = bthDestinationQpn(m, bth);
    this.psn = bthSequencePsn(m, bth);
    this.ackRequest = bthSequenceAckRequest(m, bth) !== 0;
    readExtensions(this, m, bth + BTH_SIZE);
    return undefined;
  }

  #readAddresses(m: Uint8Array): undefined {
    if (this.ipv6) {
      this.udpSourcePort = udpSourcePort(m, UDP_AT_IPV6);
      this.sourceIp = 0;
      this.destinationIp = 0;
      for (let i = 0; i < GID_WORDS; i++) {
        this.sourceGid[i] = wordAt(m, IP_AT + IPV6_SOURCE_OFFSET + i * 4);
        this.destinationGid[i] = wordAt(m, IP_AT + IPV6_DESTINATION_OFFSET + i * 4);
      }
      return;
    }
    this.udpSourcePort = udpSourcePort(m, UDP_AT);
    this.sourceIp = ipv4Source(m, IP_AT);
    this.destinationIp = ipv4Destination(m, IP_AT);
    mappedGid(this.sourceGid, wordAt(m, IP_AT + IPV4_SOURCE_OFFSET));
    mappedGid(this.destinationGid, wordAt(m, IP_AT + IPV4_DESTINATION_OFFSET));
  }
}

/**
 * The global route header that a datagram's receiver finds before the payload: GRH_BYTES at into[at], the IP header as
 * it came, an IPv4 header behind 20 bytes of zeros (IBTA A17.4.5.2).
 */
export function writeGrh(p: PacketFields, frame: Uint8Array, into: Uint8Array, at: number): void {
  const size = p.ipv6 ? IPV6_SIZE : IPV4_SIZE;
  const gap = GRH_BYTES - size;
  for (let i = 0; i < gap; i++) into[at + i] = 0;
  for (let i = 0; i < size; i++) into[at + gap + i] = frame[IP_AT + i];
}

const isIpv6 = (m: Uint8Array): boolean => ethEthertype(m, 0) === ETHERTYPE_IPV6;

function mappedGid(gid: Uint32Array, address: number): void {
  gid[0] = 0;
  gid[1] = 0;
  gid[2] = MAPPED;
  gid[3] = address;
}

function checkFrame(m: Uint8Array, length: number): PacketFault | undefined {
  if (length < IP_AT + IPV4_SIZE + UDP_LENGTH_MIN) return 'too-short';
  switch (ethEthertype(m, 0)) {
    case ETHERTYPE_IPV4:
      return checkIpv4(m, length) ?? checkUdp(m, UDP_AT, ipv4TotalLength(m, IP_AT) - IPV4_SIZE);
    case ETHERTYPE_IPV6:
      return checkIpv6(m, length) ?? checkUdp(m, UDP_AT_IPV6, ipv6PayloadLength(m, IP_AT));
    default:
      return 'ethertype';
  }
}

function checkIpv4(m: Uint8Array, length: number): PacketFault | undefined {
  if (ipv4VersionIhlVersion(m, IP_AT) !== 4) return 'ip-version';
  if (ipv4VersionIhlIhl(m, IP_AT) * 4 !== IPV4_SIZE) return 'ip-options';
  const totalLength = ipv4TotalLength(m, IP_AT);
  // A frame may be longer than its packet: Ethernet pads short ones.
  if (totalLength < IPV4_SIZE + UDP_LENGTH_MIN || IP_AT + totalLength > length) return 'ip-length';
  if ((ipv4Fragment(m, IP_AT) & FRAGMENTED) !== 0) return 'ip-fragment';
  return ipv4Protocol(m, IP_AT) === IP_PROTOCOL_UDP ? undefined : 'ip-protocol';
}

function checkIpv6(m: Uint8Array, length: number): PacketFault | undefined {
  if (ipv6WordVersion(m, IP_AT) !== 6) return 'ip-version';
  const payloadLength = ipv6PayloadLength(m, IP_AT);
  if (payloadLength < UDP_LENGTH_MIN || UDP_AT_IPV6 + payloadLength > length) return 'ip-length';
  // Extension headers, of a fragment say, are not for this engine.
  return ipv6NextHeader(m, IP_AT) === IP_PROTOCOL_UDP ? undefined : 'ip-protocol';
}

function checkUdp(m: Uint8Array, udp: number, length: number): PacketFault | undefined {
  if (udpDestinationPort(m, udp) !== ROCE_UDP_PORT) return 'udp-port';
  return udpLength(m, udp) === length ? undefined : 'udp-length';
}

/** After checkFrame(), which vouches for the lengths. */
function checkSums(m: Uint8Array): PacketFault | undefined {
  const ipv6 = isIpv6(m);
  if (!ipv6 && fold(addWords(m, IP_AT, UDP_AT, 0)) !== ALL_ONES) return 'ip-checksum';
  const udp = ipv6 ? UDP_AT_IPV6 : UDP_AT;
  const end = udp + udpLength(m, udp);
  if (udpChecksum(m, udp) !== 0 && !udpChecksumRight(m, udp, ipv6 ? IPV6_ADDRESSES : IPV4_ADDRESSES))
    return 'udp-checksum';
  if (icrc.compute(m, IP_AT, end - ICRC_BYTES) !== wordAt(m, end - ICRC_BYTES)) return 'icrc';
  return undefined;
}

/** RFC 768 and 8200: pseudo header (addresses, protocol, length) and the datagram. RoCEv2 senders mostly leave it out (0). */
function udpChecksumRight(m: Uint8Array, udp: number, addressBytes: number): boolean {
  const length = udpLength(m, udp);
  const pseudo = addWords(m, udp - addressBytes, udp, IP_PROTOCOL_UDP + length);
  return fold(addWords(m, udp, udp + length, pseudo)) === ALL_ONES;
}

/** Four bytes as the word that they are in memory, as an int32; the ICRC too is sent least significant byte first. */
function wordAt(m: Uint8Array, at: number): number {
  return m[at] | (m[at + 1] << 8) | (m[at + 2] << 16) | (m[at + 3] << 24);
}
