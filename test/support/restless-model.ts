// SPDX-License-Identifier: MIT
// The scratch function with ways to misbehave, for tests of the threads and processes around a model.
import type { ControlOp, Host, PciModel, RegionMemory } from '../../device/model/ports.js';
import { ScratchModel } from './scratch-model.js';

class RestlessModel extends ScratchModel {
  turns = 0;

  constructor(options: Readonly<Record<string, unknown>>) {
    super();
    const ops = this.controlOps as Record<string, ControlOp>;
    ops.seed = () => options.seed;
    ops.turns = () => this.turns;
    // There is always something to do, and never an end of it.
    ops.busy = () => {
      this.poll = () => {
        this.turns++;
        return true;
      };
    };
  }

  override attach(host: Host, region: RegionMemory, fresh: boolean): void {
    if (process.env.PUSHBELL_TEST_CRASH === 'attach') throw new TypeError('attach fails, as asked');
    super.attach(host, region, fresh);
  }
}

export function createAdapter(options: Readonly<Record<string, unknown>> = {}): PciModel {
  return new RestlessModel(options);
}
