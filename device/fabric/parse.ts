// SPDX-License-Identifier: MIT
// Taking a RoCEv2 packet apart (layout in packet.ts), without allocation. Everything that the wire can break is
// checked here, once, in the order in which a later check relies on an earlier one; what the transport makes of opcode,
// PSN and length is not. A refused frame is dropped by who asked, with the reason counted (IBTA 9.6: silently to the peer).
import {
  AETH_SIZE,
  aethWordMsn,
  aethWordSyndrome,
  BTH_SIZE,
  BthOpcode,
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
  ethEthertype,
  ICRC_BYTES,
  IP_PROTOCOL_UDP,
  IPV4_SIZE,
  ipv4Destination,
  ipv4Fragment,
  ipv4Protocol,
  ipv4Source,
  ipv4TotalLength,
  ipv4VersionIhlIhl,
  ipv4VersionIhlVersion,
  ROCE_UDP_PORT,
  UDP_SIZE,
  udpChecksum,
  udpDestinationPort,
  udpLength,
  udpSourcePort,
} from '../abi/generated/packets.js';
import { Icrc } from './icrc.js';
import { addWords, fold } from './internet-checksum.js';
import { BTH_AT, FRAME_OVERHEAD_BYTES, IPV4_AT, PAYLOAD_OFFSET, UDP_AT } from './packet.js';

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
  | 'aeth-length';

const icrc = new Icrc();

/** More fragments, and the fragment offset. */
const FRAGMENTED = 0x3fff;
const ALL_ONES = 0xffff;

/** The fields of the last packet that parse() accepted. Owned and reused by the receiver. */
export class ParsedPacket {
  /** IPv4 addresses as numbers. */
  sourceIp = 0;
  destinationIp = 0;
  udpSourcePort = 0;
  /** Any value: what has no name in BthOpcode is for the transport to refuse. */
  opcode = 0;
  solicited = false;
  migrated = false;
  partition = 0;
  destinationQpn = 0;
  psn = 0;
  ackRequest = false;
  /** The payload, without pad, as it stands in the frame. Extended headers of unknown opcodes count as payload. */
  payloadOffset = 0;
  payloadLength = 0;
  /** AETH, of RC_ACKNOWLEDGE only; 0 otherwise. */
  syndrome = 0;
  msn = 0;

  /**
   * Reads the packet in frame[0 … length). Returns why not, or undefined; on a refusal the fields hold nothing of use.
   */
  parse(frame: Uint8Array, length: number): PacketFault | undefined {
    return checkFrame(frame, length) ?? checkSums(frame) ?? this.#readPacket(frame);
  }

  #readPacket(m: Uint8Array): PacketFault | undefined {
    if (bthFlagsVersion(m, BTH_AT) !== 0) return 'bth-version';
    const padded = IPV4_AT + ipv4TotalLength(m, IPV4_AT) - ICRC_BYTES - PAYLOAD_OFFSET;
    const pad = bthFlagsPadCount(m, BTH_AT);
    if (padded % 4 !== 0 || pad > padded) return 'pad';
    this.sourceIp = ipv4Source(m, IPV4_AT);
    this.destinationIp = ipv4Destination(m, IPV4_AT);
    this.udpSourcePort = udpSourcePort(m, UDP_AT);
    this.opcode = bthOpcode(m, BTH_AT);
    this.solicited = bthFlagsSolicited(m, BTH_AT) !== 0;
    this.migrated = bthFlagsMigrated(m, BTH_AT) !== 0;
    this.partition = bthPartition(m, BTH_AT);
    this.destinationQpn = bthDestinationQpn(m, BTH_AT);
    this.psn = bthSequencePsn(m, BTH_AT);
    this.ackRequest = bthSequenceAckRequest(m, BTH_AT) !== 0;
    return this.#readPayload(m, padded - pad);
  }

  #readPayload(m: Uint8Array, length: number): PacketFault | undefined {
    const acknowledge = this.opcode === BthOpcode.RC_ACKNOWLEDGE;
    if (acknowledge && length !== AETH_SIZE) return 'aeth-length';
    this.syndrome = acknowledge ? aethWordSyndrome(m, PAYLOAD_OFFSET) : 0;
    this.msn = acknowledge ? aethWordMsn(m, PAYLOAD_OFFSET) : 0;
    this.payloadOffset = acknowledge ? PAYLOAD_OFFSET + AETH_SIZE : PAYLOAD_OFFSET;
    this.payloadLength = acknowledge ? 0 : length;
    return undefined;
  }
}

function checkFrame(m: Uint8Array, length: number): PacketFault | undefined {
  if (length < FRAME_OVERHEAD_BYTES) return 'too-short';
  if (ethEthertype(m, 0) !== ETHERTYPE_IPV4) return 'ethertype';
  if (ipv4VersionIhlVersion(m, IPV4_AT) !== 4) return 'ip-version';
  if (ipv4VersionIhlIhl(m, IPV4_AT) * 4 !== IPV4_SIZE) return 'ip-options';
  const totalLength = ipv4TotalLength(m, IPV4_AT);
  // A frame may be longer than its packet: Ethernet pads short ones.
  if (totalLength < IPV4_SIZE + UDP_SIZE + BTH_SIZE + ICRC_BYTES || IPV4_AT + totalLength > length)
    return 'ip-length';
  if ((ipv4Fragment(m, IPV4_AT) & FRAGMENTED) !== 0) return 'ip-fragment';
  if (ipv4Protocol(m, IPV4_AT) !== IP_PROTOCOL_UDP) return 'ip-protocol';
  if (udpDestinationPort(m, UDP_AT) !== ROCE_UDP_PORT) return 'udp-port';
  if (udpLength(m, UDP_AT) !== totalLength - IPV4_SIZE) return 'udp-length';
  return undefined;
}

/** After checkFrame(), which vouches for the lengths. */
function checkSums(m: Uint8Array): PacketFault | undefined {
  if (fold(addWords(m, IPV4_AT, UDP_AT, 0)) !== ALL_ONES) return 'ip-checksum';
  const end = IPV4_AT + ipv4TotalLength(m, IPV4_AT);
  if (udpChecksum(m, UDP_AT) !== 0 && !udpChecksumRight(m, end)) return 'udp-checksum';
  if (icrc.compute(m, IPV4_AT, end - ICRC_BYTES) !== getIcrc(m, end - ICRC_BYTES)) return 'icrc';
  return undefined;
}

/** RFC 768: pseudo header (addresses, protocol, length) and the datagram. RoCEv2 senders mostly leave it out (0). */
function udpChecksumRight(m: Uint8Array, end: number): boolean {
  const pseudo = addWords(m, UDP_AT - 8, UDP_AT, IP_PROTOCOL_UDP + udpLength(m, UDP_AT));
  return fold(addWords(m, UDP_AT, end, pseudo)) === ALL_ONES;
}

function getIcrc(m: Uint8Array, at: number): number {
  return (m[at] | (m[at + 1] << 8) | (m[at + 2] << 16) | (m[at + 3] << 24)) >>> 0;
}
