// SPDX-License-Identifier: MIT
// The demonstration's lines of key=value (guest-driver/selftest_demo.c) as a text for a person.

export type StoryStep = Readonly<Record<string, string>>;

export function parseStory(text: string): StoryStep[] {
  return text
    .split('\n')
    .filter(line => line.startsWith('step='))
    .map(line =>
      Object.fromEntries([...line.matchAll(/(\w+)=("([^"]*)"|\S*)/g)].map(m => [m[1], m[3] ?? m[2]])),
    );
}

interface Told {
  readonly lines: readonly string[];
  readonly good: boolean;
}

const us = (step: StoryStep): string => `${(Number(step.ns) / 1000).toFixed(0)} µs`;
const how = (step: StoryStep): string => (step.path === 'push' ? 'by push    ' : 'by doorbell');
const same = (step: StoryStep): boolean => step.same === '1';
const verdict = (good: boolean): string => (good ? 'as it should be' : 'WRONG');

function message(step: StoryStep): Told {
  const good = same(step);
  return {
    good,
    lines: [
      `  ${how(step)}  sent      "${step.sent}"`,
      `               received  "${step.received}"  ${step.bytes} bytes in ${us(step)}, ${verdict(good)}`,
    ],
  };
}

function overtake(step: StoryStep): Told {
  const order = (step.order ?? '').split(' ');
  const rung = order.filter(name => name.startsWith('A'));
  const sorted = rung.every((name, n) => name === `A${n + 1}`) && rung.length === Number(step.rung);
  const good = order[0] === 'B' && sorted;
  const what = step.engine === 'dma' ? 'copies of the DMA engine' : 'messages';
  return {
    good,
    lines: [
      `  ${step.rung} ${what} rung on queue A while the ${step.engine === 'dma' ? 'engine' : 'link'} is held, then 1 pushed on queue B; released:`,
      `               completed ${order.join(' ')}  in ${us(step)}, ${verdict(good)}: the push went first, A kept its order`,
    ],
  };
}

function operation(step: StoryStep): Told {
  const good = same(step);
  return {
    good,
    lines: [
      `  ${how(step)}  ${(step.op ?? '').padEnd(9)} "${step.before}"`,
      `               gives     "${step.after}"  ${step.bytes} bytes in ${us(step)}, ${verdict(good)}`,
    ],
  };
}

function gather(step: StoryStep): Told {
  const good = same(step);
  return {
    good,
    lines: [
      `  ${how(step)}  gathered  ${step.ranges} ranges "${step.sent}"`,
      `               received  "${step.received}"  ${step.bytes} bytes in ${us(step)}, ${verdict(good)}`,
    ],
  };
}

function counters(step: StoryStep): Told {
  const named = Object.entries(step).filter(([key]) => key !== 'step');
  return {
    good: true,
    lines: [`  ${named.map(([key, value]) => `${value} ${key.replaceAll('_', ' ')}`).join(', ')}`],
  };
}

const TELLERS: Readonly<Record<string, { title: string; tell: (step: StoryStep) => Told }>> = {
  message: {
    title: 'Messages: descriptor in memory and a doorbell, or descriptor pushed into the doorbell page',
    tell: message,
  },
  overtake: { title: 'Priority: a pushed descriptor overtakes what was rung before it', tell: overtake },
  operation: { title: 'DMA engine: the same two ways, memory to memory', tell: operation },
  gather: { title: 'Gather: one message from ranges all over memory', tell: gather },
  counters: { title: 'What the adapter counted', tell: counters },
};

/** The whole text, and whether every step did what it should. */
export function renderStory(steps: readonly StoryStep[]): { text: string; good: boolean } {
  const lines: string[] = [];
  let good = true;
  let section = '';
  for (const step of steps) {
    const teller = TELLERS[step.step ?? ''];
    if (teller === undefined) continue;
    if (teller.title !== section) lines.push(...(section === '' ? [] : ['']), teller.title);
    section = teller.title;
    const told = teller.tell(step);
    lines.push(...told.lines);
    good &&= told.good;
  }
  return { text: `${lines.join('\n')}\n`, good };
}
