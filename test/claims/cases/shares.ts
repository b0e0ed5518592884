// SPDX-License-Identifier: MIT
// What those who push without end leave to rung queues, whichever classes of them wait: of the wire's packets one in eight,
// of the engine's slices one in eight, of all slices one in eight, and nobody starves. These cases step the model itself.
import assert from 'node:assert/strict';
import { Hold } from '../../../device/abi/generated/commands.js';
import type { Case } from '../../conformance/case.js';
import { makeQueues } from '../../support/bench.js';
import { type Bulk, bulkOf } from '../../support/bulk.js';
import type { Driver } from '../../support/driver.js';
import type { InProcess } from '../../support/in-process.js';
import { Lane } from '../../support/lane.js';
import { flushOf, Pusher, Slices } from '../../support/slices.js';

const CLAIMS = [3, 12, 17, 27];
const ALL = Hold.LINK | Hold.ENGINE;

/** In any eight in a row of those slices of an order that `of` names, one is of those that `rung` names. */
function assertOneInEight(order: string, of: RegExp, rung: RegExp, what: string): void {
  const some = [...order].filter(letter => of.test(letter)).join('');
  for (let n = 0; n + 8 <= some.length; n++)
    assert.match(some.slice(n, n + 8), rung, `${what} ${n} … ${n + 7} of ${some.slice(0, 200)}`);
}

/** A turn comes after seven pushes at most, and what wire or engine are owed; so each of `count` queues comes round. */
function assertTurn(order: string, letter: string, count: number): void {
  const round = 9 * count;
  for (let n = 0; n + round <= order.length; n++)
    assert.ok(order.slice(n, n + round).includes(letter), `${letter} in ${order.slice(n, n + round)}`);
}

/** Which queues are rung and who pushes without end: letters of rung bulk (a, b: link, x, y: engine, f: flush), L and E. */
interface Crowd {
  readonly rung: string;
  readonly pushed: string;
  /** On a link with a rate; 0: as fast as the machine. */
  readonly sliceNs: number;
}

/** Every slice of such a crowd in turn, as letters. */
function orderOf(d: Driver, t: InProcess, crowd: Crowd): string {
  const { cq } = makeQueues(d);
  const bulkCq = d.createCq(d.createEq(1));
  const make = (letter: string): Bulk =>
    letter === 'f' ? flushOf(d) : bulkOf(d, { kind: 'ab'.includes(letter) ? 'link' : 'engine', cq: bulkCq });
  d.setLink(ALL, crowd.sliceNs === 0 ? 0 : 1000);
  const bulks = Object.fromEntries([...crowd.rung].map(letter => [letter, make(letter)]));
  d.setLink(0, crowd.sliceNs === 0 ? 0 : 1000);
  const slices = new Slices(t, bulks);
  const lanes = [...crowd.pushed].map(letter => new Lane(d, cq, letter === 'L' ? 'link' : 'engine', 1));
  const letterOf = new Map(lanes.map((lane, n) => [lane.qp.number, crowd.pushed[n]]));
  const pusher = new Pusher(d, cq, lanes);
  let order = '';
  for (let n = 0; n < 1500; n++) {
    for (const { qpn } of pusher.refill()) order += letterOf.get(qpn);
    order += slices.run(1);
    t.nowNs += crowd.sliceNs;
  }
  return order;
}

/** Pushed work keeps coming; every class of rung queues that waits has its eighth, and pushes have the rest. */
function assertShares(d: Driver, t: InProcess, crowd: Crowd): void {
  const order = orderOf(d, t, crowd);
  const share = (letters: RegExp): number => [...order].filter(c => letters.test(c)).length / order.length;
  assert.ok(order.length > 60, 'work goes on');
  const always = crowd.sliceNs === 0 || /[xyf]/.test(crowd.rung);
  if (always) assertOneInEight(order, /./, /[abxyf]/, 'slices');
  if (/[ab]/.test(crowd.rung)) assertOneInEight(order, /[abL]/, /[ab]/, 'packets');
  if (/[xy]/.test(crowd.rung)) assertOneInEight(order, /[xyE]/, /[xy]/, 'slices of the engine');
  for (const letter of crowd.rung) {
    if (crowd.sliceNs !== 0) assert.ok(order.includes(letter, order.length / 2), `${letter} goes on`);
    else assertTurn(order, letter, crowd.rung.length);
  }
  if (crowd.sliceNs !== 0 && !crowd.pushed.includes('E')) return;
  // Three classes wait at most; each has its eighth beside the others' at worst.
  assert.ok(share(/[LE]/) >= 0.7, `pushes have ${share(/[LE]/)} of ${order.slice(0, 200)}`);
  if (crowd.sliceNs !== 0) return;
  const classes = [/[ab]/, /[xy]/, /f/].filter(c => c.test(crowd.rung)).length;
  if (classes === 1) assert.ok(Math.abs(share(/[LE]/) - 7 / 8) < 0.01, 'one in eight and no more');
}

const CROWDS: readonly Crowd[] = [
  ...['a', 'ax', 'abxy', 'axf'].flatMap(rung =>
    ['L', 'LE', 'LEE'].flatMap(pushed =>
      // At 372 ns the wire is free at every fourth slice: of eight in a row always the same ones.
      [0, 372].map(sliceNs => ({ rung, pushed, sliceNs })),
    ),
  ),
  ...[500, 3000, 9100, 20_000].map(sliceNs => ({ rung: 'ax', pushed: 'LE', sliceNs })),
];

export const shareName = (rung: string, pushed: string, sliceNs: number): string =>
  `one packet in eight of the wire and one slice in eight of the engine are for rung queues (${rung} rung, ${pushed} pushed, ${sliceNs} ns a slice)`;

export const shareCases: readonly Case<InProcess>[] = CROWDS.map(crowd => ({
  name: shareName(crowd.rung, crowd.pushed, crowd.sliceNs),
  claims: CLAIMS,
  run: ({ driver, target }) => assertShares(driver, target, crowd),
}));
