// SPDX-License-Identifier: MIT
// The packets of a capture, read back from the pcapng file (IETF draft-ietf-opsawg-pcapng: enhanced packet blocks).
import { readFileSync } from 'node:fs';
import { ParsedPacket } from '../../device/fabric/parse.js';

const ENHANCED_PACKET = 6;
const CAPTURED_LENGTH_AT = 20;
const DATA_AT = 28;

/** One packet of the wire, in the order of the capture. */
export interface WirePacket {
  readonly opcode: number;
  readonly destinationQpn: number;
  readonly psn: number;
  readonly payload: Uint8Array;
}

/** The frames of a capture, from the Ethernet header on. */
export function framesOf(path: string): Uint8Array[] {
  const file = readFileSync(path);
  const found: Uint8Array[] = [];
  for (let at = 0; at < file.length; at += file.readUInt32LE(at + 4)) {
    if (file.readUInt32LE(at) === ENHANCED_PACKET)
      found.push(file.subarray(at + DATA_AT, at + DATA_AT + file.readUInt32LE(at + CAPTURED_LENGTH_AT)));
  }
  return found;
}

export function packetsOf(path: string): WirePacket[] {
  const found: WirePacket[] = [];
  const parsed = new ParsedPacket();
  for (const frame of framesOf(path)) {
    const fault = parsed.parse(frame, frame.length);
    if (fault !== undefined) throw new Error(`frame ${found.length} of ${path}: ${fault}`);
    found.push({
      opcode: parsed.opcode,
      destinationQpn: parsed.destinationQpn,
      psn: parsed.psn,
      payload: Uint8Array.from(
        frame.subarray(parsed.payloadOffset, parsed.payloadOffset + parsed.payloadLength),
      ),
    });
  }
  return found;
}
