// SPDX-License-Identifier: MIT
// What is asked once, at the end of a program: counters, memory regions, shared receive queues.
import * as c from '../../device/abi/generated/commands.js';
import type { Counters, PageCounters } from './objects.js';
import { same } from './observe.js';
import type { Reference } from './reference.js';
import type { Stage } from './stage.js';

/** Throws when a query answers something else than the reference knows. */
export function compareFinal(stage: Stage, r: Reference): void {
  for (const qp of r.qps.values())
    same(`counters of queue pair ${qp.number}`, countersOf(stage, qp.number), qp.counters);
  same('counters of the port', portCounters(stage), { ...r.port, ...NOTHING_BROKEN });
  for (const [page, expected] of r.pages)
    same(`counters of doorbell page ${page}`, pageCounters(stage, page), expected);
  for (const srq of r.srqs.values()) {
    const { producer, consumer } = srq.ring;
    const expected = { producer, consumer, limit: srq.limit };
    same(`shared receive queue ${srq.number}`, querySrq(stage, srq.number), expected);
  }
  for (const region of r.memory.regions.values()) {
    const expected = { pd: region.pd, access: region.access, valid: region.valid ? 1 : 0 };
    if (region.valid) same(`memory region ${region.key}`, queryMr(stage, region.key), expected);
  }
}

function counters(stage: Stage, kind: number, handle: number): Uint32Array {
  return stage.driver.command(c.Command.QUERY_COUNTERS, i => {
    c.setCmdCountersKind(i, 0, kind);
    c.setCmdCountersHandle(i, 0, handle);
  });
}

function countersOf(stage: Stage, qpn: number): Counters {
  const out = counters(stage, c.CounterKind.QP, qpn);
  return {
    txMessages: c.cmdQpCountersTxMessages(out, 0),
    txBytes: c.cmdQpCountersTxBytes(out, 0),
    rxMessages: c.cmdQpCountersRxMessages(out, 0),
    rxBytes: c.cmdQpCountersRxBytes(out, 0),
    pushed: c.cmdQpCountersPushed(out, 0),
    rung: c.cmdQpCountersRung(out, 0),
    errors: c.cmdQpCountersErrors(out, 0),
    flushed: c.cmdQpCountersFlushed(out, 0),
    rxRequests: c.cmdQpCountersRxRequests(out, 0),
    rxDropped: c.cmdQpCountersRxDropped(out, 0),
  };
}

function pageCounters(stage: Stage, page: number): PageCounters {
  const out = counters(stage, c.CounterKind.PAGE, page);
  return {
    doorbells: c.cmdPageCountersDoorbells(out, 0),
    pushes: c.cmdPageCountersPushes(out, 0),
    fallbacks: c.cmdPageCountersFallbacks(out, 0),
    ignored: c.cmdPageCountersIgnored(out, 0),
    refused: c.cmdPageCountersRefused(out, 0),
  };
}

/** A loopback receives what it sends, whole. */
const NOTHING_BROKEN = { lostPackets: 0, lostBytes: 0, rxBad: 0, rxPkey: 0 };

function portCounters(stage: Stage): Reference['port'] & typeof NOTHING_BROKEN {
  const out = counters(stage, c.CounterKind.PORT, 0);
  return {
    rxQkey: c.cmdPortCountersRxQkey(out, 0),
    rxNoReceive: c.cmdPortCountersRxNoReceive(out, 0),
    rxSequence: c.cmdPortCountersRxSequence(out, 0),
    lostPackets: c.cmdPortCountersTxPackets(out, 0) - c.cmdPortCountersRxPackets(out, 0),
    lostBytes: c.cmdPortCountersTxBytes(out, 0) - c.cmdPortCountersRxBytes(out, 0),
    rxBad: c.cmdPortCountersRxBad(out, 0),
    rxPkey: c.cmdPortCountersRxPkey(out, 0),
  };
}

const query = (stage: Stage, command: number, handle: number): Uint32Array =>
  stage.driver.command(command, i => {
    i[0] = handle;
  });

function querySrq(stage: Stage, number: number) {
  const out = query(stage, c.Command.QUERY_SRQ, number);
  return {
    producer: c.cmdSrqOutProducer(out, 0),
    consumer: c.cmdSrqOutConsumer(out, 0),
    limit: c.cmdSrqOutLimit(out, 0),
  };
}

function queryMr(stage: Stage, key: number) {
  const out = query(stage, c.Command.QUERY_MR, key);
  return {
    pd: c.cmdMrOutPd(out, 0),
    access: c.cmdMrOutAccess(out, 0),
    valid: c.cmdMrOutValid(out, 0),
  };
}
