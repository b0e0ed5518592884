// SPDX-License-Identifier: MIT
// QEMU's pushbell-pci against back-ends that it must not work with: it says why, in words that help, and does not start.
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  EXTENSION_VERSION,
  F_PROTOCOL_FEATURES,
  FUNCTION_SIZE,
  HEADER_SIZE,
  headerFlagsNeedReply,
  headerRequest,
  headerSize,
  PROTOCOL_F_BACKEND_REQ,
  PROTOCOL_F_CONFIGURE_MEM_SLOTS,
  PROTOCOL_F_PCI_FUNCTION,
  PROTOCOL_F_REPLY_ACK,
  Request,
  setFunctionVersion,
  setHeaderFlagsReply,
  setHeaderFlagsVersion,
  setHeaderRequest,
  setHeaderSize,
} from '../../device/abi/generated/messages.js';
import { encodeDescription } from '../../device/vhost/pci-description.js';
import { runCommand } from '../../device/vm/process.js';
import { buildQemu, type QemuBuild } from '../../device/vm/qemu-build.js';
import { scratchDescription } from '../support/scratch-model.js';
import { temporaryDirectory } from '../support/temporary.js';

const DEADLINE_MS = 120_000;
const ALL_FEATURES = [
  PROTOCOL_F_REPLY_ACK,
  PROTOCOL_F_BACKEND_REQ,
  PROTOCOL_F_CONFIGURE_MEM_SLOTS,
  PROTOCOL_F_PCI_FUNCTION,
];

let qemu: QemuBuild;
test.before(async t => {
  t.timeout(900_000);
  qemu = await buildQemu();
});

interface Script {
  /** Protocol features that the back-end offers, by bit number. */
  readonly features: readonly number[];
  /** Payload of the reply to PCI_GET_FUNCTION. */
  readonly description: () => Uint8Array;
}

function bits(numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(8);
  for (const n of numbers) bytes[Math.floor(n / 8)] += 2 ** (n % 8);
  return bytes;
}

/** What a vhost-user back-end answers, told by hand. */
function answer(script: Script, request: number, needReply: boolean): Uint8Array | undefined {
  if (request === Request.GET_FEATURES) return bits([F_PROTOCOL_FEATURES]);
  if (request === Request.GET_PROTOCOL_FEATURES) return bits(script.features);
  if (request === Request.PCI_GET_FUNCTION) return script.description();
  return needReply ? new Uint8Array(8) : undefined;
}

function serve(script: Script, socket: Socket): void {
  let waiting = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', chunk => {
    waiting = Buffer.concat([waiting, chunk]);
    while (waiting.length >= HEADER_SIZE && waiting.length >= HEADER_SIZE + headerSize(waiting, 0)) {
      const request = headerRequest(waiting, 0);
      const payload = answer(script, request, headerFlagsNeedReply(waiting, 0) === 1);
      waiting = waiting.subarray(HEADER_SIZE + headerSize(waiting, 0));
      if (payload === undefined) continue;
      const header = new Uint8Array(HEADER_SIZE);
      setHeaderRequest(header, 0, request);
      setHeaderFlagsVersion(header, 0, 1);
      setHeaderFlagsReply(header, 0, 1);
      setHeaderSize(header, 0, payload.length);
      socket.write(Buffer.concat([header, payload]));
    }
  });
}

/** Starts QEMU with the device on `path`; resolves with what it complains when it ends, as it must. */
async function complaintOf(t: ExecutionContext, path: string): Promise<string> {
  const args = [
    '-L',
    qemu.firmwareDir,
    '-nodefaults',
    '-no-user-config',
    '-display',
    'none',
    '-accel',
    'qtest',
  ];
  args.push(
    '-machine',
    'q35,memory-backend=mem',
    '-m',
    '64M',
    '-object',
    'memory-backend-memfd,id=mem,size=64M,share=on',
  );
  args.push('-device', `pushbell-pci,socket=${path}`);
  const error = await t.throwsAsync(
    runCommand(qemu.binary, args, { signal: AbortSignal.timeout(DEADLINE_MS) }),
  );
  return String(error?.message);
}

async function refusedBy(t: ExecutionContext, script: Script): Promise<string> {
  t.timeout(DEADLINE_MS);
  const path = join(temporaryDirectory(t), 'odd.sock');
  const server = createServer(socket => serve(script, socket));
  await new Promise<void>(resolve => server.listen(path, resolve));
  try {
    return await complaintOf(t, path);
  } finally {
    server.close();
  }
}

function description(version: number): Uint8Array {
  const bytes = new Uint8Array(FUNCTION_SIZE);
  setFunctionVersion(bytes, 0, version);
  return bytes;
}

test('a back-end of another version is refused with both versions named', async t => {
  const text = await refusedBy(t, {
    features: ALL_FEATURES,
    description: () => description(EXTENSION_VERSION + 6),
  });
  t.regex(text, new RegExp(`version ${EXTENSION_VERSION + 6}`));
  t.regex(text, new RegExp(`\\b${EXTENSION_VERSION}\\b`));
});

test('a vhost-user back-end of something else is refused', async t => {
  const text = await refusedBy(t, {
    features: [PROTOCOL_F_REPLY_ACK],
    description: () => description(EXTENSION_VERSION),
  });
  t.regex(text, /PCI.?FUNCTION|feature/i);
});

for (const [what, bytes] of [
  ['empty', 0],
  ['short', FUNCTION_SIZE - 1],
] as const) {
  test(`a description that is ${what} is refused`, async t => {
    const short = description(EXTENSION_VERSION).subarray(0, bytes);
    const text = await refusedBy(t, { features: ALL_FEATURES, description: () => short });
    t.regex(text, /PCI_GET_FUNCTION|describe|description/);
  });
}

for (const link of [
  { speed: 6, width: 4 },
  { speed: 3, width: 5 },
  { speed: 0, width: 1 },
]) {
  test(`a link of speed ${link.speed} and width ${link.width} is refused`, async t => {
    const bytes = encodeDescription({ ...scratchDescription, link });
    const text = await refusedBy(t, { features: ALL_FEATURES, description: () => bytes });
    t.regex(text, new RegExp(`link of speed ${link.speed} and width ${link.width}`));
  });
}

test('nobody listens: the message says how to start a back-end', async t => {
  t.timeout(DEADLINE_MS);
  const text = await complaintOf(t, join(temporaryDirectory(t), 'nobody.sock'));
  t.regex(text, /pushbell serve --socket-path/);
});
