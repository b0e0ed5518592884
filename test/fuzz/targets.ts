// SPDX-License-Identifier: MIT
// The targets by name. Each is loaded only by the process that runs it.
import type { Target } from './target.js';

const LOADERS: Readonly<Record<string, () => Promise<{ makeTarget: () => Target }>>> = {
  session: () => import('./targets/session.js'),
  ring: () => import('./targets/ring.js'),
  doorbells: () => import('./targets/doorbells.js'),
  descriptors: () => import('./targets/descriptors.js'),
  commands: () => import('./targets/commands.js'),
  state: () => import('./targets/state.js'),
  iotlb: () => import('./targets/iotlb.js'),
};

export const TARGET_NAMES: readonly string[] = Object.keys(LOADERS);

/** Throws RangeError for a name that there is not. */
export async function loadTarget(name: string): Promise<Target> {
  const load = LOADERS[name];
  if (load === undefined) throw new RangeError(`no target "${name}"; there are ${TARGET_NAMES.join(', ')}`);
  return (await load()).makeTarget();
}
