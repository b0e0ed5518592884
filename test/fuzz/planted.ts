// SPDX-License-Identifier: MIT
// The fuzzer against a device with a defect that was put there: a copy of what is compiled, one file of it changed.
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../device/vm/cache.js';
import { temporaryDir } from '../../device/vm/cleanup.js';

/** What the process that fuzzes is made of. */
const PARTS = ['device', 'test/fuzz', 'test/support', 'test/hostile'];

export interface Defect {
  /** What is wrong then. */
  readonly name: string;
  /** Compiled file below device/. */
  readonly file: string;
  /** This text, which stands there exactly once (white space counts as one blank), … */
  readonly find: string;
  /** … becomes this. */
  readonly replace: string;
}

export interface Planted {
  /** The program that runs a target against the changed device. */
  readonly child: string;
  dispose(): void;
}

const asPattern = (text: string): RegExp =>
  new RegExp(text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/\s+/g, '\\s+'));

/** Throws Error when the text is not there exactly once. */
export function plant(defect: Defect): Planted {
  const { dir, remove } = temporaryDir('planted');
  try {
    for (const part of PARTS) {
      mkdirSync(join(dir, 'dist', part), { recursive: true });
      cpSync(join(projectRoot, 'dist', part), join(dir, 'dist', part), { recursive: true });
    }
    cpSync(join(projectRoot, 'package.json'), join(dir, 'package.json'));
    symlinkSync(join(projectRoot, 'node_modules'), join(dir, 'node_modules'));
    const path = join(dir, 'dist/device', defect.file);
    const pieces = readFileSync(path, 'utf8').split(asPattern(defect.find));
    if (pieces.length !== 2)
      throw new Error(`"${defect.find}" stands ${pieces.length - 1} times in ${defect.file}`);
    writeFileSync(path, pieces.join(defect.replace));
    return { child: join(dir, 'dist/test/fuzz/child.js'), dispose: remove };
  } catch (error) {
    remove();
    throw error;
  }
}
