// SPDX-License-Identifier: MIT
// Headers of a RoCEv2 packet, big endian: Ethernet (IEEE 802.3), IPv4 (RFC 791), UDP (RFC 768), and the InfiniBand
// transport headers (IBTA volume 1: BTH 9.2, AETH 9.3.5; annex A17 for RoCEv2). The ICRC (4 bytes) ends the packet.
import { bits, bytes, constant, enumeration, type Group, struct, u8, u16, u32 } from './layout.js';

export const packetsGroup: Group = {
  name: 'packets',
  title: 'Packets',
  doc: 'Ethernet, IPv4, UDP to port 4791, base transport header, payload padded to 4 bytes, ICRC.',
  constants: [
    constant('ETHERTYPE_IPV4', 0x0800, 'IPv4'),
    constant('ETHERTYPE_IPV6', 0x86dd, 'IPv6'),
    constant('IP_PROTOCOL_UDP', 17, 'UDP'),
    constant('ROCE_UDP_PORT', 4791, 'destination port of RoCEv2 (IBTA annex A17)'),
    constant('ICRC_BYTES', 4, 'invariant CRC at the end'),
    constant(
      'ACK_SYNDROME',
      0x1f,
      'AETH syndrome of an acknowledgement with no credit limit (IBTA table 45)',
    ),
    constant('NAK_PSN', 0x60, 'AETH syndrome: PSN sequence error'),
    constant('NAK_INVALID_REQUEST', 0x61, 'AETH syndrome: invalid request'),
    constant('NAK_REMOTE_ACCESS', 0x62, 'AETH syndrome: remote access error'),
    constant('NAK_REMOTE_OPERATION', 0x63, 'AETH syndrome: remote operational error'),
    constant('PSN_BITS', 24, 'width of a packet sequence number'),
  ],
  enumerations: [
    enumeration('bth_opcode', 'BTH opcodes (IBTA table 38); UC: the same plus 0x20', {
      RC_SEND_FIRST: [0x00, 'first packet of several'],
      RC_SEND_MIDDLE: [0x01, 'neither first nor last'],
      RC_SEND_LAST: [0x02, 'last packet of several'],
      RC_SEND_LAST_IMM: [0x03, 'the same, with immediate data'],
      RC_SEND_ONLY: [0x04, 'a message of one packet'],
      RC_SEND_ONLY_IMM: [0x05, 'the same, with immediate data'],
      RC_WRITE_FIRST: [0x06, 'RETH: address, key and length of the whole message'],
      RC_WRITE_MIDDLE: [0x07, 'payload alone'],
      RC_WRITE_LAST: [0x08, 'payload alone'],
      RC_WRITE_LAST_IMM: [0x09, 'with immediate data'],
      RC_WRITE_ONLY: [0x0a, 'RETH'],
      RC_WRITE_ONLY_IMM: [0x0b, 'RETH and immediate data'],
      RC_READ_REQUEST: [0x0c, 'RETH, no payload'],
      RC_READ_RESPONSE_FIRST: [0x0d, 'AETH'],
      RC_READ_RESPONSE_MIDDLE: [0x0e, 'payload alone'],
      RC_READ_RESPONSE_LAST: [0x0f, 'AETH'],
      RC_READ_RESPONSE_ONLY: [0x10, 'AETH'],
      RC_ACKNOWLEDGE: [0x11, 'acknowledgement, followed by an AETH'],
      RC_ATOMIC_ACKNOWLEDGE: [0x12, 'AETH and AtomicAckETH'],
      RC_CMP_SWAP: [0x13, 'AtomicETH'],
      RC_FETCH_ADD: [0x14, 'AtomicETH'],
      RC_SEND_LAST_INV: [0x16, 'IETH: key to invalidate'],
      RC_SEND_ONLY_INV: [0x17, 'IETH: key to invalidate'],
      UC_SEND_FIRST: [0x20, 'as RC'],
      UC_SEND_MIDDLE: [0x21, 'as RC'],
      UC_SEND_LAST: [0x22, 'as RC'],
      UC_SEND_LAST_IMM: [0x23, 'as RC'],
      UC_SEND_ONLY: [0x24, 'as RC'],
      UC_SEND_ONLY_IMM: [0x25, 'as RC'],
      UC_WRITE_FIRST: [0x26, 'as RC'],
      UC_WRITE_MIDDLE: [0x27, 'as RC'],
      UC_WRITE_LAST: [0x28, 'as RC'],
      UC_WRITE_LAST_IMM: [0x29, 'as RC'],
      UC_WRITE_ONLY: [0x2a, 'as RC'],
      UC_WRITE_ONLY_IMM: [0x2b, 'as RC'],
      UD_SEND_ONLY: [0x64, 'DETH'],
      UD_SEND_ONLY_IMM: [0x65, 'DETH and immediate data'],
    }),
  ],
  structs: [
    struct('wire', 'eth', 14, 'Ethernet header.', [
      bytes('destination', 6, 'MAC address'),
      bytes('source', 6, 'MAC address'),
      u16('ethertype', 'ETHERTYPE_IPV4'),
    ]),
    struct('wire', 'ipv4', 20, 'IPv4 header without options.', [
      u8('version_ihl', 'version and header length', {
        bits: [bits('ihl', 0, 4, 'words: 5'), bits('version', 4, 4, '4')],
      }),
      u8('tos', 'DSCP and ECN'),
      u16('total_length', 'bytes from here to the end of the ICRC'),
      u16('identification', 'identification'),
      u16('fragment', 'flags and fragment offset: 0x4000, do not fragment'),
      u8('ttl', 'time to live'),
      u8('protocol', 'IP_PROTOCOL_UDP'),
      u16('checksum', 'header checksum'),
      u32('source', 'IPv4 address'),
      u32('destination', 'IPv4 address'),
    ]),
    struct('wire', 'udp', 8, 'UDP header.', [
      u16('source_port', 'flow entropy, 0xc000 to 0xffff'),
      u16('destination_port', 'ROCE_UDP_PORT'),
      u16('length', 'bytes from here to the end of the ICRC'),
      u16('checksum', 'zero: none (IBTA annex A17)'),
    ]),
    struct('wire', 'bth', 12, 'Base transport header.', [
      u8('opcode', 'see the table of BTH opcodes'),
      u8('flags', 'solicited event, migration, pad, version', {
        bits: [
          bits('version', 0, 4, 'transport version: 0'),
          bits('pad_count', 4, 2, 'pad bytes before the ICRC'),
          bits('migrated', 6, 1, 'MigReq'),
          bits('solicited', 7, 1, 'solicited event'),
        ],
      }),
      u16('partition', 'partition key: 0xffff'),
      u32('destination', 'destination queue pair', {
        bits: [bits('qpn', 0, 24, 'queue pair'), bits('reserved', 24, 8, 'not covered by the ICRC')],
      }),
      u32('sequence', 'packet sequence number', {
        bits: [
          bits('psn', 0, 24, 'PSN'),
          bits('reserved', 24, 7, 'zero'),
          bits('ack_request', 31, 1, 'acknowledgement requested'),
        ],
      }),
    ]),
    struct('wire', 'aeth', 4, 'Acknowledge extended transport header.', [
      u32('word', 'syndrome and message sequence number', {
        bits: [bits('msn', 0, 24, 'MSN'), bits('syndrome', 24, 8, 'syndrome')],
      }),
    ]),
    struct('wire', 'ipv6', 40, 'IPv6 header (RFC 8200).', [
      u32('word', 'version, traffic class, flow label', {
        bits: [
          bits('flow_label', 0, 20, 'flow label'),
          bits('traffic_class', 20, 8, 'DSCP and ECN'),
          bits('version', 28, 4, '6'),
        ],
      }),
      u16('payload_length', 'bytes after this header, to the end of the ICRC'),
      u8('next_header', 'IP_PROTOCOL_UDP'),
      u8('hop_limit', 'hop limit'),
      bytes('source', 16, 'IPv6 address'),
      bytes('destination', 16, 'IPv6 address'),
    ]),
    struct('wire', 'reth', 16, 'RDMA extended transport header (IBTA 9.3.3).', [
      u32('address_hi', 'virtual address, high half'),
      u32('address_lo', 'low half'),
      u32('rkey', 'remote key'),
      u32('length', 'bytes of the whole message'),
    ]),
    struct('wire', 'atomiceth', 28, 'Atomic extended transport header (IBTA 9.3.4).', [
      u32('address_hi', 'virtual address, high half'),
      u32('address_lo', 'low half'),
      u32('rkey', 'remote key'),
      u32('swap_add_hi', 'swap or add data, high half'),
      u32('swap_add_lo', 'low half'),
      u32('compare_hi', 'compare data, high half'),
      u32('compare_lo', 'low half'),
    ]),
    struct('wire', 'atomicacketh', 8, 'Atomic acknowledge extended transport header (IBTA 9.3.5.3).', [
      u32('original_hi', 'value before the operation, high half'),
      u32('original_lo', 'low half'),
    ]),
    struct('wire', 'immdt', 4, 'Immediate extended transport header (IBTA 9.3.6).', [
      u32('immediate', 'immediate data'),
    ]),
    struct('wire', 'ieth', 4, 'Invalidate extended transport header (IBTA 9.3.7).', [
      u32('rkey', 'key to invalidate'),
    ]),
    struct('wire', 'deth', 8, 'Datagram extended transport header (IBTA 9.3.2).', [
      u32('qkey', 'Q_Key'),
      u32('source', 'source queue pair', {
        bits: [bits('qpn', 0, 24, 'queue pair'), bits('reserved', 24, 8, 'zero')],
      }),
    ]),
  ],
};
