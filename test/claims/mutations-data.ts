// SPDX-License-Identifier: MIT
// What is taken out of messages, copies and the wire, and the cases that notice.
import type { Mutation } from './patched-model.js';

export const dataMutations: readonly Mutation[] = [
  {
    name: 'messages are cut at 4,096 bytes whatever the MTU',
    file: 'model/requester.js',
    find: 'Math.min(qpMtuBytes(m, qp), MAX_MTU, d.gatherBytes - done)',
    replace: 'Math.min(4096, d.gatherBytes - done)',
    breaks: [
      'a push into the middle of a long message waits for no packet but the one in progress',
      'a message becomes packets of one MTU and a rest, first, middle, last or only, with numbers in sequence',
      'message sizes round every multiple of an MTU of 256, each byte and the number of packets',
      'message sizes round every multiple of an MTU of 512, each byte and the number of packets',
      'message sizes round every multiple of an MTU of 1024, each byte and the number of packets',
      'message sizes round every multiple of an MTU of 2048, each byte and the number of packets',
    ],
  },
  {
    name: 'an MTU of 4,096 bytes makes packets of 2,048',
    file: 'model/requester.js',
    find: 'Math.min(qpMtuBytes(m, qp), MAX_MTU, d.gatherBytes - done)',
    replace: 'Math.min(qpMtuBytes(m, qp), 2048, d.gatherBytes - done)',
    breaks: ['message sizes round every multiple of an MTU of 4096, each byte and the number of packets'],
  },
  {
    name: 'the first byte of each packet is lost on the way',
    file: 'model/responder.js',
    find: 'receiving.scatter(qp, done, frame, p.payloadOffset, p.payloadLength)',
    replace: 'receiving.scatter(qp, done, frame, p.payloadOffset + 1, p.payloadLength)',
    breaks: ['message sizes round every multiple of an MTU of 256, each byte and the number of packets'],
  },
  {
    name: 'packet sequence numbers stand still',
    file: 'model/requester.js',
    find: 'putQpSqPsn(journal, qp, (qpSqPsn(m, qp) + 1) % PSN_MODULUS);',
    replace: '',
    breaks: [
      'the pushed bytes are taken with the trailer: what the buffer gets next does not change them (link)',
    ],
  },
  {
    name: 'the gather engine rounds addresses down to words',
    file: 'model/translate.js',
    find: 'this.segment.of(sgeAddress(m, at) + this.#offset, max)',
    replace: 'this.segment.of(sgeAddress(m, at) - (sgeAddress(m, at) % 4) + this.#offset, max)',
    breaks: ['the gather engine reads by DMA exactly the ranges that the descriptor names'],
  },
  {
    name: 'a region is taken for one piece of memory',
    file: 'model/translate.js',
    find: 'this.length = Math.min(this.length, pageBytes - inPage);',
    replace: '',
    breaks: [
      'gather lists of 0 … 30 entries, odd lengths and alignments, scattered pages, two regions',
      'a range over many pages of a region lands where its pages are and nowhere else',
      'gather alone: many ranges to one target, by doorbell and by push',
      'scatter alone: one source to many ranges, by doorbell and by push',
      'gather and scatter at once, lists of different shape, by doorbell and by push',
      'FILL: the pattern runs on over ranges, pages and slices',
    ],
  },
  {
    name: 'COPY moves nothing',
    file: 'model/engine.js',
    find: 'memory.from(from).at(to).copy(n)',
    replace: 'Dma.DONE',
    breaks: ['a push into the middle of a large COPY waits for no slice but the one in progress'],
  },
  {
    name: 'FILL writes nothing',
    file: 'model/engine.js',
    find: 'memory.at(to).fill(n, pattern, (start + done) % PATTERN_BYTES)',
    replace: 'Dma.DONE',
    breaks: [
      'the pushed bytes are taken with the trailer: what the buffer gets next does not change them (engine)',
    ],
  },
  {
    name: 'every entry of a list of the engine is taken for its first one',
    file: 'model/runs.js',
    find: 'const address = sgeAddress(m, at);',
    replace: 'const address = sgeAddress(m, list);',
    breaks: ['gather and scatter at once, lists of different shape, by doorbell and by push'],
  },
  {
    name: 'every entry of a list is taken for its first one',
    file: 'model/translate.js',
    find: 'this.segment.of(sgeAddress(m, at) + this.#offset, max)',
    replace: 'this.segment.of(sgeAddress(m, this.#list) + this.#offset, max)',
    breaks: ['the gather engine reads by DMA exactly the ranges that the descriptor names'],
  },
  {
    name: 'the link ignores its rate',
    file: 'fabric/link.js',
    find: 'nowNs >= this.#freeAtNs',
    replace: 'nowNs >= 0',
    breaks: ['on a link with a rate a push waits at most for the packet that is on the wire'],
  },
];
