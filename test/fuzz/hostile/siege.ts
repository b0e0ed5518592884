// SPDX-License-Identifier: MIT
// QEMU under qtest with a misbehaving back-end in place of its own: everything that a guest and an operator may ask is
// answered within a bound meanwhile, and afterwards a good back-end is taken and works.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { withParent } from '../../../device/vm/cleanup.js';
import { BAR, type BareChain, COMMAND } from '../../support/bare-chain.js';
import { Reg, SCRATCH_ID } from '../../support/scratch-model.js';
import type { Scenario } from './scenario.js';

const PROGRAM = fileURLToPath(new URL('./back-end.js', import.meta.url));
/** What any one request to QEMU may take. */
const ANSWER_MS = 10_000;
/** How long the back-end is waited for; many of them never get so far as to run. */
const RUNNING_MS = 1500;
const ROUNDS = 6;
/** More than the ring has slots; each may have to wait for room. */
const STORES = 80;
const STORES_MS = 2000;
const PAUSE_MS = 20;
const BACK_MS = 30_000;

/** The misbehaving back-end as a process. */
export class BadBackEnd {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  /** How often it was let go. */
  running = 0;
  readonly listening: Promise<void>;

  constructor(path: string, scenario: Scenario) {
    const command = withParent(process.execPath, [PROGRAM, path, JSON.stringify(scenario)]);
    this.#child = spawn(...command, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#ended = new Promise(resolve => this.#child.once('close', resolve));
    this.listening = new Promise((resolve, reject) => {
      void this.#ended.then(() => reject(new Error('the misbehaving back-end has failed itself')));
      createInterface({ input: this.#child.stdout! }).on('line', line => {
        if (line === 'running') this.running++;
        else if (line === 'listening') resolve();
      });
    });
    // Whoever waits for it is told; nobody has to.
    this.listening.catch(() => undefined);
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

/** Does something that must be over within the bound. */
async function timed<T>(what: string, act: () => T | Promise<T>): Promise<T> {
  const started = performance.now();
  const spent = (): number => Math.round(performance.now() - started);
  try {
    const result = await act();
    if (spent() > ANSWER_MS) throw new Error(`it took ${spent()} ms`);
    return result;
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message} (after ${spent()} ms)`);
  }
}

/** Does something with capabilities, which are not there while the function is gone; false then. */
function ifThere(chain: BareChain, act: () => void): boolean {
  try {
    if (chain.q.configRead(chain.slot, 0) === 0xffffffff) return false;
    act();
    return true;
  } catch (error) {
    if (/^no capability/.test((error as Error).message)) return false;
    throw error;
  }
}

/** What a guest does, and an operator, while the back-end misbehaves. What the registers say is of no interest. */
async function exercise(chain: BareChain, round: number): Promise<void> {
  const { q, qmp } = chain;
  await timed('a load', () => q.load(BAR + Reg.ID, 4));
  await timed('a store', () => q.store(BAR + Reg.SCRATCH, 4, BigInt(round)));
  const enough = performance.now() + STORES_MS;
  for (let n = 0; n < STORES && performance.now() < enough; n++)
    await timed('a store', () => q.store(BAR + Reg.HASH_IN, 4, BigInt(n)));
  await timed('Bus Master Enable', () => {
    q.configWrite(chain.slot, COMMAND, 2);
    q.configWrite(chain.slot, COMMAND, 6);
  });
  await timed('query-status', () => qmp.execute('query-status'));
  if (round === 2)
    await timed('a function-level reset', () => ifThere(chain, () => chain.functionLevelReset()));
  if (round === 3) ifThere(chain, () => chain.configureFunction());
  if (round === 4)
    await timed('stop and cont', async () => {
      await qmp.execute('stop');
      await qmp.execute('cont');
    });
}

/** A good back-end is taken, and a register can be written and read. */
async function recover(chain: BareChain): Promise<void> {
  await chain.startAgain();
  const works = (): boolean => {
    if (!ifThere(chain, () => chain.configureFunction()) || chain.load(Reg.ID) !== SCRATCH_ID) return false;
    chain.store(Reg.SCRATCH, 0x5aa5);
    return chain.load(Reg.SCRATCH) === 0x5aa5;
  };
  await chain.eventually(works, 'a good back-end after it', BACK_MS);
}

/** One scenario. Throws Error when QEMU does not come through it. Resolves with how often it let the back-end run. */
export async function besiege(chain: BareChain, scenario: Scenario): Promise<number> {
  try {
    await chain.kill();
    const bad = new BadBackEnd(chain.backEnd.path, scenario);
    try {
      await bad.listening;
      const end = performance.now() + RUNNING_MS;
      while (bad.running === 0 && performance.now() < end) await pause(PAUSE_MS);
      for (let round = 0; round < ROUNDS; round++) {
        await exercise(chain, round);
        await pause(PAUSE_MS);
      }
      if (!bad.alive) throw new Error('the misbehaving back-end has failed itself');
    } finally {
      await bad.kill();
    }
    await recover(chain);
    return bad.running;
  } catch (error) {
    const { exitCode, signalCode } = chain.q.process;
    throw new Error(
      `${scenario.name} (seed ${scenario.seed}): ${(error as Error).message}\nQEMU: exit ${exitCode}, signal ${signalCode}\n${chain.q.stderr.slice(-1500)}`,
    );
  }
}
