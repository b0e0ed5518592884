// SPDX-License-Identifier: MIT
import test from 'ava';
import fc from 'fast-check';
import { ConsoleLog, classifyLine } from '../../device/vm/console.js';

const SICK_LINES = [
  '[   12.345678] WARNING: CPU: 1 PID: 99 at kernel/dma/debug.c:1017 check_unmap+0x1/0x2',
  '[   12.345678] BUG: unable to handle page fault for address: ffffc900001b1000',
  '[   12.345678] BUG: kernel NULL pointer dereference, address: 0000000000000008',
  '[   12.345678] kernel BUG at mm/slub.c:435!',
  '[   12.345678] Oops: 0002 [#1] PREEMPT SMP NOPTI',
  '[   12.345678] Oops: general protection fault, probably for non-canonical address: 0000 [#1] SMP',
  '[   12.345678][    C1] BUG: KFENCE: use-after-free read in test_exit+0x1/0x2',
  '[  123.456789] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:',
  '[  123.456789] INFO: task insmod:123 blocked for more than 120 seconds.',
  '[  123.456789] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [insmod:77]',
  '[    1.000000] refcount_t: underflow; use-after-free.',
];

const FINE_LINES = [
  '[    0.000000] Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org)',
  '[    4.319946] hello: loading out-of-tree module taints kernel.',
  '[    0.936926] mtrr: your CPUs had inconsistent fixed MTRR settings',
  'ok 3 - debugging is not a bug: see below',
  '[    1.000000] printk: WARNING level is 4',
  'Kernel command line: panic=-1 oops=panic',
];

test('what the kernel prints when it is sick is noticed, and nothing of it is taken for the end', t => {
  for (const line of SICK_LINES) t.is(classifyLine(line)?.fatal, false, line);
});

test('ordinary lines are no crash', t => {
  for (const line of FINE_LINES) t.is(classifyLine(line), undefined, line);
});

test('a panic is fatal and is told without its time stamp', t => {
  const report = classifyLine('[    8.100000] Kernel panic - not syncing: sysrq triggered crash\r');
  t.deepEqual(report, { fatal: true, line: 'Kernel panic - not syncing: sysrq triggered crash' });
});

test('a line is recognised however the serial line cuts it', t => {
  const text = `boot\r\n${SICK_LINES[0]}\r\nfine\r\n[ 1.000000] Kernel panic - not syncing: x\r\n`;
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: text.length }), { maxLength: 8 }), cuts => {
      const log = new ConsoleLog();
      let from = 0;
      for (const to of [...cuts.sort((a, b) => a - b), text.length]) {
        log.push(text.slice(from, to));
        from = to;
      }
      return log.crashes.length === 2 && !log.crashes[0].fatal && log.crashes[1].fatal;
    }),
  );
  t.pass();
});

test('the tail is bounded and ends with the unfinished line', t => {
  const log = new ConsoleLog();
  for (let line = 0; line < 5000; line++) log.push(`line ${line}\n`);
  log.push('unfinished');
  t.is(log.tail(3), 'line 4998\nline 4999\nunfinished');
  t.true(log.tail(1e9).split('\n').length <= 2001);
});

test('a guest that never ends its line does not grow the log', t => {
  const log = new ConsoleLog();
  for (let piece = 0; piece < 3000; piece++) log.push('x'.repeat(1000));
  t.true(log.tail(1e9).length < 9_000_000);
  t.true(log.tail(1).length <= 4096);
});
