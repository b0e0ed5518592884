// SPDX-License-Identifier: MIT
// A back-end in the test's own thread: session, function and model without the reactor, driven by `step`.
import type { FunctionDescription, LogLevel, PciModel } from '../../device/model/ports.js';
import { monotonicClock } from '../../device/runtime/clock.js';
import { PciFunction } from '../../device/runtime/pci-function.js';
import { newPciSession } from '../../device/runtime/pci-session.js';
import { Trace } from '../../device/runtime/trace.js';
import { unixPair } from '../../device/sys/unix-socket.js';
import type { VhostSession } from '../../device/vhost/session.js';
import { FrontEnd } from './front-end.js';
import { ScratchModel } from './scratch-model.js';

export class LocalBackEnd<M extends PciModel = ScratchModel> {
  readonly model: M;
  readonly function: PciFunction;
  readonly trace = new Trace(monotonicClock, 1024);
  readonly logged: { level: LogLevel; message: string }[] = [];
  readonly refused: string[] = [];
  session: VhostSession | undefined;
  lastEnd: string | undefined;

  constructor(model: M) {
    this.model = model;
    this.function = new PciFunction(model, {
      clock: monotonicClock,
      random: bytes => new Uint8Array(bytes).fill(7),
      log: (level, message) => this.logged.push({ level, message }),
      trace: this.trace,
    });
  }

  static scratch(change: Partial<FunctionDescription> = {}): LocalBackEnd {
    return new LocalBackEnd(new ScratchModel(change));
  }

  /** A new session; its front-end pumps this back-end while it waits. */
  connect(): FrontEnd {
    const [ours, theirs] = unixPair(true);
    this.lastEnd = undefined;
    this.session = newPciSession(ours, this.function, (request, reason) =>
      this.refused.push(`${request}: ${reason}`),
    );
    const frontEnd = new FrontEnd(theirs);
    frontEnd.pump = () => this.step();
    return frontEnd;
  }

  /** Sockets, ring and model once. */
  step(): void {
    const { session } = this;
    if (session === undefined) return;
    session.service(16);
    if (session.ended === undefined) {
      session.guard(() => {
        this.function.drain(256);
        this.function.poll(4);
        return true;
      });
    }
    if (session.ended !== undefined) this.end();
  }

  end(): void {
    const { session } = this;
    if (session === undefined) return;
    this.session = undefined;
    this.function.endSession();
    session.close();
    this.lastEnd = session.ended;
  }
}
