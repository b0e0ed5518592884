// SPDX-License-Identifier: MIT

/** Exit statuses of every command. */
export const Status = { OK: 0, FAIL: 1, USAGE: 2, INFRASTRUCTURE: 3, HANG: 124 } as const;

/** Ends the command with one line on standard error and an exit status. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly status: number;

  constructor(message: string, status: number = Status.INFRASTRUCTURE) {
    super(message);
    this.status = status;
  }
}
