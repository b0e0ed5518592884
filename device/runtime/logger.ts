// SPDX-License-Identifier: MIT
// Logs for people: one line each, on standard error.
import { inspect } from 'node:util';
import winston from 'winston';

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;

const plain = (value: unknown): string =>
  typeof value === 'string' && /^[^\s"]+$/.test(value)
    ? value
    : inspect(value, { breakLength: Number.POSITIVE_INFINITY });

const line = winston.format.printf(({ timestamp, level, message, ...fields }) => {
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${plain(value)}`);
  return [`${timestamp} ${level.padEnd(5)} ${message}`, ...rest].join(' ');
});

export function createLogger(level: string): winston.Logger {
  return winston.createLogger({
    level,
    format: winston.format.combine(winston.format.timestamp({ format: 'HH:mm:ss.SSS' }), line),
    transports: [new winston.transports.Console({ stderrLevels: [...LOG_LEVELS] })],
  });
}
