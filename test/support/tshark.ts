// SPDX-License-Identifier: MIT
// The independent decoder. It is installed when it is missing: a test that needs it is never skipped.
import { ensureTool } from '../../device/vm/host-tools.js';
import { runCommand } from '../../device/vm/process.js';

/**
 * Protocols above InfiniBand that tshark guesses at from any payload of a SEND. Ours is not theirs: RPC over RDMA even
 * reports the malformed packet that it looked for in a short payload.
 */
const GUESSED = [
  'smc',
  'smb_direct',
  'rpcordma',
  'nvme-rdma',
  'lnet',
  'iser',
  'infiniband.eoib',
  'infiniband_sdp',
  'fcoib',
];

/** Flags are words since tshark 4.2, and were digits before. */
const FLAGS: Readonly<Record<string, string>> = { True: '1', False: '0' };

/** The named fields of every frame in a capture, as tshark prints them ('' where a frame has no such field; flags 1 or 0). */
export async function tsharkFields(
  path: string,
  fields: readonly string[],
  filter = '',
): Promise<string[][]> {
  const tool = await ensureTool('tshark');
  const quiet = GUESSED.flatMap(protocol => ['--disable-protocol', protocol]);
  // Nor is a payload that happens to begin with the bytes of an EtherType an Ethernet frame.
  quiet.push('--disable-heuristic', 'eth_over_ib');
  // RoCEv2 leaves the UDP checksum out, over IPv6 too (IBTA A17.3.1.2, RFC 6935).
  quiet.push('-o', 'udp.ignore_ipv6_zero_checksum:TRUE');
  const columns = fields.flatMap(field => ['-e', field]);
  const args = ['-n', ...quiet, '-r', path, '-T', 'fields', '-E', 'separator=|', ...columns];
  const { stdout } = await runCommand(tool, filter === '' ? args : [...args, '-Y', filter]);
  return stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => line.split('|').map(value => FLAGS[value] ?? value));
}

/** Frames that tshark finds malformed, or has an error to say about, by number. */
export async function tsharkComplaints(path: string): Promise<string[][]> {
  return tsharkFields(
    path,
    ['frame.number', '_ws.expert.message'],
    '_ws.malformed || _ws.expert.severity >= "Warning"',
  );
}
