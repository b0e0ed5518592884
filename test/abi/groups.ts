// SPDX-License-Identifier: MIT
// Every declaration beside the accessors that were generated from it.
import { commandsGroup } from '../../device/abi/commands.js';
import { descriptorsGroup } from '../../device/abi/descriptors.js';
import * as commands from '../../device/abi/generated/commands.js';
import * as descriptors from '../../device/abi/generated/descriptors.js';
import * as messages from '../../device/abi/generated/messages.js';
import * as packets from '../../device/abi/generated/packets.js';
import * as registers from '../../device/abi/generated/registers.js';
import * as ring from '../../device/abi/generated/ring.js';
import * as state from '../../device/abi/generated/state.js';
import type { Group } from '../../device/abi/layout.js';
import { messagesGroup } from '../../device/abi/messages.js';
import { packetsGroup } from '../../device/abi/packets.js';
import { registersGroup } from '../../device/abi/registers.js';
import { ringGroup } from '../../device/abi/ring.js';
import { stateGroup } from '../../device/abi/state.js';

export interface GroupUnderTest {
  readonly group: Group;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly bigEndian: boolean;
}

export const groups: readonly GroupUnderTest[] = [
  { group: commandsGroup, exports: commands, bigEndian: false },
  { group: descriptorsGroup, exports: descriptors, bigEndian: false },
  { group: messagesGroup, exports: messages, bigEndian: false },
  { group: packetsGroup, exports: packets, bigEndian: true },
  { group: registersGroup, exports: registers, bigEndian: false },
  { group: ringGroup, exports: ring, bigEndian: false },
  { group: stateGroup, exports: state, bigEndian: false },
];
