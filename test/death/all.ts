// SPDX-License-Identifier: MIT
import { COMMANDS } from './scenarios-commands.js';
import { CONTROL } from './scenarios-control.js';
import { ERRORS } from './scenarios-errors.js';
import { LATE } from './scenarios-late.js';
import { MEMORY } from './scenarios-memory.js';
import { NETWORK } from './scenarios-network.js';
import { OBJECTS } from './scenarios-objects.js';
import { PCI } from './scenarios-pci.js';
import { RDMA } from './scenarios-rdma.js';
import { WORK } from './scenarios-work.js';

/** Everything that the enumerator plays. */
export const SCENARIOS = [
  ...WORK,
  ...RDMA,
  ...NETWORK,
  ...ERRORS,
  ...MEMORY,
  ...COMMANDS,
  ...OBJECTS,
  ...LATE,
  ...CONTROL,
  ...PCI,
];
