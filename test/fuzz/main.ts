// SPDX-License-Identifier: MIT
// npm run fuzz -- [--seconds N] [--executions N] [--target NAME]… [--seed N] [--nice N] [--no-coverage] [--save] [--json FILE]
// npm run fuzz -- --replay FILE
// One target after the other, each in a process of its own. Exit status 1 when something was found.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type CampaignResult, runCampaign } from './campaign.js';
import {
  findingsDirectory,
  readCorpus,
  readInput,
  readInputs,
  regressionDirectory,
  writeCorpus,
  writeInput,
} from './files.js';
import type { Input } from './input.js';
import type { Finding } from './loop.js';
import { TARGET_NAMES } from './targets.js';

const DEFAULT_SECONDS = 60;
const PROGRESS_MS = 5000;

interface Row {
  readonly target: string;
  readonly seed: number;
  readonly result: CampaignResult;
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    executions: { type: 'string' },
    target: { type: 'string', multiple: true },
    seed: { type: 'string' },
    nice: { type: 'string' },
    replay: { type: 'string' },
    json: { type: 'string' },
    save: { type: 'boolean' },
    'no-coverage': { type: 'boolean' },
  },
});

function numberOf(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isFinite(value) || value < 0) throw new RangeError(`--${name} wants a number, not "${text}"`);
  return value;
}

const startInputs = (target: string): Input[] => [
  ...readInputs(regressionDirectory(target)).map(i => i.stored.ops),
  ...readCorpus(target),
];

function tellFinding(target: string, finding: Finding): void {
  const file = writeInput(findingsDirectory(), { target, ops: finding.input, reason: finding.reason });
  console.log(`\nFOUND in ${target}: ${finding.reason}`);
  console.log(`  replay: npm run fuzz -- --replay ${file}\n`);
}

async function fuzzOne(target: string, seconds: number, seed: number): Promise<Row> {
  const inputs = startInputs(target);
  const save = values.save === true;
  let told = performance.now();
  const result = await runCampaign({
    target,
    seed,
    seconds,
    inputs,
    coverage: values['no-coverage'] !== true,
    nice: numberOf('nice', values.nice, 0),
    executions: numberOf('executions', values.executions, Number.MAX_SAFE_INTEGER),
    keepCorpus: save,
    onFinding: finding => tellFinding(target, finding),
    onProgress: p => {
      if (performance.now() - told < PROGRESS_MS) return;
      told = performance.now();
      console.log(
        `${target}: ${p.executions} executions, corpus ${p.corpus}, ${p.features} features, ${p.blocks} blocks`,
      );
    },
  });
  if (save && result.corpus !== undefined) writeCorpus(target, result.corpus);
  return { target, seed, result };
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(({ target, result: { progress: p, findings, seconds } }) =>
    [
      target,
      p.executions,
      Math.round(p.executions / seconds),
      p.corpus,
      p.kept,
      p.features,
      p.blocks,
      findings.length,
    ].map(String),
  );
  const head = ['target', 'executions', 'per second', 'corpus', 'new', 'features', 'blocks', 'findings'];
  const all = [head, ...lines];
  const widths = head.map((_, n) => Math.max(...all.map(line => line[n]!.length)));
  return all.map(line => line.map((text, n) => text.padStart(widths[n]!)).join('  ')).join('\n');
}

async function replay(file: string): Promise<number> {
  const { target, ops, reason } = readInput(file);
  console.log(
    `${target}: ${ops.length} operations${reason === undefined ? '' : `; it was found with: ${reason}`}`,
  );
  for (const op of ops) console.log(`  ${op.map(n => `0x${n.toString(16)}`).join(' ')}`);
  const { findings } = await runCampaign({
    target,
    seed: 0,
    inputs: [ops],
    replayOnly: true,
    coverage: false,
  });
  for (const finding of findings) console.log(`\nFOUND again: ${finding.reason}`);
  if (findings.length === 0) console.log('nothing was found');
  return findings.length > 0 ? 1 : 0;
}

async function fuzz(): Promise<number> {
  const targets = values.target ?? TARGET_NAMES;
  const seconds = numberOf('seconds', values.seconds, DEFAULT_SECONDS);
  const seed = numberOf('seed', values.seed, Math.floor(Math.random() * 2 ** 31));
  console.log(`seed ${seed}, ${seconds} s for each of ${targets.join(', ')}`);
  const rows: Row[] = [];
  for (const target of targets) rows.push(await fuzzOne(target, seconds, seed));
  console.log(`\n${table(rows)}`);
  if (values.json !== undefined) {
    const summary = rows.map(({ target, result }) => ({
      target,
      seed,
      seconds: result.seconds,
      ...result.progress,
      findings: result.findings.map(f => f.key),
    }));
    writeFileSync(values.json, `${JSON.stringify(summary, undefined, 2)}\n`);
  }
  return rows.some(row => row.result.findings.length > 0) ? 1 : 0;
}

process.exitCode = values.replay === undefined ? await fuzz() : await replay(values.replay);
