// SPDX-License-Identifier: MIT
// The port: its state, and rate and hold of its link.
import * as abi from '../../abi/generated/commands.js';
import { CommandCode, Hold, Mtu } from '../../abi/generated/commands.js';
import { EventType, MAX_MESSAGE_BYTES } from '../../abi/generated/descriptors.js';
import * as s from '../../abi/generated/state.js';
import { type Core, Step } from '../core.js';
import { tellPort } from '../events.js';
import { badParameter, type Handler, settled, zeroFrom } from './context.js';

const TWO_32 = 2 ** 32;

export const queryPort: Handler = c => {
  if (!zeroFrom(c.input, 0)) return badParameter(c, 'reserved');
  const { m } = c.core;
  const { output } = c;
  abi.setCmdPortOutState(output, 0, portState(m));
  abi.setCmdPortOutMtu(output, 0, Mtu.MTU_4096);
  abi.setCmdPortOutGidEntries(output, 0, s.GID_COUNT);
  abi.setCmdPortOutPkeyEntries(output, 0, 1);
  abi.setCmdPortOutMaxMessage(output, 0, MAX_MESSAGE_BYTES);
  abi.setCmdPortOutBadQkeys(output, 0, s.stPortRxQkey(m, 0) % TWO_32);
  abi.setCmdPortOutBadPkeys(output, 0, s.stPortRxPkey(m, 0) % TWO_32);
  abi.setCmdPortOutSpeedMbps(output, 0, s.stRateMbps(m, 0));
  return CommandCode.OK;
};

export const portState = (m: Uint32Array): abi.PortState =>
  (s.stHold(m, 0) & Hold.PORT) === 0 ? abi.PortState.ACTIVE : abi.PortState.DOWN;

export const RATE_MAX_MBPS = 1_000_000;
export const HOLDS = Hold.LINK | Hold.ENGINE | Hold.PORT;

export const setLink: Handler = c => {
  const hold = abi.cmdLinkHold(c.input, 0);
  const rate = abi.cmdLinkRateMbps(c.input, 0);
  if (hold > HOLDS) return badParameter(c, 'hold');
  if (rate > RATE_MAX_MBPS) return badParameter(c, 'rate_mbps');
  if (!zeroFrom(c.input, abi.CMD_LINK_PACKETS_SENT_OFFSET)) return badParameter(c, 'reserved');
  s.putStRateMbps(c.core.journal, 0, rate);
  return settled(putHold(c.core, hold));
};

/** A new hold mask; that the port went down or came up is told. */
export function putHold(core: Core, hold: number): Step {
  const before = portState(core.m);
  s.putStHold(core.journal, 0, hold);
  const after = portState(core.m);
  if (after === before) return Step.DONE;
  return tellPort(core, after === abi.PortState.ACTIVE ? EventType.PORT_ACTIVE : EventType.PORT_ERROR);
}

export const queryLink: Handler = c => {
  if (!zeroFrom(c.input, 0)) return badParameter(c, 'reserved');
  const { m } = c.core;
  abi.setCmdLinkHold(c.output, 0, s.stHold(m, 0));
  abi.setCmdLinkRateMbps(c.output, 0, s.stRateMbps(m, 0));
  abi.setCmdLinkPacketsSent(c.output, 0, s.stCountPackets(m, 0));
  return CommandCode.OK;
};
