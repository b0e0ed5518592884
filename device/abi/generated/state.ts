// SPDX-License-Identifier: MIT
// Generated from device/abi/state.ts by "npm run generate"; do not edit.

/** layout version */
export const STATE_VERSION = 1;
