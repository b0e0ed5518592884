// SPDX-License-Identifier: MIT
// Every command and every operation of the ABI is part of a scenario, in the part in which the process may die, and every
// command with success at least once. One that is added to the ABI and forgotten there fails here.
import test from 'ava';
import { Command, CommandCode } from '../../device/abi/generated/commands.js';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import type { Driver } from '../support/driver.js';
import { SCENARIOS } from './all.js';
import { newWorld, record, type Scenario } from './enumerate.js';

/** Operations that no descriptor names. */
const COMPLETIONS_ONLY: readonly number[] = [Opcode.RECV_RDMA_WITH_IMM];

/** What happens between the set-up of a scenario and its end. */
class Tally {
  readonly commands = new Set<number>();
  readonly operations = new Set<number>();
  #on = false;

  /** The scenario, listened to while the process may die. */
  within(scenario: Scenario): Scenario {
    return {
      ...scenario,
      setup: stage => {
        const act = scenario.setup(stage);
        const { driver } = stage;
        this.#listen(driver);
        return () => {
          this.#on = true;
          act();
          this.#on = false;
        };
      },
    };
  }

  #listen(driver: Driver): void {
    const { encode, tryCommand, startCommand } = driver;
    driver.encode = (work, index) => {
      if (this.#on) this.operations.add(work.opcode);
      return encode.call(driver, work, index);
    };
    driver.startCommand = (opcode, fill) => {
      startCommand.call(driver, opcode, fill);
      if (this.#on && driver.commandStatus() === CommandCode.OK) this.commands.add(opcode);
    };
    driver.tryCommand = (opcode, fill) => {
      const status = tryCommand.call(driver, opcode, fill);
      if (this.#on && status === CommandCode.OK) this.commands.add(opcode);
      return status;
    };
  }
}

const missing = (wanted: Readonly<Record<string, number>>, found: ReadonlySet<number>): string[] =>
  Object.entries(wanted)
    .filter(([, code]) => !found.has(code))
    .map(([name]) => name);

function tallyOf(scenarios: readonly Scenario[]): Tally {
  const tally = new Tally();
  for (const scenario of scenarios) record(tally.within(scenario), newWorld(scenario));
  return tally;
}

test('every command and every operation has a scenario with deaths', t => {
  const { commands, operations } = tallyOf(SCENARIOS);
  for (const code of COMPLETIONS_ONLY) operations.add(code);
  t.deepEqual(missing(Command, commands), []);
  t.deepEqual(missing(Opcode, operations), []);
});

test('a command or an operation without a scenario is noticed', t => {
  const { commands, operations } = tallyOf(SCENARIOS.filter(s => /COPY/.test(s.name)));
  t.true(operations.has(Opcode.COPY));
  t.true(missing(Opcode, operations).includes('FETCH_ADD'));
  t.true(missing(Command, commands).includes('RESIZE_CQ'));
});
