// SPDX-License-Identifier: MIT
// What is taken out of what pushes and doorbells do to queues: indices, depths, push slots, pages and states; and the
// cases that notice.
import type { Mutation } from './patched-model.js';

export const postingMutations: readonly Mutation[] = [
  {
    name: 'doorbells do nothing',
    file: 'model/notify.js',
    find: 'putQpSendProducer(journal, qp, index);',
    replace: '',
    breaks: ['a push into the middle of a large COPY waits for no slice but the one in progress'],
  },
  {
    name: 'a push always runs from memory',
    file: 'model/push.js',
    find: 'if (slot !== NONE) return accept(core',
    replace: 'if (slot < 0) return accept(core',
    breaks: [
      'the pushed bytes are taken with the trailer: what the buffer gets next does not change them (engine)',
    ],
  },
  {
    name: 'a push without a free slot is dropped',
    file: 'model/push.js',
    find: 'const slot = why === undefined ? core.queues.freeSlot(page) : NONE;',
    replace: 'const slot = core.queues.freeSlot(page); if (slot === NONE) return;',
    breaks: [
      'no slot free: pushes beyond the last slot run from memory, each exactly once, in order (link)',
      'no slot free: pushes beyond the last slot run from memory, each exactly once, in order (engine)',
      'the slots of a page serve all its queues, one that is freed serves another queue, and no other page has a part in them',
    ],
  },
  {
    name: 'all pages share the slots of one',
    file: 'model/queues.js',
    find: 'slotsOfPage = (page) => slotRow(page * PUSH_SLOTS)',
    replace: 'slotsOfPage = (_page) => slotRow(0)',
    breaks: [
      "pushes of another page that cannot run keep nobody's push from going first: the other end has no receive",
      "pushes of another page that cannot run keep nobody's push from going first: the queue is in SQD (link)",
      "pushes of another page that cannot run keep nobody's push from going first: the queue is in SQD (engine)",
      "pushes of another page that cannot run keep nobody's push from going first: a translation is missing",
      'pushes of twenty pages, more than one page can have: each runs as pushed, in the order in which they came',
      'the slots of a page serve all its queues, one that is freed serves another queue, and no other page has a part in them',
    ],
  },
  {
    name: 'slots are never given back',
    file: 'model/send-queue.js',
    find: 'putPslotUsed(journal, slot, 0);',
    replace: 'journal.put(slot + 1, 0);',
    breaks: ['generations go round at 256 (link)', 'generations go round at 256 (engine)'],
  },
  {
    name: 'a push does not count as posted: a doorbell for its index posts it again',
    file: 'model/push.js',
    find: 'putQpSendProducer(journal, qp, nextIndex(index));',
    replace: '',
    breaks: ['order inside one queue of the engine stays, rung or pushed'],
  },
  {
    name: 'a push out of turn is taken as it is',
    file: 'model/push.js',
    find: "?? (ahead === 0 ? undefined : 'not-next')",
    replace: '',
    breaks: [
      'a push that is not the next of its queue acts as a doorbell up to its index (link)',
      'a push that is not the next of its queue acts as a doorbell up to its index (engine)',
    ],
  },
  {
    name: 'a trailer for an index that was taken posts again',
    file: 'model/push.js',
    find: "if (ahead >= HALF) return ignore(core, 'TRAILER', page, qpn, index, producer);",
    replace: '',
    breaks: [
      'a doorbell between any two stores of a push goes first, and the trailer does nothing (link)',
      'a doorbell between any two stores of a push goes first, and the trailer does nothing (engine)',
      'a push after the doorbell for the same index does nothing: the work runs once, from memory (link)',
      'a push after the doorbell for the same index does nothing: the work runs once, from memory (engine)',
    ],
  },
  {
    name: 'a doorbell for an index that was taken posts again',
    file: 'model/notify.js',
    find: 'if (posted === 0 || posted > HALF) return ignore(core, register, page, number, index, producer);',
    replace: '',
    breaks: [
      'a push before the doorbell for the same index runs once, as pushed; the doorbell is ignored (link)',
      'a push before the doorbell for the same index runs once, as pushed; the doorbell is ignored (engine)',
    ],
  },
  {
    name: 'a push beyond the depth of its queue is taken',
    file: 'model/push.js',
    find: 'if (!hasRoom(ahead + 1, producer, qpSendConsumer(m, qp), qpSendLogDepth(m, qp)))',
    replace: 'if (false)',
    breaks: ['a push beyond the depth of its queue is refused'],
  },
  {
    name: 'the memory copy is read although the push is whole',
    file: 'model/send-queue.js',
    find: 'if (slot !== NONE) return Dma.DONE;',
    replace: '',
    breaks: [
      'a message by doorbell and a message by push reach the peer byte for byte, each descriptor from where it was written',
      'with the memory copy on a page that is not there for the device the push still succeeds (link)',
      'with the memory copy on a page that is not there for the device the push still succeeds (engine)',
      'a whole push makes no read of its queue in guest memory; a rung descriptor makes one',
    ],
  },
  {
    name: 'any page may ring and push for any queue',
    file: 'model/notify.js',
    find: 'qpPage(m, qp) === page && ',
    replace: '',
    breaks: [
      "a push or doorbell on another page is refused, counted, and does nothing to the queue or to the page's own pushes",
    ],
  },
  {
    name: 'trailers may name queues that cannot send',
    file: 'model/push.js',
    find: "if (!maySend(m, page, qp)) return refuse(core, 'TRAILER', page, qpn, index);",
    replace: 'if (qp === NONE) return;',
    breaks: [
      'a trailer that names no queue, or one that cannot send, is refused and costs nothing but its buffer',
    ],
  },
  {
    name: 'a trailer beyond the depth of a queue is taken when the index has gone round',
    file: 'model/notify.js',
    find: 'posted + distance(producer, consumer) <= pow2(log)',
    replace: 'distance(producer + posted, consumer) <= pow2(log)',
    breaks: ['the deepest queue, full, takes no doorbell and no push for more, however far ahead'],
  },
  {
    name: 'indices are compared without regard to their going round',
    file: 'model/push.js',
    find: 'const ahead = distance(index, producer);',
    replace: 'const ahead = index - producer;',
    breaks: ['pushes and doorbells go on where the index of a queue goes round at 65,536'],
  },
  {
    name: 'pushes that wait are forgotten when their queue stops',
    file: 'model/send-queue.js',
    find: 'let at = bytesAt(qp, slot);',
    replace: 'let at = bytesAt(qp, NONE);',
    breaks: [
      'a push for a queue in ERR is flushed from the pushed bytes, once, and leaves no mark (link)',
      'a push for a queue in ERR is flushed from the pushed bytes, once, and leaves no mark (engine)',
      'pushes that wait when their queue goes to ERR are flushed from the pushed bytes (link)',
      'pushes that wait when their queue goes to ERR are flushed from the pushed bytes (engine)',
      'a pushed descriptor that fails moves its queue to ERR, and pushes behind it are flushed (link)',
      'a pushed descriptor that fails moves its queue to ERR, and pushes behind it are flushed (engine)',
    ],
  },
  {
    name: 'pushes outlive the reset of their queue',
    file: 'model/commands/modify-qp.js',
    find: 's.putPslotUsed(journal, row, 0); queues.slotFreed(qp);',
    replace: '',
    breaks: [
      'pushes that wait when their queue goes to RESET are gone without a trace (link)',
      'pushes that wait when their queue goes to RESET are gone without a trace (engine)',
      'pushes that wait when their queue is destroyed are gone, and its number means another queue (link)',
      'pushes that wait when their queue is destroyed are gone, and its number means another queue (engine)',
    ],
  },
  {
    name: 'a queue that is not ready may push',
    file: 'model/notify.js',
    find: 'mayRing(m, page, qp) && qpState(m, qp) >= QpState.RTS',
    replace: 'qp !== NONE && qpPage(m, qp) === page',
    breaks: [
      'a push for a queue in RESET, INIT or RTR is refused and counted, and leaves the queue as it was (link)',
      'a push for a queue in RESET, INIT or RTR is refused and counted, and leaves the queue as it was (engine)',
    ],
  },
  {
    name: 'a page does not count its pushes',
    file: 'model/push.js',
    find: 'countAtPage(journal, qpPage(m, qp), DPAGE_COUNT_PUSHES_OFFSET);',
    replace: '',
    breaks: [
      'page and queue count which way each descriptor came (link)',
      'page and queue count which way each descriptor came (engine)',
    ],
  },
];
