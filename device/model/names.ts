// SPDX-License-Identifier: MIT
// Numbers of the ABI as the names that the declarations give them, for people.

type Names = Readonly<Record<string, number>>;

/** The name of `value` in an enumeration of device/abi; a number without one as hexadecimal text. */
export function nameOf(enumeration: Names, value: number): string {
  const found = Object.entries(enumeration).find(([, v]) => v === value);
  return found?.[0] ?? `0x${value.toString(16)}`;
}
