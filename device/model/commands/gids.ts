// SPDX-License-Identifier: MIT
// The GID table: the addresses of the port. Entry 0 is there from power-on (reset.ts).
import * as abi from '../../abi/generated/commands.js';
import { CommandCode, GidType } from '../../abi/generated/commands.js';
import * as s from '../../abi/generated/state.js';
import { tellGid } from '../events.js';
import { byteOf } from '../powers.js';
import { badParameter, type Handler, settled, zeroFrom } from './context.js';

const GID_AT = abi.CMD_SET_GID_GID_OFFSET / 4;
const GID_END = GID_AT + 4;
const MAC_AT = abi.CMD_SET_GID_MAC_OFFSET / 4;
const TYPE_WORD = abi.CMD_SET_GID_TYPE_OFFSET / 4;
const AFTER_VLAN = abi.CMD_SET_GID_VLAN_OFFSET + 2;
const NO_VLAN = 0xffff;
const MAC_HALF = 65536;
const MULTICAST_GID = 0xff;

export const setGid: Handler = c => {
  const { input } = c;
  const { journal, queues } = c.core;
  const wrong = wrongGid(input);
  if (wrong !== undefined) return badParameter(c, wrong);
  const index = abi.cmdSetGidIndex(input, 0);
  const row = s.GID_TABLE + index * s.GID_WORDS;
  const words = [abi.cmdSetGidType(input, 0), ...input.subarray(GID_AT, GID_END)];
  words.push(input[MAC_AT], input[MAC_AT + 1] % MAC_HALF);
  if (words.every((word, n) => word === c.core.m[row + n])) return CommandCode.OK;
  for (const [n, word] of words.entries()) journal.put(row + n, word);
  // Whoever waits for a peer may have lost the way to it.
  queues.unblockAll();
  return settled(tellGid(c.core, index));
};

/** The first field that cannot be, if any. An entry that is cleared has nothing but its type. */
function wrongGid(input: Uint32Array): string | undefined {
  const type = abi.cmdSetGidType(input, 0);
  if (abi.cmdSetGidIndex(input, 0) >= s.GID_COUNT) return 'index';
  if (input[TYPE_WORD] !== type || !zeroFrom(input, AFTER_VLAN)) return 'reserved';
  if (type !== GidType.NONE && type !== GidType.ROCE_V2) return 'type';
  if (type === GidType.NONE) return zeroFrom(input, abi.CMD_SET_GID_GID_OFFSET) ? undefined : 'gid';
  const gid = input.subarray(GID_AT, GID_END);
  if (gid.every(word => word === 0) || byteOf(gid[0], 0) === MULTICAST_GID) return 'gid';
  if (byteOf(input[MAC_AT], 0) % 2 === 1) return 'mac';
  const vlan = abi.cmdSetGidVlan(input, 0);
  return vlan === 0 || vlan === NO_VLAN ? undefined : 'vlan';
}

export const queryGid: Handler = c => {
  const { m } = c.core;
  const { output } = c;
  const index = abi.cmdSetGidIndex(c.input, 0);
  if (!zeroFrom(c.input, abi.CMD_SET_GID_TYPE_OFFSET)) return badParameter(c, 'reserved');
  if (index >= s.GID_COUNT) return badParameter(c, 'index');
  const row = s.GID_TABLE + index * s.GID_WORDS;
  abi.setCmdSetGidIndex(output, 0, index);
  abi.setCmdSetGidType(output, 0, s.gidType(m, row));
  for (let n = 0; n < 4; n++) output[GID_AT + n] = m[row + s.GID_GID_OFFSET / 4 + n];
  output[MAC_AT] = s.gidMacLo(m, row);
  output[MAC_AT + 1] = s.gidMacHi(m, row);
  return CommandCode.OK;
};
