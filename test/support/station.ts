// SPDX-License-Identifier: MIT
// An adapter of which one asks why nothing happens.
import type { Finding } from '../../device/model/diary.js';
import { Driver } from './driver.js';
import { InProcess } from './in-process.js';

export class Station {
  readonly target = new InProcess();
  readonly driver = new Driver(this.target).start();

  findings(): Finding[] {
    return this.target.adapter.controlOps.explain() as Finding[];
  }

  /** The findings with this code, without code and severity. */
  of(code: string): Record<string, unknown>[] {
    return this.findings()
      .filter(f => f.code === code)
      .map(({ code: _code, severity: _severity, ...fields }) => fields);
  }

  problems(): string[] {
    return this.findings()
      .filter(f => f.severity === 'problem')
      .map(f => f.code);
  }

  control(kind: 'bus-master' | 'msix' | 'power', value: boolean): void {
    this.target.adapter.control({ kind, value });
  }

  /** Runs until nothing can go on; no translation arrives. */
  exhaust(): void {
    while (this.target.step());
  }
}
