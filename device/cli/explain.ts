// SPDX-License-Identifier: MIT
// pushbell explain: why did nothing happen? Asks a running back-end and says it in words.
import { resolve } from 'node:path';
import { Command } from 'commander';
import { ControlClient, ControlError } from '../runtime/control-client.js';
import type { Finding } from '../runtime/explain.js';
import { wholeNumber } from './boot.js';
import { CliError, Status } from './cli-error.js';
import { SAID_BY, wordsOf } from './explain-words.js';
import { runningBackEnds } from './run-dir.js';

interface ExplainOptions {
  readonly control?: string;
  readonly socketPath?: string;
  readonly adapter?: number;
  readonly json?: true;
}

export interface Explanation {
  readonly adapter: number;
  readonly findings: readonly Finding[];
}

const COLUMNS = 100;
const MAX_ADAPTER = 63;
const ANSWER_TIMEOUT_MS = 5000;

/** The control socket that is meant. Throws CliError when that is not clear. */
function controlPath(options: ExplainOptions): string {
  if (options.control !== undefined) return resolve(options.control);
  if (options.socketPath !== undefined) return `${resolve(options.socketPath)}.control`;
  const running = runningBackEnds();
  if (running.length === 1) return running[0]!.controlPath;
  if (running.length === 0) {
    throw new CliError(
      'no back-end of this user is running; start one with "pushbell serve" or "pushbell boot", or name its control socket with --control',
    );
  }
  const lines = running.map(one => `  pushbell explain --control ${one.controlPath}   (process ${one.pid})`);
  throw new CliError(`several back-ends are running, which one?\n${lines.join('\n')}`, Status.USAGE);
}

async function ask(path: string, adapter: number | undefined): Promise<Explanation[]> {
  const client = await ControlClient.open(path);
  const silent = new Promise<never>((_, reject) => {
    const error = new ControlError(`control socket ${path}: no answer; the back-end is stopped or hangs`);
    setTimeout(() => reject(error), ANSWER_TIMEOUT_MS).unref();
  });
  try {
    const request = client.request('explain', adapter === undefined ? {} : { adapter });
    return ((await Promise.race([request, silent])) as { adapters: Explanation[] }).adapters;
  } finally {
    client.close();
  }
}

/** Breaks a paragraph at COLUMNS; the first line begins with `mark`, the others stand below the text. */
function paragraph(mark: string, text: string): string {
  const lines: string[] = [];
  let line = mark;
  for (const word of text.split(' ')) {
    if (line.length > mark.length && line.length + word.length >= COLUMNS) {
      lines.push(line);
      line = ' '.repeat(mark.length);
    }
    line += line.length > mark.length ? ` ${word}` : word;
  }
  return [...lines, line].join('\n');
}

function tellOne(finding: Finding): string {
  const { what, todo } = wordsOf(finding);
  const mark = finding.severity === 'problem' ? '✘ ' : '· ';
  return [paragraph(mark, what), ...(todo === undefined ? [] : [paragraph('  → ', todo)])].join('\n');
}

/** Leaves out what another finding says already. */
function worthSaying(findings: readonly Finding[]): Finding[] {
  const codes = new Set(findings.map(f => f.code));
  return findings.filter(f => !SAID_BY[f.code]?.some(code => codes.has(code)));
}

export function isProblem(explanation: Explanation): boolean {
  return explanation.findings.some(f => f.severity === 'problem');
}

/** The text for a person. */
export function renderExplanation(explanation: Explanation): string {
  const findings = worthSaying(explanation.findings);
  const problems = findings.filter(f => f.severity === 'problem').length;
  const verdict =
    problems === 0
      ? 'nothing is wrong as far as the adapter knows'
      : `${problems} thing${problems === 1 ? ' stands' : 's stand'} in the way`;
  return [`Adapter ${explanation.adapter}: ${verdict}.`, ...findings.map(tellOne)].join('\n\n');
}

async function explain(options: ExplainOptions): Promise<void> {
  let explanations: Explanation[];
  try {
    explanations = await ask(controlPath(options), options.adapter);
  } catch (error) {
    if (error instanceof ControlError) throw new CliError(error.message);
    throw error;
  }
  const text = options.json
    ? JSON.stringify(explanations, null, 2)
    : explanations.map(renderExplanation).join('\n\n');
  process.stdout.write(`${text}\n`);
  if (explanations.some(isProblem)) process.exitCode = Status.FAIL;
}

export function explainCommand(): Command {
  return new Command('explain')
    .summary('say why nothing happens: ask a running adapter')
    .description(
      'Asks a running back-end ("pushbell serve" or "pushbell boot") what stands in the way, and says it in words,\n' +
        'the most probable cause first.',
    )
    .option('--control <path>', 'the control socket of the back-end')
    .option(
      '--socket-path <path>',
      'the socket that the back-end listens on; its control socket is PATH.control',
    )
    .option('--adapter <n>', 'only this one of several adapters', wholeNumber(0, MAX_ADAPTER))
    .option('--json', 'print the findings as JSON')
    .addHelpText(
      'after',
      `\nWithout --control and --socket-path: the only back-end of this user that runs.\n` +
        `Exit status: ${Status.OK} nothing is wrong, ${Status.FAIL} something stands in the way, ${Status.USAGE} usage, ` +
        `${Status.INFRASTRUCTURE} no back-end answers`,
    )
    .action(explain);
}
