// SPDX-License-Identifier: MIT
// QEMU against back-ends that break the rules in ways that a seed chooses, and against one that hangs up after any number
// of bytes, while QEMU starts and while it runs. PUSHBELL_SEED sets another seed, PUSHBELL_RUNS multiplies the runs
// (less than 1: some of the faults alone, and a connection that is cut at fewer places).
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import { withParent } from '../../device/vm/cleanup.js';
import { buildQemu, type QemuBuild } from '../../device/vm/qemu-build.js';
import { Dice } from '../fuzz/dice.js';
import { FAULTS, faulty, REPLIED, randomScenario } from '../fuzz/hostile/scenario.js';
import { BadBackEnd, besiege } from '../fuzz/hostile/siege.js';
import { BareChain } from '../support/bare-chain.js';
import { temporaryDirectory } from '../support/temporary.js';

const DEFAULT_SEED = 20_261_122;
const SCENARIOS = 120;
/** Each QEMU has this many of them behind it in the end. */
const PER_QEMU = 20;
const STARTS = 300;
const HOUR_MS = 3_600_000;
const START_MS = 30_000;

const seed = Number(process.env.PUSHBELL_SEED ?? DEFAULT_SEED);
const runs = Number(process.env.PUSHBELL_RUNS ?? 1);
/** Of what is not random: each n-th. */
const stride = Math.max(1, Math.round(1 / runs));
const CUT_BYTES = 5 * stride;

let qemu: QemuBuild;
test.before(async t => {
  t.timeout(900_000);
  qemu = await buildQemu();
});

test.serial('random misbehaviour', async t => {
  const dice = new Dice(seed);
  t.log(`seed ${seed}`);
  for (let n = 0; n < SCENARIOS * runs; n += PER_QEMU) {
    const chain = await BareChain.start(t, qemu);
    t.timeout(HOUR_MS);
    for (let k = 0; k < PER_QEMU; k++) await besiege(chain, randomScenario(dice));
    await chain.q.stop();
    await chain.kill();
  }
  t.pass();
});

test.serial('every fault in every reply', async t => {
  const every = REPLIED.flatMap(request => FAULTS.map(how => faulty(request, how)));
  const all = every.filter((_, n) => n % stride === 0);
  for (let n = 0; n < all.length; n += PER_QEMU) {
    const chain = await BareChain.start(t, qemu);
    t.timeout(HOUR_MS);
    for (const scenario of all.slice(n, n + PER_QEMU)) await besiege(chain, scenario);
    await chain.q.stop();
    await chain.kill();
  }
  t.pass();
});

/** Starts QEMU; resolves with how it ended, or 'running' when its machine is there and goes on. */
function startQemu(path: string, bad: BadBackEnd): Promise<number | string> {
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
  args.push('-machine', 'q35,memory-backend=mem', '-m', '64M');
  args.push(
    '-object',
    'memory-backend-memfd,id=mem,size=64M,share=on',
    '-device',
    `pushbell-pci,socket=${path}`,
  );
  const child = spawn(...withParent(qemu.binary, args), { stdio: 'ignore' });
  const before = bad.running;
  return new Promise(resolve => {
    let outcome: number | string | undefined;
    const end = (how: string): void => {
      outcome ??= how;
      child.kill('SIGKILL');
    };
    const look = setInterval(() => {
      if (bad.running > before) end('running');
    }, 50);
    const limit = setTimeout(() => end('no end'), START_MS);
    child.once('close', (code, signal) => {
      clearInterval(look);
      clearTimeout(limit);
      resolve(outcome ?? code ?? signal ?? 'no status');
    });
  });
}

test.serial('a connection that is cut after any number of bytes while QEMU starts', async t => {
  t.timeout(HOUR_MS);
  const path = join(temporaryDirectory(t), 'a.sock');
  const bad = new BadBackEnd(path, { name: 'cut', seed, attacks: [], serves: true, cutStride: CUT_BYTES });
  t.teardown(() => bad.kill());
  await bad.listening;
  let started = 0;
  for (let n = 0; n < STARTS && started < 3; n++) {
    const how = await startQemu(path, bad);
    if (how === 'running') started++;
    else t.is(how, 1, `cut after ${n * CUT_BYTES} bytes`);
  }
  t.true(started > 0, 'the connect sequence was never cut at its end');
});
