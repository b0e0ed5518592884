// SPDX-License-Identifier: MIT
// A copy of the compiled model with one behaviour taken out of it by a text patch.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { createAdapter } from '../../device/model/adapter.js';

const DEVICE = fileURLToPath(new URL('../../device', import.meta.url));
/** The model and what it imports. */
const PARTS = ['abi', 'fabric', 'model'];

export interface Mutation {
  /** The behaviour that is taken out. */
  readonly name: string;
  /** File below device/, compiled. */
  readonly file: string;
  /** This text, which stands there exactly once (white space counts as one blank), … */
  readonly find: string;
  /** … becomes this. */
  readonly replace: string;
  /** Names of cases that must fail then. */
  readonly breaks: readonly string[];
}

export interface PatchedModel {
  readonly create: typeof createAdapter;
  dispose(): void;
}

const asPattern = (text: string): RegExp =>
  new RegExp(text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/\s+/g, '\\s+'));

/** Copies the compiled model, patches it and loads it. Throws when the text is not there exactly once. */
export async function patchModel(mutation: Mutation): Promise<PatchedModel> {
  const dir = mkdtempSync(join(tmpdir(), 'pushbell-mutation-'));
  const dispose = (): void => rmSync(dir, { recursive: true, force: true });
  try {
    for (const part of PARTS) cpSync(join(DEVICE, part), join(dir, part), { recursive: true });
    writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
    const path = join(dir, mutation.file);
    const pieces = readFileSync(path, 'utf8').split(asPattern(mutation.find));
    if (pieces.length !== 2)
      throw new Error(`"${mutation.find}" stands ${pieces.length - 1} times in ${mutation.file}`);
    writeFileSync(path, pieces.join(mutation.replace));
    const model = (await import(pathToFileURL(join(dir, 'model/adapter.js')).href)) as {
      createAdapter: typeof createAdapter;
    };
    return { create: model.createAdapter, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}
