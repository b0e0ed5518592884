// SPDX-License-Identifier: MIT
// What is taken out of the taking of push buffers, stores and trailers, and the cases that notice.
import type { Mutation } from './patched-model.js';

export const pushMutations: readonly Mutation[] = [
  {
    name: 'trailers do nothing',
    file: 'model/push.js',
    find: 'decide(core, page, number, buffer, value); empty',
    replace: 'empty',
    breaks: [
      'a push after the doorbell for the same index does nothing: the work runs once, from memory (engine)',
    ],
  },
  {
    name: 'a byte that is stored twice goes unnoticed',
    file: 'model/push.js',
    find: 'if (pbufTorn(m, buffer) === 1)',
    replace: 'if (false)',
    breaks: [
      'without a trailer nothing happens until a later doorbell covers the index; then memory runs (link)',
      'without a trailer nothing happens until a later doorbell covers the index; then memory runs (engine)',
      'a push with any one store repeated runs from memory, once (link)',
      'a push with any one store repeated runs from memory, once (engine)',
      'a push with any one byte too many or too few runs from memory, once (link)',
      'a push with any one byte too many or too few runs from memory, once (engine)',
      'stores that overlap by less than their size tear the push (link)',
      'stores that overlap by less than their size tear the push (engine)',
      'a second push into the same buffer at any point tears both, and each runs once (link)',
      'a second push into the same buffer at any point tears both, and each runs once (engine)',
    ],
  },
  {
    name: 'a byte that is missing or too many goes unnoticed',
    file: 'model/push.js',
    find: 'm[buffer + WRITTEN + n] !== bitRun(0, left)',
    replace: 'false',
    breaks: [
      'a push with any one store left out runs from memory, once (link)',
      'a push with any one store left out runs from memory, once (engine)',
      'a push cut off after any store runs from memory, once (link)',
      'a push cut off after any store runs from memory, once (engine)',
    ],
  },
  {
    name: 'the generation of a trailer is not looked at',
    file: 'model/push.js',
    find: 'pushTrailerGeneration(value, TRAILER) !== pbufGeneration(m, buffer)',
    replace: 'false',
    breaks: [
      'a trailer with another generation than the buffer has reached runs from memory (link)',
      'a trailer with another generation than the buffer has reached runs from memory (engine)',
    ],
  },
  {
    name: 'the buffer that a trailer names is not looked at',
    file: 'model/push.js',
    find: 'pushTrailerBuffer(value, TRAILER) !== number',
    replace: 'false',
    breaks: [
      'a trailer with a wrong length or buffer runs from memory (link)',
      'a trailer with a wrong length or buffer runs from memory (engine)',
    ],
  },
  {
    name: 'the length of a trailer is not looked at',
    file: 'model/push.js',
    find: 'const bytes = pushTrailerLength(value, TRAILER) * PUSH_LENGTH_UNIT;',
    replace: 'const bytes = 64;',
    breaks: [
      'a descriptor that is shorter than the stores is whole with the length of the stores (link)',
      'a descriptor that is shorter than the stores is whole with the length of the stores (engine)',
      'stores of any size at any offset, in any order, make a whole push (link)',
      'stores of any size at any offset, in any order, make a whole push (engine)',
    ],
  },
  {
    name: 'a push buffer is not emptied by its trailer',
    file: 'model/push.js',
    find: 'empty(core, buffer); }',
    replace: '}',
    breaks: [
      'the pushed bytes are taken with the trailer: what the buffer gets next does not change them (engine)',
    ],
  },
  {
    name: 'only 8-byte stores count',
    file: 'model/push.js',
    find: 'if (inBuffer + size > PUSH_BUFFER_BYTES)',
    replace: 'if (size !== 8 || inBuffer + size > PUSH_BUFFER_BYTES)',
    breaks: [
      'stores of any size, order and alignment make a whole push if each byte is stored once (link)',
      'stores of any size, order and alignment make a whole push if each byte is stored once (engine)',
    ],
  },
  {
    name: 'a page has one push buffer instead of four',
    file: 'model/push.js',
    find: '+ number * BUFFER_WORDS',
    replace: '+ 0 * number',
    breaks: [
      'each doorbell page has a priority area of its own inside it, and every buffer of it takes pushes',
      'the memory copy differs from the pushed copy: the pushed one runs, memory is not read (link)',
      'the memory copy differs from the pushed copy: the pushed one runs, memory is not read (engine)',
      'pushes into two buffers at once do not disturb each other (link)',
      'pushes into two buffers at once do not disturb each other (engine)',
    ],
  },
  {
    name: 'the priority area lies elsewhere than the register map says',
    file: 'abi/generated/registers.js',
    find: ' PRIORITY_AREA_OFFSET = 0x800;',
    replace: ' PRIORITY_AREA_OFFSET = 0xa00;',
    breaks: [
      'a push after the doorbell for the same index does nothing: the work runs once, from memory (engine)',
    ],
  },
  {
    name: 'a store is taken to be as long as the word in which it begins',
    file: 'model/push.js',
    find: 'if (first < size)',
    replace: 'if (false)',
    breaks: [
      'stores of any size at any offset, in any order, make a whole push (link)',
      'stores of any size at any offset, in any order, make a whole push (engine)',
    ],
  },
  {
    name: 'only the first word of a store is kept',
    file: 'model/push.js',
    find: 'if (size === 8)',
    replace: 'if (false)',
    breaks: [
      'stores of 16, 32 and 64 bytes arrive as runs of eight: whole in any order of the blocks (link)',
      'stores of 16, 32 and 64 bytes arrive as runs of eight: whole in any order of the blocks (engine)',
      'a doorbell for the index before, between any two stores of a push, leaves the push whole (link)',
      'a doorbell for the index before, between any two stores of a push, leaves the push whole (engine)',
    ],
  },
  {
    name: 'stores out of order tear a push',
    file: 'model/push.js',
    find: 'if (after !== before + bits && pbufTorn(m, buffer) === 0)',
    replace: 'if (after !== before + bits || before > bits)',
    breaks: [
      'stores of any size at any offset, in any order, make a whole push (link)',
      'stores of any size at any offset, in any order, make a whole push (engine)',
    ],
  },
  {
    name: 'what a trailer leaves in the map of its buffer is still there for the next push',
    file: 'model/push.js',
    find: 'if (m[buffer + WRITTEN + n] !== 0)',
    replace: 'if (n > 0)',
    breaks: [
      'pushes through the buffers of a page in turn, until each generation has gone round (link)',
      'pushes through the buffers of a page in turn, until each generation has gone round (engine)',
    ],
  },
  {
    name: 'once torn, a buffer stays torn',
    file: 'model/push.js',
    find: 'putPbufTorn(journal, buffer, 0);',
    replace: '',
    breaks: [
      'one processor is cut off by the whole push of another into the same buffer (link)',
      'one processor is cut off by the whole push of another into the same buffer (engine)',
    ],
  },
  {
    name: 'a byte stored twice, a byte missing and any generation go unnoticed',
    file: 'model/push.js',
    find: 'const why = brokenBy(m, number, buffer, bytes, value) ??',
    replace: 'const why =',
    breaks: [
      'of such stores one lost, at any place, is missed (link)',
      'of such stores one lost, at any place, is missed (engine)',
      'of such stores one repeated, at any later time, is noticed (link)',
      'of such stores one repeated, at any later time, is noticed (engine)',
      'a store that overlaps others in part, before or after them, is noticed (link)',
      'a store that overlaps others in part, before or after them, is noticed (engine)',
      'a block of 16, 32 or 64 bytes that is lost, cut off or repeated tears the push (link)',
      'a block of 16, 32 or 64 bytes that is lost, cut off or repeated tears the push (engine)',
      'two processors push into one buffer: each descriptor runs once, torn ones from memory (link)',
      'two processors push into one buffer: each descriptor runs once, torn ones from memory (engine)',
      'one processor is cut off by the whole push of another into the same buffer (link)',
      'one processor is cut off by the whole push of another into the same buffer (engine)',
    ],
  },
  {
    name: 'pages share their push buffers',
    file: 'model/push.js',
    find: 'const buffer = row + DPAGE_BUFFERS_OFFSET / 4',
    replace: 'const buffer = row - page * 320 + DPAGE_BUFFERS_OFFSET / 4',
    breaks: [
      'two processors push into one buffer number of two pages: both run as pushed (link)',
      'two processors push into one buffer number of two pages: both run as pushed (engine)',
    ],
  },
  {
    name: 'stores beyond the end of a push buffer are taken',
    file: 'model/push.js',
    find: 'if (inBuffer + size > PUSH_BUFFER_BYTES)',
    replace: 'if (inBuffer > PUSH_BUFFER_BYTES)',
    breaks: [
      'stores beyond the end of a buffer are bad accesses and do not tear it (link)',
      'stores beyond the end of a buffer are bad accesses and do not tear it (engine)',
    ],
  },
  {
    name: 'generations go on at 256',
    file: 'model/push.js',
    find: '(pbufGeneration(m, buffer) + 1) % GENERATIONS',
    replace: 'pbufGeneration(m, buffer) + 1',
    breaks: [
      'pushes through the buffers of a page in turn, until each generation has gone round (link)',
      'pushes through the buffers of a page in turn, until each generation has gone round (engine)',
      'generations go round at 256 (link)',
      'generations go round at 256 (engine)',
    ],
  },
  {
    name: 'all buffers of a page have the generation of the first',
    file: 'model/push.js',
    find: 'pushTrailerGeneration(value, TRAILER) !== pbufGeneration(m, buffer)',
    replace: 'pushTrailerGeneration(value, TRAILER) !== pbufGeneration(m, buffer - number * BUFFER_WORDS)',
    breaks: [
      'each buffer has a generation of its own (link)',
      'each buffer has a generation of its own (engine)',
      'two processors, a queue each, push into two buffers of one page: both run as pushed (link)',
      'two processors, a queue each, push into two buffers of one page: both run as pushed (engine)',
      'two processors push for one queue: whichever trailer is first, both run once, in order (link)',
      'two processors push for one queue: whichever trailer is first, both run once, in order (engine)',
    ],
  },
  {
    name: 'a trailer that is refused leaves the buffer as it is',
    file: 'model/push.js',
    find: 'decide(core, page, number, buffer, value); empty(core, buffer);',
    replace:
      'if (decide(core, page, number, buffer, value) !== undefined || maySend(core.m, page, qpRow(core.m, pushTrailerQpn(value, TRAILER)))) empty(core, buffer);',
    breaks: [
      'a trailer that tells of nothing still counts as one: the generation moves on (link)',
      'a trailer that tells of nothing still counts as one: the generation moves on (engine)',
    ],
  },
];
