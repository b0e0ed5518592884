// SPDX-License-Identifier: MIT
// How a state region begins: made at power-on, or taken over from a process that is gone.
import {
  putStRunning,
  STATE_MAGIC,
  STATE_VERSION,
  setStMacHi,
  setStMacLo,
  setStMagic,
  setStVersion,
  stMagic,
  stResetTarget,
  stVersion,
} from '../abi/generated/state.js';
import type { Journal } from './journal.js';
import { StateRefused } from './ports.js';
import { clearObjects, finishReset, resetGids } from './reset.js';
import { headDamage, stateDamage } from './state-check.js';

/** A zeroed region becomes that of an adapter with this MAC address. */
export function powerOn(journal: Journal, mac: Uint8Array): void {
  const m = journal.u32;
  clearObjects(journal);
  setStVersion(m, 0, STATE_VERSION);
  const words = new Uint32Array(2);
  new Uint8Array(words.buffer).set(mac);
  setStMacLo(m, 0, words[0]);
  setStMacHi(m, 0, words[1]);
  resetGids(journal);
  setStMagic(m, 0, STATE_MAGIC);
}

function refuseIf(damage: string | undefined): void {
  if (damage !== undefined) throw new StateRefused(`the state region makes no sense: ${damage}`);
}

/** It is a state, of the layout that this back-end knows. */
function checkIdentity(m: Uint32Array): void {
  if (stMagic(m, 0) !== STATE_MAGIC)
    throw new StateRefused('the state region does not hold the state of a Pushbell adapter');
  if (stVersion(m, 0) !== STATE_VERSION) {
    throw new StateRefused(
      `the state region has layout version ${stVersion(m, 0)}; this back-end knows ${STATE_VERSION}`,
    );
  }
}

/** Takes an earlier state over: an unfinished step is undone, an unfinished reset is done again. Throws StateRefused. */
export function recover(journal: Journal): void {
  const m = journal.u32;
  checkIdentity(m);
  if (!journal.recover()) throw new StateRefused('the undo journal of the state region makes no sense');
  // The journal may have named any word.
  checkIdentity(m);
  refuseIf(headDamage(m));
  if (stResetTarget(m, 0) !== 0) finishReset(journal);
  refuseIf(stateDamage(m));
  putStRunning(journal, 0, 0);
  journal.commit();
}
