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
    enumeration('bth_opcode', 'BTH opcodes of the reliable connection service (IBTA table 38)', {
      RC_SEND_FIRST: [0x00, 'first packet of several'],
      RC_SEND_MIDDLE: [0x01, 'neither first nor last'],
      RC_SEND_LAST: [0x02, 'last packet of several'],
      RC_SEND_ONLY: [0x04, 'a message of one packet'],
      RC_ACKNOWLEDGE: [0x11, 'acknowledgement, followed by an AETH'],
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
  ],
};
