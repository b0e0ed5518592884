// SPDX-License-Identifier: MIT
// Mutants that live because they change nothing that can be seen, each looked at by hand: the line of the source without
// what surrounds it, and what it is replaced by. A line that has changed since is looked at again.

export interface Explanation {
  readonly why: string;
  /** File of the model, line, replacements as the summary prints them. */
  readonly lives: readonly (readonly [string, string, readonly string[]])[];
}

export const EXPLAINED: readonly Explanation[] = [
  {
    why: 'Who need not be let go again is let go.',
    lives: [
      ['doorbells.ts', 'const wasEmpty = producer === srqConsumer(m, srq);', ['true']],
      ['doorbells.ts', 'if (wasEmpty) core.queues.unblockSendersTo(number);', ['true']],
    ],
  },
  {
    why: 'A run of no bits, or byte by byte what goes word by word: the same map.',
    lives: [
      [
        'push.ts',
        'if (first < size) markBytes(core, buffer, at + first, size - first);',
        ['true', 'first <= size'],
      ],
      ['push.ts', 'if (at % 4 === 0 && size >= 4) {', ['false', 'at * 4', 'size > 4']],
    ],
  },
  {
    why: 'A short cut: the long way round ends the same.',
    lives: [
      ['scheduler.ts', 'if (queues.runnable === 0) return false;', ['false']],
      [
        'scheduler.ts',
        '(this.#link.readyAtNs === 0 || this.#link.mayTransmit(this.#clock.nowNs()));',
        ['false'],
      ],
      ['queues.ts', 'if (this.#slotsOf[qpn] === 0) return NONE;', ['false']],
      ['queues.ts', 'if (this.#pushed.size === 0) return NONE as QpRow;', ['false']],
    ],
  },
  {
    why: 'A word is written that has the value already.',
    lives: [
      [
        'push.ts',
        'if (after !== before + bits && pbufTorn(m, buffer) === 0) putPbufTorn(journal, buffer, 1);',
        ['true'],
      ],
      ['push.ts', 'if (after !== before) journal.put(map, after);', ['true']],
      [
        'push.ts',
        'for (let n = 0; n < MAP_WORDS; n++) if (m[buffer + WRITTEN + n] !== 0) journal.put(buffer + WRITTEN + n, 0);',
        ['true'],
      ],
      ['scheduler.ts', 'if (next !== streak) journal.put(STREAKS + c, next);', ['true']],
      ['scheduler.ts', 'if (this.#open[c] && m[STREAKS + c] !== 0) journal.put(STREAKS + c, 0);', ['true']],
      ['turns.ts', 'if (m[word] !== value >>> 0) journal.put(word, value >>> 0);', ['true']],
      ['send-queue.ts', 'if (!begun) this.#keep(qp, at);', ['true']],
      [
        'send-queue.ts',
        'if (this.#d.bytes > 0) countUp(journal, qp + QP_COUNT_TX_BYTES_OFFSET / 4, this.#d.bytes);',
        ['true', 'this.#d.bytes >= 0'],
      ],
      ['send-queue.ts', 'if (qpActive(m, qp) !== 0) putQpActive(journal, qp, 0);', ['true']],
      ['send-queue.ts', 'if (qpActiveDone(m, qp) !== 0) putQpActiveDone(journal, qp, 0);', ['true']],
    ],
  },
  {
    why: 'A round is recorded that nobody compares.',
    lives: [
      ['turns.ts', '#contested = false;', ['true']],
      ['turns.ts', 'this.#contested = false;', ['true']],
      ['turns.ts', 'if (this.#contested) {', ['true']],
    ],
  },
  {
    why: 'One round of a loop too many, at a word that means nothing.',
    lives: [
      [
        'push.ts',
        'for (let n = 0; n < MAP_WORDS; n++) if (m[buffer + WRITTEN + n] !== 0) journal.put(buffer + WRITTEN + n, 0);',
        ['n <= MAP_WORDS'],
      ],
      ['scheduler.ts', 'for (let c = 0; c < CLASSES.length; c++)', ['c <= CLASSES.length']],
      ['scheduler.ts', 'for (let c = 0; c < CLASSES.length; c++)', ['c <= CLASSES.length']],
    ],
  },
  {
    why: 'What it would record is rolled back.',
    lives: [['scheduler.ts', 'if (rung === NONE) return NONE as QpRow;', ['false']]],
  },
  {
    why: 'It is set before it is read.',
    lives: [
      ['scheduler.ts', 'readonly #open = [true, true, true];', ['false']],
      ['queues.ts', 'readonly #moved: number[] = [];', ['["Stryker was here"]']],
      ['send-queue.ts', 'readonly #work: Work = { ended: false, status: WcStatus.SUCCESS };', ['{}', 'true']],
    ],
  },
  {
    why: 'There is no queue pair 0.',
    lives: [['turns.ts', 'if (n < 0) continue;', ['n <= 0']]],
  },
  {
    why: 'Unknown bits are refused by the table of transitions, too.',
    lives: [
      [
        'commands/modify-qp.ts',
        "if (mask === 0 || mask > KNOWN) return 'attr_mask';",
        ['false', 'mask >= KNOWN'],
      ],
    ],
  },
  {
    why: 'Without an error there is none to forget.',
    lives: [
      [
        'commands/modify-qp.ts',
        'if (from === QpState.SQE && to === QpState.RTS) clear(c, qp, ERROR);',
        ['true', 'from === QpState.SQE || to === QpState.RTS'],
      ],
    ],
  },
  {
    why: 'The same buffers, elsewhere in the region, where nothing else is.',
    lives: [
      [
        'push.ts',
        'const buffer = row + DPAGE_BUFFERS_OFFSET / 4 + number * BUFFER_WORDS;',
        ['DPAGE_BUFFERS_OFFSET * 4'],
      ],
    ],
  },
  {
    why: 'What the name would tell is refused before.',
    lives: [['push.ts', "return ringSend(core, page, qpn, qp, nextIndex(index), 'TRAILER');", ['""']]],
  },
  {
    why: 'The head of the region, read as a queue pair, is in RESET.',
    lives: [
      [
        'notify.ts',
        'return qp !== NONE && qpPage(m, qp) === page && qpState(m, qp) !== QpState.RESET;',
        ['true'],
      ],
    ],
  },
  {
    why: 'Another order that is as fair.',
    lives: [
      [
        'turns.ts',
        'return round === this.#round ? n < this.#number : isAfter(this.#round, round);',
        ['false', 'true', 'n <= this.#number', 'n >= this.#number'],
      ],
      ['queues.ts', 'for (let n = this.#blocked.after(-1); n >= 0; n = this.#blocked.after(-1)) {', ['+1']],
      [
        'queues.ts',
        'for (let n = this.#blocked.after(-1); n >= 0; n = this.#blocked.after(-1)) this.classify(rowOfQp(n));',
        ['+1'],
      ],
      ['queues.ts', 'for (let n = -1, left = this.#blocked.size; left > 0; left--) {', ['+1']],
    ],
  },
  {
    why: 'One more slot is looked at: what counts slots only says when to stop.',
    lives: [
      ['queues.ts', 'for (let n = 0; n < PSLOT_COUNT; n++) {', ['n <= PSLOT_COUNT']],
      [
        'queues.ts',
        'if (pslotUsed(this.#m, row) === 1) this.slotTaken(rowOfQp(pslotQpn(this.#m, row)));',
        ['true'],
      ],
      ['queues.ts', 'this.#slotsUsed--;', ['this.#slotsUsed++']],
      [
        'queues.ts',
        'for (let n = 0, left = this.#slotsUsed; n < PSLOT_COUNT && left > 0; n++) {',
        ['n < PSLOT_COUNT || left > 0', 'true', 'n <= PSLOT_COUNT', 'left >= 0'],
      ],
      ['queues.ts', 'left--;', ['left++']],
    ],
  },
  {
    why: 'It is moved to where it is.',
    lives: [['queues.ts', 'if (before === place) return;', ['false']]],
  },
  {
    why: 'Moves are noted between steps, too: the next step begins its list anew.',
    lives: [
      ['queues.ts', '#inStep = false;', ['true']],
      ['queues.ts', 'endStep(): void {', ['{}']],
      ['queues.ts', 'this.#inStep = false;', ['true']],
      ['queues.ts', 'this.#inStep = false;', ['true']],
      ['queues.ts', 'if (this.#inStep) this.#remember(n, before);', ['true']],
    ],
  },
  {
    why: 'Who asks knows three classes.',
    lives: [
      [
        'queues.ts',
        'readonly #rung: readonly ReadySet[] = this.#sets.slice(0, CLASSES.length);',
        ['this.#sets'],
      ],
    ],
  },
  {
    why: 'Keys are checked before each slice, which checks its own part anyway.',
    lives: [['send-queue.ts', 'if (qpActiveDone(m, qp) > 0) return WcStatus.SUCCESS;', ['false']]],
  },
  {
    why: 'A NOP falls through to the engine, which has nothing to move.',
    lives: [['send-queue.ts', 'case Opcode.NOP:', ['case Opcode.NOP:']]],
  },
  {
    why: 'Who leaves SQD forgets that he asked.',
    lives: [
      [
        'send-queue.ts',
        'if (qpState(core.m, qp) !== QpState.SQD || qpSqdEvent(core.m, qp) === 0) return Step.DONE;',
        ['false'],
      ],
    ],
  },
  {
    why: 'No bytes: what is read is word 3 of the region, entries of the outbox, of which a step begins with none.',
    lives: [
      [
        'send-queue.ts',
        'const idHi = (m: Uint32Array, at: number): number => (at === NONE ? 0 : wqeWrIdHi(m, at));',
        ['false'],
      ],
    ],
  },
  {
    why: 'Number 0 is never free.',
    lives: [['commands/queue-pairs.ts', 'if (n < 0) return exhausted(c);', ['n <= 0']]],
  },
  {
    why: 'The logarithm of 0, stored as a word, is 0.',
    lives: [
      [
        'commands/query-qp.ts',
        'const mtuCode = (bytes: number): number => (bytes === 0 ? 0 : Math.log2(bytes / 128));',
        ['false'],
      ],
    ],
  },
];
