// SPDX-License-Identifier: MIT
import { COMMANDS } from './scenarios-commands.js';
import { CONTROL } from './scenarios-control.js';
import { ERRORS } from './scenarios-errors.js';
import { MEMORY } from './scenarios-memory.js';
import { PCI } from './scenarios-pci.js';
import { WORK } from './scenarios-work.js';

/** Everything that the enumerator plays. */
export const SCENARIOS = [...WORK, ...ERRORS, ...MEMORY, ...COMMANDS, ...CONTROL, ...PCI];
