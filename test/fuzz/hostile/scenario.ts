// SPDX-License-Identifier: MIT
// What a misbehaving back-end does, as data: one fault in one reply of the connect sequence, attacks once it runs, or both.
import { Request } from '../../../device/abi/generated/messages.js';
import type { Dice } from '../dice.js';

/** How a reply goes wrong. */
export const FAULTS = [
  'longer',
  'shorter',
  'empty',
  'huge',
  'code',
  'version',
  'request',
  'silent',
  'twice',
  'endless',
  'one-fd',
  'many-fds',
  'no-fd',
  'wrong-fd',
  'unsealed',
  'short-memfd',
  'bytes',
  'refused',
  'close-before',
  'close-after',
] as const;
export type Fault = (typeof FAULTS)[number];

/** What is done again and again while the function runs. */
export const ATTACKS = [
  'consumer',
  'consumer-ahead',
  'answers',
  'answer-status',
  'answer-irq',
  'asleep',
  'answer-waiting',
  'front-end-words',
  'irq-raised',
  'intx-level',
  'any-word',
  'eventfd-storm',
  'eventfd-full',
  'eventfd-blocking',
  'log-flood',
  'miss-flood',
  'unknown-flood',
  'channel-garbage',
  'channel-half',
  'chatter',
  'hang-up',
  'half-reply',
] as const;
export type Attack = (typeof ATTACKS)[number];

export interface Scenario {
  readonly name: string;
  readonly seed: number;
  readonly fault?: { readonly request: number; readonly how: Fault };
  readonly attacks: readonly Attack[];
  /** Slots are taken and reads answered, beside the attacks. */
  readonly serves: boolean;
  /** Connection n ends after n × stride bytes were sent on it. */
  readonly cutStride?: number;
  /** The description differs from the one before in a word. */
  readonly otherFunction?: boolean;
}

/** Requests of the connect sequence that have a reply, in their order. */
export const REPLIED: readonly number[] = [
  Request.GET_FEATURES,
  Request.GET_PROTOCOL_FEATURES,
  Request.SET_FEATURES,
  Request.SET_OWNER,
  Request.SET_BACKEND_REQ_FD,
  Request.PCI_GET_FUNCTION,
  Request.PCI_SET_RING,
  Request.PCI_STATE_GET_FD,
  Request.PCI_STATE_SET_FD,
  Request.ADD_MEM_REG,
  Request.PCI_SET_IRQ_FD,
  Request.PCI_CONTROL,
  Request.PCI_RUN,
];

const nameOf = (request: number): string =>
  Object.entries(Request).find(([, code]) => code === request)?.[0] ?? String(request);

export const faulty = (request: number, how: Fault): Scenario => ({
  name: `${nameOf(request)}: ${how}`,
  seed: request,
  fault: { request, how },
  attacks: [],
  serves: true,
});

export const attacking = (serves: boolean, ...attacks: readonly Attack[]): Scenario => ({
  name: `${attacks.join(' and ')}${serves ? '' : ', nothing served'}`,
  seed: attacks.length,
  attacks,
  serves,
});

/** Any of them. */
export function randomScenario(dice: Dice): Scenario {
  const seed = dice.word();
  if (dice.oneIn(3)) return { ...faulty(dice.pick(REPLIED), dice.pick(FAULTS)), seed };
  const attacks = Array.from({ length: 1 + dice.below(4) }, () => dice.pick(ATTACKS));
  return { ...attacking(dice.oneIn(2), ...attacks), seed };
}
