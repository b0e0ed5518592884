// SPDX-License-Identifier: MIT
// Where inputs are kept: corpus and regressions beside the sources (checked in), findings in the cache directory.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheRoot, projectRoot } from '../../device/vm/cache.js';
import {
  decodeCorpus,
  decodeInput,
  encodeCorpus,
  encodeInput,
  type Input,
  type StoredInput,
} from './input.js';

const HERE = join(projectRoot, 'test/fuzz');
const SUFFIX = '.msgpack';

export const corpusDirectory = (target: string): string => join(HERE, 'corpus', target);
export const regressionDirectory = (target: string): string => join(HERE, 'regressions', target);
export const findingsDirectory = (): string => join(cacheRoot(), 'fuzz');

/** Every input of a directory, in the order of the file names; none where there is no directory. */
export function readInputs(directory: string): { file: string; stored: StoredInput }[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter(name => name.endsWith(SUFFIX))
    .sort()
    .map(name => ({ file: join(directory, name), stored: readInput(join(directory, name)) }));
}

export const readInput = (file: string): StoredInput => decodeInput(readFileSync(file));

/** Writes an input under a name made of its content; returns the path. */
export function writeInput(directory: string, stored: StoredInput): string {
  const name = createHash('sha256')
    .update(encodeInput({ target: stored.target, ops: stored.ops }))
    .digest('hex');
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `${name.slice(0, 12)}${SUFFIX}`);
  writeFileSync(file, encodeInput(stored));
  return file;
}

/** The corpus of a target is one file: hundreds of inputs of a few bytes each. */
const corpusFile = (target: string): string => join(corpusDirectory(target), `corpus${SUFFIX}`);

/** Inputs to begin with; none where there is no corpus. */
export function readCorpus(target: string): Input[] {
  const file = corpusFile(target);
  return existsSync(file) ? decodeCorpus(readFileSync(file)) : [];
}

/** Makes a target's corpus exactly these inputs. */
export function writeCorpus(target: string, inputs: readonly Input[]): void {
  mkdirSync(corpusDirectory(target), { recursive: true });
  writeFileSync(corpusFile(target), encodeCorpus(inputs));
}
