// SPDX-License-Identifier: MIT
// Address vectors: where packets of a connection or an address handle go. The same words stand in MODIFY_QP, CREATE_AH
// and in the rows of queue pairs and address handles, so one set of accessors serves all, at a shifted place.
import {
  CMD_AH_DGID_OFFSET,
  CMD_AH_SGID_INDEX_OFFSET,
  CMD_AH_UDP_SPORT_OFFSET,
  CMD_MODIFY_QP_SGID_INDEX_OFFSET,
  CMD_QP_OUT_SGID_INDEX_OFFSET,
  cmdAhFlowLabel,
  cmdAhHopLimit,
  cmdAhSgidIndex,
  cmdAhTrafficClass,
  cmdAhUdpSport,
  setCmdAhFlowLabel,
  setCmdAhHopLimit,
  setCmdAhSgidIndex,
  setCmdAhTrafficClass,
  setCmdAhUdpSport,
} from '../../abi/generated/commands.js';
import {
  AH_DGID_OFFSET,
  AH_SGID_INDEX_OFFSET,
  ahDmacHi,
  ahDmacLo,
  ahFlowLabel,
  ahHopLimit,
  ahSgidIndex,
  ahTrafficClass,
  ahUdpSport,
  GID_GID_OFFSET,
  putAhDmacHi,
  putAhDmacLo,
  putAhFlowLabel,
  putAhHopLimit,
  putAhSgidIndex,
  putAhTrafficClass,
  putAhUdpSport,
  QP_SGID_INDEX_OFFSET,
} from '../../abi/generated/state.js';
import type { Journal } from '../journal.js';
import { gidRow, NONE } from '../rows.js';

/** Where a cmd_ah would begin whose address vector is the one of MODIFY_QP, or that of the output of QUERY_QP. */
export const IN_AH = 0;
export const IN_MODIFY_QP = (CMD_MODIFY_QP_SGID_INDEX_OFFSET - CMD_AH_SGID_INDEX_OFFSET) / 4;
export const IN_QP_OUT = (CMD_QP_OUT_SGID_INDEX_OFFSET - CMD_AH_SGID_INDEX_OFFSET) / 4;
/** What is added to the row of a queue pair to get that of an address handle whose vector is the queue pair's. */
export const QP_AS_AH = (QP_SGID_INDEX_OFFSET - AH_SGID_INDEX_OFFSET) / 4;

const FIRST = CMD_AH_SGID_INDEX_OFFSET / 4;
const DGID = CMD_AH_DGID_OFFSET / 4;
const GID_WORDS = 4;
const DMAC = DGID + GID_WORDS;
/** The vector ends with the UDP source port, in the upper half of the last word. */
const END = (CMD_AH_UDP_SPORT_OFFSET + 2) / 4;
const FLOW_LABELS = 2 ** 20;
const SPORT_MIN = 0xc000;
const MAC_HALF = 65536;
const LIMIT_24 = 2 ** 24;
/** Bytes 8 to 11 of an IPv4-mapped GID, as a word (RFC 4291, 2.5.5.2). */
const MAPPED = 0xffff0000;

/** Whether the GID at word `at` stands for an IPv4 address. */
export const isIpv4Gid = (m: Uint32Array, at: number): boolean =>
  m[at] === 0 && m[at + 1] === 0 && m[at + 2] === MAPPED;

/** Everything of the address vector is zero: it is not given. */
export function noVector(input: Uint32Array, at: number): boolean {
  for (let n = FIRST; n < END; n++) if (input[at + n] !== 0) return false;
  return true;
}

/** The first field of the vector of the input that cannot be, if any. */
export function wrongVector(m: Uint32Array, input: Uint32Array, at: number): string | undefined {
  if (input[at + FIRST] >= LIMIT_24) return 'reserved';
  if (cmdAhFlowLabel(input, at) >= FLOW_LABELS) return 'flow_label';
  const gid = gidRow(m, cmdAhSgidIndex(input, at));
  if (gid === NONE) return 'sgid_index';
  // Both ends speak the same version of IP; this refuses an unspecified address beside an IPv4 source as well.
  if (isIpv4Gid(m, gid + GID_GID_OFFSET / 4) !== isIpv4Gid(input, at + DGID)) return 'dgid';
  if (isZero(input, at + DGID)) return 'dgid';
  const port = cmdAhUdpSport(input, at);
  return port === 0 || port >= SPORT_MIN ? undefined : 'udp_sport';
}

const isZero = (words: Uint32Array, at: number): boolean =>
  words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0 && words[at + 3] === 0;

/** Takes the vector of the input into the row; `row` is that of an address handle, or as QP_AS_AH has it. */
export function takeVector(journal: Journal, row: number, input: Uint32Array, at: number): void {
  putAhSgidIndex(journal, row, cmdAhSgidIndex(input, at));
  putAhHopLimit(journal, row, cmdAhHopLimit(input, at));
  putAhTrafficClass(journal, row, cmdAhTrafficClass(input, at));
  putAhFlowLabel(journal, row, cmdAhFlowLabel(input, at));
  for (let n = 0; n < GID_WORDS; n++) journal.put(row + AH_DGID_OFFSET / 4 + n, input[at + DGID + n]);
  putAhDmacLo(journal, row, input[at + DMAC]);
  putAhDmacHi(journal, row, input[at + DMAC + 1] % MAC_HALF);
  putAhUdpSport(journal, row, cmdAhUdpSport(input, at));
}

/** The vector of the row, as a command answers it. */
export function tellVector(m: Uint32Array, row: number, output: Uint32Array, at: number): void {
  setCmdAhSgidIndex(output, at, ahSgidIndex(m, row));
  setCmdAhHopLimit(output, at, ahHopLimit(m, row));
  setCmdAhTrafficClass(output, at, ahTrafficClass(m, row));
  setCmdAhFlowLabel(output, at, ahFlowLabel(m, row));
  for (let n = 0; n < GID_WORDS; n++) output[at + DGID + n] = m[row + AH_DGID_OFFSET / 4 + n];
  output[at + DMAC] = ahDmacLo(m, row);
  output[at + DMAC + 1] = ahDmacHi(m, row);
  setCmdAhUdpSport(output, at, ahUdpSport(m, row));
}
