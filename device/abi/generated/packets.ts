// SPDX-License-Identifier: MIT
// Generated from device/abi/packets.ts by "npm run generate"; do not edit.

/** IPv4 */
export const ETHERTYPE_IPV4 = 0x800;
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

/** BTH opcodes of the reliable connection service (IBTA table 38) */
export const BthOpcode = {
  /** first packet of several */
  RC_SEND_FIRST: 0,
  /** neither first nor last */
  RC_SEND_MIDDLE: 1,
  /** last packet of several */
  RC_SEND_LAST: 2,
  /** a message of one packet */
  RC_SEND_ONLY: 4,
  /** acknowledgement, followed by an AETH */
  RC_ACKNOWLEDGE: 17,
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
export const ipv4VersionIhlIhl = (m: Uint8Array, o: number): number => ipv4VersionIhl(m, o) & 0xf;
export const setIpv4VersionIhlIhl = (m: Uint8Array, o: number, v: number): void => setIpv4VersionIhl(m, o, ((ipv4VersionIhl(m, o) & 0xfffffff0) | (v & 0xf)) >>> 0);
/** 4 */
export const ipv4VersionIhlVersion = (m: Uint8Array, o: number): number => (ipv4VersionIhl(m, o) >>> 4) & 0xf;
export const setIpv4VersionIhlVersion = (m: Uint8Array, o: number, v: number): void => setIpv4VersionIhl(m, o, ((ipv4VersionIhl(m, o) & 0xffffff0f) | ((v & 0xf) << 4)) >>> 0);
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
export const bthFlagsVersion = (m: Uint8Array, o: number): number => bthFlags(m, o) & 0xf;
export const setBthFlagsVersion = (m: Uint8Array, o: number, v: number): void => setBthFlags(m, o, ((bthFlags(m, o) & 0xfffffff0) | (v & 0xf)) >>> 0);
/** pad bytes before the ICRC */
export const bthFlagsPadCount = (m: Uint8Array, o: number): number => (bthFlags(m, o) >>> 4) & 0x3;
export const setBthFlagsPadCount = (m: Uint8Array, o: number, v: number): void => setBthFlags(m, o, ((bthFlags(m, o) & 0xffffffcf) | ((v & 0x3) << 4)) >>> 0);
/** MigReq */
export const bthFlagsMigrated = (m: Uint8Array, o: number): number => (bthFlags(m, o) >>> 6) & 0x1;
export const setBthFlagsMigrated = (m: Uint8Array, o: number, v: number): void => setBthFlags(m, o, ((bthFlags(m, o) & 0xffffffbf) | ((v & 0x1) << 6)) >>> 0);
/** solicited event */
export const bthFlagsSolicited = (m: Uint8Array, o: number): number => (bthFlags(m, o) >>> 7) & 0x1;
export const setBthFlagsSolicited = (m: Uint8Array, o: number, v: number): void => setBthFlags(m, o, ((bthFlags(m, o) & 0xffffff7f) | ((v & 0x1) << 7)) >>> 0);
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
export const bthDestinationQpn = (m: Uint8Array, o: number): number => bthDestination(m, o) & 0xffffff;
export const setBthDestinationQpn = (m: Uint8Array, o: number, v: number): void => setBthDestination(m, o, ((bthDestination(m, o) & 0xff000000) | (v & 0xffffff)) >>> 0);
/** not covered by the ICRC */
export const bthDestinationReserved = (m: Uint8Array, o: number): number => (bthDestination(m, o) >>> 24);
export const setBthDestinationReserved = (m: Uint8Array, o: number, v: number): void => setBthDestination(m, o, ((bthDestination(m, o) & 0xffffff) | ((v & 0xff) << 24)) >>> 0);
/** packet sequence number */
export const bthSequence = (m: Uint8Array, o: number): number => ((m[o + 8] << 24) | (m[o + 9] << 16) | (m[o + 10] << 8) | m[o + 11]) >>> 0;
export const setBthSequence = (m: Uint8Array, o: number, v: number): void => {
  m[o + 8] = v >>> 24;
  m[o + 9] = v >>> 16;
  m[o + 10] = v >>> 8;
  m[o + 11] = v;
};
/** PSN */
export const bthSequencePsn = (m: Uint8Array, o: number): number => bthSequence(m, o) & 0xffffff;
export const setBthSequencePsn = (m: Uint8Array, o: number, v: number): void => setBthSequence(m, o, ((bthSequence(m, o) & 0xff000000) | (v & 0xffffff)) >>> 0);
/** zero */
export const bthSequenceReserved = (m: Uint8Array, o: number): number => (bthSequence(m, o) >>> 24) & 0x7f;
export const setBthSequenceReserved = (m: Uint8Array, o: number, v: number): void => setBthSequence(m, o, ((bthSequence(m, o) & 0x80ffffff) | ((v & 0x7f) << 24)) >>> 0);
/** acknowledgement requested */
export const bthSequenceAckRequest = (m: Uint8Array, o: number): number => (bthSequence(m, o) >>> 31);
export const setBthSequenceAckRequest = (m: Uint8Array, o: number, v: number): void => setBthSequence(m, o, ((bthSequence(m, o) & 0x7fffffff) | ((v & 0x1) << 31)) >>> 0);

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
export const aethWordMsn = (m: Uint8Array, o: number): number => aethWord(m, o) & 0xffffff;
export const setAethWordMsn = (m: Uint8Array, o: number, v: number): void => setAethWord(m, o, ((aethWord(m, o) & 0xff000000) | (v & 0xffffff)) >>> 0);
/** syndrome */
export const aethWordSyndrome = (m: Uint8Array, o: number): number => (aethWord(m, o) >>> 24);
export const setAethWordSyndrome = (m: Uint8Array, o: number, v: number): void => setAethWord(m, o, ((aethWord(m, o) & 0xffffff) | ((v & 0xff) << 24)) >>> 0);
