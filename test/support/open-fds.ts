// SPDX-License-Identifier: MIT
import { readdirSync } from 'node:fs';

/** Descriptors that this process has open: a test compares before and after to find leaks. */
export const openFds = (): number => readdirSync('/proc/self/fd').length;
