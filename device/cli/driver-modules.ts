// SPDX-License-Identifier: MIT
import type { ModuleToLoad } from '../vm/initramfs.js';
import type { Workshop } from '../vm/setup.js';
import { CliError } from './cli-error.js';

/** The guest driver's modules by name, in the order in which they are to be loaded. */
export function driverModules(workshop: Workshop, names: readonly string[]): ModuleToLoad[] {
  return names.map(name => ({ module: driverModule(workshop, name) }));
}

/** Path of a module that was built from guest-driver/. */
export function driverModule(workshop: Workshop, name: string): string {
  const path = workshop.driver.modules.get(name);
  if (path === undefined) throw new CliError(`guest-driver/ has no module ${name}`);
  return path;
}
