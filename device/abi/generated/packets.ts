// SPDX-License-Identifier: MIT
// Generated from device/abi/packets.ts by "npm run generate"; do not edit.

/** IPv4 */
export const ETHERTYPE_IPV4 = 0x800;
/** IPv6 */
export const ETHERTYPE_IPV6 = 0x86dd;
/** UDP */
export const IP_PROTOCOL_UDP = 17;
/** destination port of RoCEv2 (IBTA annex A17) */
export const ROCE_UDP_PORT = 0x12b7;
/** invariant CRC at the end */
export const ICRC_BYTES = 4;
/** AETH syndrome of an acknowledgement with no credit limit (IBTA table 45) */
export const ACK_SYNDROME = 31;
/** AETH syndrome: PSN sequence error */
export const NAK_PSN = 96;
/** AETH syndrome: invalid request */
export const NAK_INVALID_REQUEST = 97;
/** AETH syndrome: remote access error */
export const NAK_REMOTE_ACCESS = 98;
/** AETH syndrome: remote operational error */
export const NAK_REMOTE_OPERATION = 99;
/** width of a packet sequence number */
export const PSN_BITS = 24;

/** BTH opcodes (IBTA table 38); UC: the same plus 0x20 */
export const BthOpcode = {
  /** first packet of several */
  RC_SEND_FIRST: 0,
  /** neither first nor last */
  RC_SEND_MIDDLE: 1,
  /** last packet of several */
  RC_SEND_LAST: 2,
  /** the same, with immediate data */
  RC_SEND_LAST_IMM: 3,
  /** a message of one packet */
  RC_SEND_ONLY: 4,
  /** the same, with immediate data */
  RC_SEND_ONLY_IMM: 5,
  /** RETH: address, key and length of the whole message */
  RC_WRITE_FIRST: 6,
  /** payload alone */
  RC_WRITE_MIDDLE: 7,
  /** payload alone */
  RC_WRITE_LAST: 8,
  /** with immediate data */
  RC_WRITE_LAST_IMM: 9,
  /** RETH */
  RC_WRITE_ONLY: 10,
  /** RETH and immediate data */
  RC_WRITE_ONLY_IMM: 11,
  /** RETH, no payload */
  RC_READ_REQUEST: 12,
  /** AETH */
  RC_READ_RESPONSE_FIRST: 13,
  /** payload alone */
  RC_READ_RESPONSE_MIDDLE: 14,
  /** AETH */
  RC_READ_RESPONSE_LAST: 15,
  /** AETH */
  RC_READ_RESPONSE_ONLY: 16,
  /** acknowledgement, followed by an AETH */
  RC_ACKNOWLEDGE: 17,
  /** AETH and AtomicAckETH */
  RC_ATOMIC_ACKNOWLEDGE: 18,
  /** AtomicETH */
  RC_CMP_SWAP: 19,
  /** AtomicETH */
  RC_FETCH_ADD: 20,
  /** IETH: key to invalidate */
  RC_SEND_LAST_INV: 22,
  /** IETH: key to invalidate */
  RC_SEND_ONLY_INV: 23,
  /** as RC */
  UC_SEND_FIRST: 32,
  /** as RC */
  UC_SEND_MIDDLE: 33,
  /** as RC */
  UC_SEND_LAST: 34,
  /** as RC */
  UC_SEND_LAST_IMM: 35,
  /** as RC */
  UC_SEND_ONLY: 36,
  /** as RC */
  UC_SEND_ONLY_IMM: 37,
  /** as RC */
  UC_WRITE_FIRST: 38,
  /** as RC */
  UC_WRITE_MIDDLE: 39,
  /** as RC */
  UC_WRITE_LAST: 40,
  /** as RC */
  UC_WRITE_LAST_IMM: 41,
  /** as RC */
  UC_WRITE_ONLY: 42,
  /** as RC */
  UC_WRITE_ONLY_IMM: 43,
  /** DETH */
  UD_SEND_ONLY: 100,
  /** DETH and immediate data */
  UD_SEND_ONLY_IMM: 101,
} as const;
export type BthOpcode = (typeof BthOpcode)[keyof typeof BthOpcode];

// eth: Ethernet header.
export const ETH_SIZE = 14;
export const ETH_DESTINATION_OFFSET = 0x0;
export const ETH_SOURCE_OFFSET = 0x6;
export const ETH_ETHERTYPE_OFFSET = 0xc;
/** ETHERTYPE_IPV4 */
export const ethEthertype = (m: Uint8Array, o: number): number => ((m[o + 12] << 8) | m[o + 13]) >>> 0;
export const setEthEthertype = (m: Uint8Array, o: number, v: number): void => {
  m[o + 12] = v >>> 8;
  m[o + 13] = v;
};

// ipv4: IPv4 header without options.
export const IPV4_SIZE = 20;
export const IPV4_VERSION_IHL_OFFSET = 0x0;
export const IPV4_TOS_OFFSET = 0x1;
export const IPV4_TOTAL_LENGTH_OFFSET = 0x2;
export const IPV4_IDENTIFICATION_OFFSET = 0x4;
export const IPV4_FRAGMENT_OFFSET = 0x6;
export const IPV4_TTL_OFFSET = 0x8;
export const IPV4_PROTOCOL_OFFSET = 0x9;
export const IPV4_CHECKSUM_OFFSET = 0xa;
export const IPV4_SOURCE_OFFSET = 0xc;
export const IPV4_DESTINATION_OFFSET = 0x10;
/** version and header length */
export const ipv4VersionIhl = (m: Uint8Array, o: number): number => m[o];
export const setIpv4VersionIhl = (m: Uint8Array, o: number, v: number): void => {
  m[o + 0] = v;
};
/** words: 5 */
export const ipv4VersionIhlIhl = (m: Uint8Array, o: number): number => (m[o]) & 0xf;
export const setIpv4VersionIhlIhl = (m: Uint8Array, o: number, v: number): void => setIpv4VersionIhl(m, o, (((m[o]) & 0xfffffff0) | (v & 0xf)) >>> 0);
/** 4 */
export const ipv4VersionIhlVersion = (m: Uint8Array, o: number): number => ((m[o]) >>> 4) & 0xf;
export const setIpv4VersionIhlVersion = (m: Uint8Array, o: number, v: number): void => setIpv4VersionIhl(m, o, (((m[o]) & 0xffffff0f) | ((v & 0xf) << 4)) >>> 0);
/** DSCP and ECN */
export const ipv4Tos = (m: Uint8Array, o: number): number => m[o + 1];
export const setIpv4Tos = (m: Uint8Array, o: number, v: number): void => {
  m[o + 1] = v;
};
/** bytes from here to the end of the ICRC */
export const ipv4TotalLength = (m: Uint8Array, o: number): number => ((m[o + 2] << 8) | m[o + 3]) >>> 0;
export const setIpv4TotalLength = (m: Uint8Array, o: number, v: number): void => {
  m[o + 2] = v >>> 8;
  m[o + 3] = v;
};
/** identification */
export const ipv4Identification = (m: Uint8Array, o: number): number => ((m[o + 4] << 8) | m[o + 5]) >>> 0;
export const setIpv4Identification = (m: Uint8Array, o: number, v: number): void => {
  m[o + 4] = v >>> 8;
  m[o + 5] = v;
};
/** flags and fragment offset: 0x4000, do not fragment */
export const ipv4Fragment = (m: Uint8Array, o: number): number => ((m[o + 6] << 8) | m[o + 7]) >>> 0;
export const setIpv4Fragment = (m: Uint8Array, o: number, v: number): void => {
  m[o + 6] = v >>> 8;
  m[o + 7] = v;
};
/** time to live */
export const ipv4Ttl = (m: Uint8Array, o: number): number => m[o + 8];
export const setIpv4Ttl = (m: Uint8Array, o: number, v: number): void => {
  m[o + 8] = v;
};
/** IP_PROTOCOL_UDP */
export const ipv4Protocol = (m: Uint8Array, o: number): number => m[o + 9];
export const setIpv4Protocol = (m: Uint8Array, o: number, v: number): void => {
  m[o + 9] = v;
};
/** header checksum */
export const ipv4Checksum = (m: Uint8Array, o: number): number => ((m[o + 10] << 8) | m[o + 11]) >>> 0;
export const setIpv4Checksum = (m: Uint8Array, o: number, v: number): void => {
  m[o + 10] = v >>> 8;
  m[o + 11] = v;
};
/** IPv4 address */
export const ipv4Source = (m: Uint8Array, o: number): number => ((m[o + 12] << 24) | (m[o + 13] << 16) | (m[o + 14] << 8) | m[o + 15]) >>> 0;
export const setIpv4Source = (m: Uint8Array, o: number, v: number): void => {
  m[o + 12] = v >>> 24;
  m[o + 13] = v >>> 16;
  m[o + 14] = v >>> 8;
  m[o + 15] = v;
};
/** IPv4 address */
export const ipv4Destination = (m: Uint8Array, o: number): number => ((m[o + 16] << 24) | (m[o + 17] << 16) | (m[o + 18] << 8) | m[o + 19]) >>> 0;
export const setIpv4Destination = (m: Uint8Array, o: number, v: number): void => {
  m[o + 16] = v >>> 24;
  m[o + 17] = v >>> 16;
  m[o + 18] = v >>> 8;
  m[o + 19] = v;
};

// udp: UDP header.
export const UDP_SIZE = 8;
export const UDP_SOURCE_PORT_OFFSET = 0x0;
export const UDP_DESTINATION_PORT_OFFSET = 0x2;
export const UDP_LENGTH_OFFSET = 0x4;
export const UDP_CHECKSUM_OFFSET = 0x6;
/** flow entropy, 0xc000 to 0xffff */
export const udpSourcePort = (m: Uint8Array, o: number): number => ((m[o] << 8) | m[o + 1]) >>> 0;
export const setUdpSourcePort = (m: Uint8Array, o: number, v: number): void => {
  m[o + 0] = v >>> 8;
  m[o + 1] = v;
};
/** ROCE_UDP_PORT */
export const udpDestinationPort = (m: Uint8Array, o: number): number => ((m[o + 2] << 8) | m[o + 3]) >>> 0;
export const setUdpDestinationPort = (m: Uint8Array, o: number, v: number): void => {
  m[o + 2] = v >>> 8;
  m[o + 3] = v;
};
/** bytes from here to the end of the ICRC */
export const udpLength = (m: Uint8Array, o: number): number => ((m[o + 4] << 8) | m[o + 5]) >>> 0;
export const setUdpLength = (m: Uint8Array, o: number, v: number): void => {
  m[o + 4] = v >>> 8;
  m[o + 5] = v;
};
/** zero: none (IBTA annex A17) */
export const udpChecksum = (m: Uint8Array, o: number): number => ((m[o + 6] << 8) | m[o + 7]) >>> 0;
export const setUdpChecksum = (m: Uint8Array, o: number, v: number): void => {
  m[o + 6] = v >>> 8;
  m[o + 7] = v;
};

// bth: Base transport header.
export const BTH_SIZE = 12;
export const BTH_OPCODE_OFFSET = 0x0;
export const BTH_FLAGS_OFFSET = 0x1;
export const BTH_PARTITION_OFFSET = 0x2;
export const BTH_DESTINATION_OFFSET = 0x4;
export const BTH_SEQUENCE_OFFSET = 0x8;
/** see the table of BTH opcodes */
export const bthOpcode = (m: Uint8Array, o: number): number => m[o];
export const setBthOpcode = (m: Uint8Array, o: number, v: number): void => {
  m[o + 0] = v;
};
/** solicited event, migration, pad, version */
export const bthFlags = (m: Uint8Array, o: number): number => m[o + 1];
export const setBthFlags = (m: Uint8Array, o: number, v: number): void => {
  m[o + 1] = v;
};
/** transport version: 0 */
export const bthFlagsVersion = (m: Uint8Array, o: number): number => (m[o + 1]) & 0xf;
export const setBthFlagsVersion = (m: Uint8Array, o: number, v: number): void => setBthFlags(m, o, (((m[o + 1]) & 0xfffffff0) | (v & 0xf)) >>> 0);
/** pad bytes before the ICRC */
export const bthFlagsPadCount = (m: Uint8Array, o: number): number => ((m[o + 1]) >>> 4) & 0x3;
export const setBthFlagsPadCount = (m: Uint8Array, o: number, v: number): void => setBthFlags(m, o, (((m[o + 1]) & 0xffffffcf) | ((v & 0x3) << 4)) >>> 0);
/** MigReq */
export const bthFlagsMigrated = (m: Uint8Array, o: number): number => ((m[o + 1]) >>> 6) & 0x1;
export const setBthFlagsMigrated = (m: Uint8Array, o: number, v: number): void => setBthFlags(m, o, (((m[o + 1]) & 0xffffffbf) | ((v & 0x1) << 6)) >>> 0);
/** solicited event */
export const bthFlagsSolicited = (m: Uint8Array, o: number): number => ((m[o + 1]) >>> 7) & 0x1;
export const setBthFlagsSolicited = (m: Uint8Array, o: number, v: number): void => setBthFlags(m, o, (((m[o + 1]) & 0xffffff7f) | ((v & 0x1) << 7)) >>> 0);
/** partition key: 0xffff */
export const bthPartition = (m: Uint8Array, o: number): number => ((m[o + 2] << 8) | m[o + 3]) >>> 0;
export const setBthPartition = (m: Uint8Array, o: number, v: number): void => {
  m[o + 2] = v >>> 8;
  m[o + 3] = v;
};
/** destination queue pair */
export const bthDestination = (m: Uint8Array, o: number): number => ((m[o + 4] << 24) | (m[o + 5] << 16) | (m[o + 6] << 8) | m[o + 7]) >>> 0;
export const setBthDestination = (m: Uint8Array, o: number, v: number): void => {
  m[o + 4] = v >>> 24;
  m[o + 5] = v >>> 16;
  m[o + 6] = v >>> 8;
  m[o + 7] = v;
};
/** queue pair */
export const bthDestinationQpn = (m: Uint8Array, o: number): number => ((m[o + 4] << 24) | (m[o + 5] << 16) | (m[o + 6] << 8) | m[o + 7]) & 0xffffff;
export const setBthDestinationQpn = (m: Uint8Array, o: number, v: number): void => setBthDestination(m, o, ((((m[o + 4] << 24) | (m[o + 5] << 16) | (m[o + 6] << 8) | m[o + 7]) & 0xff000000) | (v & 0xffffff)) >>> 0);
/** not covered by the ICRC */
export const bthDestinationReserved = (m: Uint8Array, o: number): number => (((m[o + 4] << 24) | (m[o + 5] << 16) | (m[o + 6] << 8) | m[o + 7]) >>> 24);
export const setBthDestinationReserved = (m: Uint8Array, o: number, v: number): void => setBthDestination(m, o, ((((m[o + 4] << 24) | (m[o + 5] << 16) | (m[o + 6] << 8) | m[o + 7]) & 0xffffff) | ((v & 0xff) << 24)) >>> 0);
/** packet sequence number */
export const bthSequence = (m: Uint8Array, o: number): number => ((m[o + 8] << 24) | (m[o + 9] << 16) | (m[o + 10] << 8) | m[o + 11]) >>> 0;
export const setBthSequence = (m: Uint8Array, o: number, v: number): void => {
  m[o + 8] = v >>> 24;
  m[o + 9] = v >>> 16;
  m[o + 10] = v >>> 8;
  m[o + 11] = v;
};
/** PSN */
export const bthSequencePsn = (m: Uint8Array, o: number): number => ((m[o + 8] << 24) | (m[o + 9] << 16) | (m[o + 10] << 8) | m[o + 11]) & 0xffffff;
export const setBthSequencePsn = (m: Uint8Array, o: number, v: number): void => setBthSequence(m, o, ((((m[o + 8] << 24) | (m[o + 9] << 16) | (m[o + 10] << 8) | m[o + 11]) & 0xff000000) | (v & 0xffffff)) >>> 0);
/** zero */
export const bthSequenceReserved = (m: Uint8Array, o: number): number => (((m[o + 8] << 24) | (m[o + 9] << 16) | (m[o + 10] << 8) | m[o + 11]) >>> 24) & 0x7f;
export const setBthSequenceReserved = (m: Uint8Array, o: number, v: number): void => setBthSequence(m, o, ((((m[o + 8] << 24) | (m[o + 9] << 16) | (m[o + 10] << 8) | m[o + 11]) & 0x80ffffff) | ((v & 0x7f) << 24)) >>> 0);
/** acknowledgement requested */
export const bthSequenceAckRequest = (m: Uint8Array, o: number): number => (((m[o + 8] << 24) | (m[o + 9] << 16) | (m[o + 10] << 8) | m[o + 11]) >>> 31);
export const setBthSequenceAckRequest = (m: Uint8Array, o: number, v: number): void => setBthSequence(m, o, ((((m[o + 8] << 24) | (m[o + 9] << 16) | (m[o + 10] << 8) | m[o + 11]) & 0x7fffffff) | ((v & 0x1) << 31)) >>> 0);

// aeth: Acknowledge extended transport header.
export const AETH_SIZE = 4;
export const AETH_WORD_OFFSET = 0x0;
/** syndrome and message sequence number */
export const aethWord = (m: Uint8Array, o: number): number => ((m[o] << 24) | (m[o + 1] << 16) | (m[o + 2] << 8) | m[o + 3]) >>> 0;
export const setAethWord = (m: Uint8Array, o: number, v: number): void => {
  m[o + 0] = v >>> 24;
  m[o + 1] = v >>> 16;
  m[o + 2] = v >>> 8;
  m[o + 3] = v;
};
/** MSN */
export const aethWordMsn = (m: Uint8Array, o: number): number => ((m[o] << 24) | (m[o + 1] << 16) | (m[o + 2] << 8) | m[o + 3]) & 0xffffff;
export const setAethWordMsn = (m: Uint8Array, o: number, v: number): void => setAethWord(m, o, ((((m[o] << 24) | (m[o + 1] << 16) | (m[o + 2] << 8) | m[o + 3]) & 0xff000000) | (v & 0xffffff)) >>> 0);
/** syndrome */
export const aethWordSyndrome = (m: Uint8Array, o: number): number => (((m[o] << 24) | (m[o + 1] << 16) | (m[o + 2] << 8) | m[o + 3]) >>> 24);
export const setAethWordSyndrome = (m: Uint8Array, o: number, v: number): void => setAethWord(m, o, ((((m[o] << 24) | (m[o + 1] << 16) | (m[o + 2] << 8) | m[o + 3]) & 0xffffff) | ((v & 0xff) << 24)) >>> 0);

// ipv6: IPv6 header (RFC 8200).
export const IPV6_SIZE = 40;
export const IPV6_WORD_OFFSET = 0x0;
export const IPV6_PAYLOAD_LENGTH_OFFSET = 0x4;
export const IPV6_NEXT_HEADER_OFFSET = 0x6;
export const IPV6_HOP_LIMIT_OFFSET = 0x7;
export const IPV6_SOURCE_OFFSET = 0x8;
export const IPV6_DESTINATION_OFFSET = 0x18;
/** version, traffic class, flow label */
export const ipv6Word = (m: Uint8Array, o: number): number => ((m[o] << 24) | (m[o + 1] << 16) | (m[o + 2] << 8) | m[o + 3]) >>> 0;
export const setIpv6Word = (m: Uint8Array, o: number, v: number): void => {
  m[o + 0] = v >>> 24;
  m[o + 1] = v >>> 16;
  m[o + 2] = v >>> 8;
  m[o + 3] = v;
};
/** flow label */
export const ipv6WordFlowLabel = (m: Uint8Array, o: number): number => ((m[o] << 24) | (m[o + 1] << 16) | (m[o + 2] << 8) | m[o + 3]) & 0xfffff;
export const setIpv6WordFlowLabel = (m: Uint8Array, o: number, v: number): void => setIpv6Word(m, o, ((((m[o] << 24) | (m[o + 1] << 16) | (m[o + 2] << 8) | m[o + 3]) & 0xfff00000) | (v & 0xfffff)) >>> 0);
/** DSCP and ECN */
export const ipv6WordTrafficClass = (m: Uint8Array, o: number): number => (((m[o] << 24) | (m[o + 1] << 16) | (m[o + 2] << 8) | m[o + 3]) >>> 20) & 0xff;
export const setIpv6WordTrafficClass = (m: Uint8Array, o: number, v: number): void => setIpv6Word(m, o, ((((m[o] << 24) | (m[o + 1] << 16) | (m[o + 2] << 8) | m[o + 3]) & 0xf00fffff) | ((v & 0xff) << 20)) >>> 0);
/** 6 */
export const ipv6WordVersion = (m: Uint8Array, o: number): number => (((m[o] << 24) | (m[o + 1] << 16) | (m[o + 2] << 8) | m[o + 3]) >>> 28);
export const setIpv6WordVersion = (m: Uint8Array, o: number, v: number): void => setIpv6Word(m, o, ((((m[o] << 24) | (m[o + 1] << 16) | (m[o + 2] << 8) | m[o + 3]) & 0xfffffff) | ((v & 0xf) << 28)) >>> 0);
/** bytes after this header, to the end of the ICRC */
export const ipv6PayloadLength = (m: Uint8Array, o: number): number => ((m[o + 4] << 8) | m[o + 5]) >>> 0;
export const setIpv6PayloadLength = (m: Uint8Array, o: number, v: number): void => {
  m[o + 4] = v >>> 8;
  m[o + 5] = v;
};
/** IP_PROTOCOL_UDP */
export const ipv6NextHeader = (m: Uint8Array, o: number): number => m[o + 6];
export const setIpv6NextHeader = (m: Uint8Array, o: number, v: number): void => {
  m[o + 6] = v;
};
/** hop limit */
export const ipv6HopLimit = (m: Uint8Array, o: number): number => m[o + 7];
export const setIpv6HopLimit = (m: Uint8Array, o: number, v: number): void => {
  m[o + 7] = v;
};

// reth: RDMA extended transport header (IBTA 9.3.3).
export const RETH_SIZE = 16;
export const RETH_ADDRESS_HI_OFFSET = 0x0;
export const RETH_ADDRESS_LO_OFFSET = 0x4;
export const RETH_RKEY_OFFSET = 0x8;
export const RETH_LENGTH_OFFSET = 0xc;
/** virtual address, high half */
export const rethAddressHi = (m: Uint8Array, o: number): number => ((m[o] << 24) | (m[o + 1] << 16) | (m[o + 2] << 8) | m[o + 3]) >>> 0;
export const setRethAddressHi = (m: Uint8Array, o: number, v: number): void => {
  m[o + 0] = v >>> 24;
  m[o + 1] = v >>> 16;
  m[o + 2] = v >>> 8;
  m[o + 3] = v;
};
/** low half */
export const rethAddressLo = (m: Uint8Array, o: number): number => ((m[o + 4] << 24) | (m[o + 5] << 16) | (m[o + 6] << 8) | m[o + 7]) >>> 0;
export const setRethAddressLo = (m: Uint8Array, o: number, v: number): void => {
  m[o + 4] = v >>> 24;
  m[o + 5] = v >>> 16;
  m[o + 6] = v >>> 8;
  m[o + 7] = v;
};
/** remote key */
export const rethRkey = (m: Uint8Array, o: number): number => ((m[o + 8] << 24) | (m[o + 9] << 16) | (m[o + 10] << 8) | m[o + 11]) >>> 0;
export const setRethRkey = (m: Uint8Array, o: number, v: number): void => {
  m[o + 8] = v >>> 24;
  m[o + 9] = v >>> 16;
  m[o + 10] = v >>> 8;
  m[o + 11] = v;
};
/** bytes of the whole message */
export const rethLength = (m: Uint8Array, o: number): number => ((m[o + 12] << 24) | (m[o + 13] << 16) | (m[o + 14] << 8) | m[o + 15]) >>> 0;
export const setRethLength = (m: Uint8Array, o: number, v: number): void => {
  m[o + 12] = v >>> 24;
  m[o + 13] = v >>> 16;
  m[o + 14] = v >>> 8;
  m[o + 15] = v;
};

// atomiceth: Atomic extended transport header (IBTA 9.3.4).
export const ATOMICETH_SIZE = 28;
export const ATOMICETH_ADDRESS_HI_OFFSET = 0x0;
export const ATOMICETH_ADDRESS_LO_OFFSET = 0x4;
export const ATOMICETH_RKEY_OFFSET = 0x8;
export const ATOMICETH_SWAP_ADD_HI_OFFSET = 0xc;
export const ATOMICETH_SWAP_ADD_LO_OFFSET = 0x10;
export const ATOMICETH_COMPARE_HI_OFFSET = 0x14;
export const ATOMICETH_COMPARE_LO_OFFSET = 0x18;
/** virtual address, high half */
export const atomicethAddressHi = (m: Uint8Array, o: number): number => ((m[o] << 24) | (m[o + 1] << 16) | (m[o + 2] << 8) | m[o + 3]) >>> 0;
export const setAtomicethAddressHi = (m: Uint8Array, o: number, v: number): void => {
  m[o + 0] = v >>> 24;
  m[o + 1] = v >>> 16;
  m[o + 2] = v >>> 8;
  m[o + 3] = v;
};
/** low half */
export const atomicethAddressLo = (m: Uint8Array, o: number): number => ((m[o + 4] << 24) | (m[o + 5] << 16) | (m[o + 6] << 8) | m[o + 7]) >>> 0;
export const setAtomicethAddressLo = (m: Uint8Array, o: number, v: number): void => {
  m[o + 4] = v >>> 24;
  m[o + 5] = v >>> 16;
  m[o + 6] = v >>> 8;
  m[o + 7] = v;
};
/** remote key */
export const atomicethRkey = (m: Uint8Array, o: number): number => ((m[o + 8] << 24) | (m[o + 9] << 16) | (m[o + 10] << 8) | m[o + 11]) >>> 0;
export const setAtomicethRkey = (m: Uint8Array, o: number, v: number): void => {
  m[o + 8] = v >>> 24;
  m[o + 9] = v >>> 16;
  m[o + 10] = v >>> 8;
  m[o + 11] = v;
};
/** swap or add data, high half */
export const atomicethSwapAddHi = (m: Uint8Array, o: number): number => ((m[o + 12] << 24) | (m[o + 13] << 16) | (m[o + 14] << 8) | m[o + 15]) >>> 0;
export const setAtomicethSwapAddHi = (m: Uint8Array, o: number, v: number): void => {
  m[o + 12] = v >>> 24;
  m[o + 13] = v >>> 16;
  m[o + 14] = v >>> 8;
  m[o + 15] = v;
};
/** low half */
export const atomicethSwapAddLo = (m: Uint8Array, o: number): number => ((m[o + 16] << 24) | (m[o + 17] << 16) | (m[o + 18] << 8) | m[o + 19]) >>> 0;
export const setAtomicethSwapAddLo = (m: Uint8Array, o: number, v: number): void => {
  m[o + 16] = v >>> 24;
  m[o + 17] = v >>> 16;
  m[o + 18] = v >>> 8;
  m[o + 19] = v;
};
/** compare data, high half */
export const atomicethCompareHi = (m: Uint8Array, o: number): number => ((m[o + 20] << 24) | (m[o + 21] << 16) | (m[o + 22] << 8) | m[o + 23]) >>> 0;
export const setAtomicethCompareHi = (m: Uint8Array, o: number, v: number): void => {
  m[o + 20] = v >>> 24;
  m[o + 21] = v >>> 16;
  m[o + 22] = v >>> 8;
  m[o + 23] = v;
};
/** low half */
export const atomicethCompareLo = (m: Uint8Array, o: number): number => ((m[o + 24] << 24) | (m[o + 25] << 16) | (m[o + 26] << 8) | m[o + 27]) >>> 0;
export const setAtomicethCompareLo = (m: Uint8Array, o: number, v: number): void => {
  m[o + 24] = v >>> 24;
  m[o + 25] = v >>> 16;
  m[o + 26] = v >>> 8;
  m[o + 27] = v;
};

// atomicacketh: Atomic acknowledge extended transport header (IBTA 9.3.5.3).
export const ATOMICACKETH_SIZE = 8;
export const ATOMICACKETH_ORIGINAL_HI_OFFSET = 0x0;
export const ATOMICACKETH_ORIGINAL_LO_OFFSET = 0x4;
/** value before the operation, high half */
export const atomicackethOriginalHi = (m: Uint8Array, o: number): number => ((m[o] << 24) | (m[o + 1] << 16) | (m[o + 2] << 8) | m[o + 3]) >>> 0;
export const setAtomicackethOriginalHi = (m: Uint8Array, o: number, v: number): void => {
  m[o + 0] = v >>> 24;
  m[o + 1] = v >>> 16;
  m[o + 2] = v >>> 8;
  m[o + 3] = v;
};
/** low half */
export const atomicackethOriginalLo = (m: Uint8Array, o: number): number => ((m[o + 4] << 24) | (m[o + 5] << 16) | (m[o + 6] << 8) | m[o + 7]) >>> 0;
export const setAtomicackethOriginalLo = (m: Uint8Array, o: number, v: number): void => {
  m[o + 4] = v >>> 24;
  m[o + 5] = v >>> 16;
  m[o + 6] = v >>> 8;
  m[o + 7] = v;
};

// immdt: Immediate extended transport header (IBTA 9.3.6).
export const IMMDT_SIZE = 4;
export const IMMDT_IMMEDIATE_OFFSET = 0x0;
/** immediate data */
export const immdtImmediate = (m: Uint8Array, o: number): number => ((m[o] << 24) | (m[o + 1] << 16) | (m[o + 2] << 8) | m[o + 3]) >>> 0;
export const setImmdtImmediate = (m: Uint8Array, o: number, v: number): void => {
  m[o + 0] = v >>> 24;
  m[o + 1] = v >>> 16;
  m[o + 2] = v >>> 8;
  m[o + 3] = v;
};

// ieth: Invalidate extended transport header (IBTA 9.3.7).
export const IETH_SIZE = 4;
export const IETH_RKEY_OFFSET = 0x0;
/** key to invalidate */
export const iethRkey = (m: Uint8Array, o: number): number => ((m[o] << 24) | (m[o + 1] << 16) | (m[o + 2] << 8) | m[o + 3]) >>> 0;
export const setIethRkey = (m: Uint8Array, o: number, v: number): void => {
  m[o + 0] = v >>> 24;
  m[o + 1] = v >>> 16;
  m[o + 2] = v >>> 8;
  m[o + 3] = v;
};

// deth: Datagram extended transport header (IBTA 9.3.2).
export const DETH_SIZE = 8;
export const DETH_QKEY_OFFSET = 0x0;
export const DETH_SOURCE_OFFSET = 0x4;
/** Q_Key */
export const dethQkey = (m: Uint8Array, o: number): number => ((m[o] << 24) | (m[o + 1] << 16) | (m[o + 2] << 8) | m[o + 3]) >>> 0;
export const setDethQkey = (m: Uint8Array, o: number, v: number): void => {
  m[o + 0] = v >>> 24;
  m[o + 1] = v >>> 16;
  m[o + 2] = v >>> 8;
  m[o + 3] = v;
};
/** source queue pair */
export const dethSource = (m: Uint8Array, o: number): number => ((m[o + 4] << 24) | (m[o + 5] << 16) | (m[o + 6] << 8) | m[o + 7]) >>> 0;
export const setDethSource = (m: Uint8Array, o: number, v: number): void => {
  m[o + 4] = v >>> 24;
  m[o + 5] = v >>> 16;
  m[o + 6] = v >>> 8;
  m[o + 7] = v;
};
/** queue pair */
export const dethSourceQpn = (m: Uint8Array, o: number): number => ((m[o + 4] << 24) | (m[o + 5] << 16) | (m[o + 6] << 8) | m[o + 7]) & 0xffffff;
export const setDethSourceQpn = (m: Uint8Array, o: number, v: number): void => setDethSource(m, o, ((((m[o + 4] << 24) | (m[o + 5] << 16) | (m[o + 6] << 8) | m[o + 7]) & 0xff000000) | (v & 0xffffff)) >>> 0);
/** zero */
export const dethSourceReserved = (m: Uint8Array, o: number): number => (((m[o + 4] << 24) | (m[o + 5] << 16) | (m[o + 6] << 8) | m[o + 7]) >>> 24);
export const setDethSourceReserved = (m: Uint8Array, o: number, v: number): void => setDethSource(m, o, ((((m[o + 4] << 24) | (m[o + 5] << 16) | (m[o + 6] << 8) | m[o + 7]) & 0xffffff) | ((v & 0xff) << 24)) >>> 0);
