// SPDX-License-Identifier: MIT
// The slow path of the small driver, second part: queue pairs, shared receive queues, address handles, the port.
import * as c from '../../device/abi/generated/commands.js';
import * as r from '../../device/abi/generated/registers.js';
import { gidOfIpv4, ipv4FromMac } from '../../device/fabric/addresses.js';
import { CommandRunner } from './command-runner.js';
import type { Cq, Qp, Ring, Srq } from './work.js';

export interface QpOptions {
  type?: number;
  page?: number;
  sendCq: Cq;
  recvCq?: Cq;
  logDepth?: number;
  logStride?: number;
  /** Key and I/O virtual address of the send ring when it is not in whole memory; writing it is then the caller's. */
  sendLkey?: number;
  sendAddress?: number;
  pd?: number;
  /** In place of a receive queue of its own. */
  srq?: Srq;
  /** See the table of queue pair flags. */
  flags?: number;
}

/** Where packets go; what is left out is the adapter itself. */
export interface Address {
  sgidIndex?: number;
  hopLimit?: number;
  trafficClass?: number;
  flowLabel?: number;
  /** 16 bytes. */
  dgid?: Uint8Array;
  /** 6 bytes. */
  dmac?: Uint8Array;
  udpSport?: number;
}

export interface QpAttributes {
  state?: number;
  dest?: number;
  mtu?: number;
  sqPsn?: number;
  rqPsn?: number;
  curState?: number;
  access?: number;
  qkey?: number;
  maxRdAtomic?: number;
  maxDestRdAtomic?: number;
  minRnrTimer?: number;
  timeout?: number;
  retryCount?: number;
  rnrRetry?: number;
  sqdEvent?: number;
  port?: number;
  pkeyIndex?: number;
  /** Written when it is there. */
  av?: Address;
}

/** What connect() asks for beside the other end. */
export interface Connection {
  mtu?: number;
  psn?: number;
  access?: number;
  maxRdAtomic?: number;
  maxDestRdAtomic?: number;
  qkey?: number;
  av?: Address;
}

export interface QpView {
  state: number;
  type: number;
  dest: number;
  mtu: number;
  sqPsn: number;
  rqPsn: number;
  sendProducer: number;
  sendConsumer: number;
  recvProducer: number;
  recvConsumer: number;
  errorStatus: number;
  errorIndex: number;
  faultAddress: number;
  faultInfo: number;
}

export const REMOTE_ACCESS = c.Access.REMOTE_WRITE | c.Access.REMOTE_READ | c.Access.REMOTE_ATOMIC;
export const DEFAULT_QKEY = 0x1234;

const A = c.QpAttr;
const DATAGRAM: readonly number[] = [c.QpType.UD, c.QpType.GSI];

/** Attributes that the three steps to RTS need, by type: INIT, RTR, RTS (IBTA table 91). */
export const NEEDED: Readonly<Record<number, readonly [init: number, rtr: number, rts: number]>> = {
  [c.QpType.RC]: [
    A.PKEY_INDEX | A.PORT | A.ACCESS,
    A.AV | A.MTU | A.DEST_QPN | A.RQ_PSN | A.MAX_DEST_RD_ATOMIC | A.MIN_RNR_TIMER,
    A.SQ_PSN | A.TIMEOUT | A.RETRY_COUNT | A.RNR_RETRY | A.MAX_RD_ATOMIC,
  ],
  [c.QpType.UC]: [A.PKEY_INDEX | A.PORT | A.ACCESS, A.AV | A.MTU | A.DEST_QPN | A.RQ_PSN, A.SQ_PSN],
  [c.QpType.UD]: [A.PKEY_INDEX | A.PORT | A.QKEY, 0, A.SQ_PSN],
  [c.QpType.GSI]: [A.PKEY_INDEX | A.QKEY, 0, A.SQ_PSN],
  [c.QpType.DMA]: [0, 0, 0],
};

/** Attributes by bit: name here, and what writes it. */
const ATTRIBUTES: readonly (readonly [
  bit: number,
  name: Exclude<keyof QpAttributes, 'av'>,
  set: (m: Uint32Array, w: number, v: number) => void,
])[] = [
  [A.STATE, 'state', c.setCmdModifyQpState],
  [A.DEST_QPN, 'dest', c.setCmdModifyQpDestQpn],
  [A.MTU, 'mtu', c.setCmdModifyQpMtu],
  [A.SQ_PSN, 'sqPsn', c.setCmdModifyQpSqPsn],
  [A.RQ_PSN, 'rqPsn', c.setCmdModifyQpRqPsn],
  [A.CUR_STATE, 'curState', c.setCmdModifyQpCurState],
  [A.ACCESS, 'access', c.setCmdModifyQpAccess],
  [A.PKEY_INDEX, 'pkeyIndex', c.setCmdModifyQpPkeyIndex],
  [A.PORT, 'port', c.setCmdModifyQpPort],
  [A.QKEY, 'qkey', c.setCmdModifyQpQkey],
  [A.MAX_RD_ATOMIC, 'maxRdAtomic', c.setCmdModifyQpMaxRdAtomic],
  [A.MAX_DEST_RD_ATOMIC, 'maxDestRdAtomic', c.setCmdModifyQpMaxDestRdAtomic],
  [A.MIN_RNR_TIMER, 'minRnrTimer', c.setCmdModifyQpMinRnrTimer],
  [A.TIMEOUT, 'timeout', c.setCmdModifyQpTimeout],
  [A.RETRY_COUNT, 'retryCount', c.setCmdModifyQpRetryCount],
  [A.RNR_RETRY, 'rnrRetry', c.setCmdModifyQpRnrRetry],
  [A.SQD_EVENT, 'sqdEvent', c.setCmdModifyQpSqdEvent],
];

export class Commander extends CommandRunner {
  /** GID of the adapter's own address, and its MAC address. */
  own(): { gid: Uint8Array; mac: Uint8Array } {
    const words = Uint32Array.of(
      this.readRegister(r.REG_MAC_LO_OFFSET),
      this.readRegister(r.REG_MAC_HI_OFFSET),
    );
    const mac = new Uint8Array(words.buffer, 0, 6);
    return { gid: gidOfIpv4(ipv4FromMac(mac)), mac };
  }

  /** A queue pair in RESET. */
  createQp(o: QpOptions): Qp {
    const type = o.type ?? c.QpType.RC;
    const logDepth = o.logDepth ?? 6;
    const logStride = o.logStride ?? 8;
    const ring = (address: number): Ring => ({
      address,
      depth: 2 ** logDepth,
      stride: 2 ** logStride,
      producer: 0,
    });
    const send = ring(o.sendAddress ?? this.alloc(2 ** (logDepth + logStride)));
    const own = type !== c.QpType.DMA && o.srq === undefined;
    const recv = own ? ring(this.alloc(2 ** (logDepth + logStride))) : undefined;
    const page = o.page ?? 0;
    const number = this.create(c.Command.CREATE_QP, i => {
      c.setCmdCreateQpPd(i, 0, o.pd ?? this.pd);
      c.setCmdCreateQpPage(i, 0, page);
      c.setCmdCreateQpSendCqn(i, 0, o.sendCq.number);
      c.setCmdCreateQpType(i, 0, type);
      c.setCmdCreateQpFlags(i, 0, o.flags ?? 0);
      c.setCmdCreateQpSendLogDepth(i, 0, logDepth);
      c.setCmdCreateQpSendLogStride(i, 0, logStride);
      c.setCmdCreateQpSendAddress(i, 0, send.address);
      c.setCmdCreateQpSendLkey(i, 0, o.sendLkey ?? this.key);
      if (type !== c.QpType.DMA) c.setCmdCreateQpRecvCqn(i, 0, (o.recvCq ?? o.sendCq).number);
      c.setCmdCreateQpSrqn(i, 0, o.srq?.number ?? 0);
      if (recv === undefined) return;
      c.setCmdCreateQpRecvLogDepth(i, 0, logDepth);
      c.setCmdCreateQpRecvLogStride(i, 0, logStride);
      c.setCmdCreateQpRecvAddress(i, 0, recv.address);
      c.setCmdCreateQpRecvLkey(i, 0, this.key);
    });
    return { number, type, page, send, recv };
  }

  /** Writes the address vector of `a` for a cmd_ah at word `at`. */
  #fillAddress(i: Uint32Array, at: number, a: Address): void {
    const own = this.own();
    c.setCmdAhSgidIndex(i, at, a.sgidIndex ?? 0);
    c.setCmdAhHopLimit(i, at, a.hopLimit ?? 0);
    c.setCmdAhTrafficClass(i, at, a.trafficClass ?? 0);
    c.setCmdAhFlowLabel(i, at, a.flowLabel ?? 0);
    c.setCmdAhUdpSport(i, at, a.udpSport ?? 0);
    const bytes = new Uint8Array(i.buffer, at * 4);
    bytes.set(a.dgid ?? own.gid, c.CMD_AH_DGID_OFFSET);
    bytes.set(a.dmac ?? own.mac, c.CMD_AH_DMAC_OFFSET);
  }

  /** MODIFY_QP; returns its status. */
  modify(qp: Qp, mask: number, a: QpAttributes): number {
    return this.tryCommand(c.Command.MODIFY_QP, i => {
      c.setCmdModifyQpHandle(i, 0, qp.number);
      c.setCmdModifyQpAttrMask(i, 0, mask);
      for (const [, name, set] of ATTRIBUTES) set(i, 0, a[name] ?? 0);
      const at = (c.CMD_MODIFY_QP_SGID_INDEX_OFFSET - c.CMD_AH_SGID_INDEX_OFFSET) / 4;
      if (a.av !== undefined) this.#fillAddress(i, at, a.av);
    });
  }

  /** Good values for each attribute of `mask`, for a queue pair whose other end is `dest`. */
  attributesFor(mask: number, dest: number, o: Connection = {}): QpAttributes {
    const all: QpAttributes = {
      dest,
      mtu: o.mtu ?? c.Mtu.MTU_1024,
      sqPsn: o.psn ?? 0,
      rqPsn: o.psn ?? 0,
      access: o.access ?? REMOTE_ACCESS,
      qkey: o.qkey ?? DEFAULT_QKEY,
      maxRdAtomic: o.maxRdAtomic ?? c.RD_ATOMIC_MAX,
      maxDestRdAtomic: o.maxDestRdAtomic ?? c.RD_ATOMIC_MAX,
      minRnrTimer: 12,
      timeout: 14,
      retryCount: 7,
      rnrRetry: 7,
      port: 1,
    };
    const given: QpAttributes = {};
    for (const [bit, name] of ATTRIBUTES) if ((mask & bit) !== 0) given[name] = all[name] ?? 0;
    if ((mask & A.AV) !== 0) given.av = o.av ?? {};
    return given;
  }

  /** RESET → INIT → RTR → RTS with all that the type needs; RC and UC are connected to `dest`. */
  connect(qp: Qp, dest: number, mtu?: number, psn?: number, o: Connection = {}): void {
    const wanted: Connection = {
      ...o,
      ...(mtu === undefined ? {} : { mtu }),
      ...(psn === undefined ? {} : { psn }),
    };
    const steps = [c.QpState.INIT, c.QpState.RTR, c.QpState.RTS].map((state, n) => {
      const mask = NEEDED[qp.type]![n]!;
      return this.modify(qp, A.STATE | mask, { ...this.attributesFor(mask, dest, wanted), state });
    });
    if (steps.some(s => s !== c.CommandCode.OK))
      throw new Error(`queue pair ${qp.number} does not come up: ${steps}`);
  }

  /** Two queue pairs (RC unless told otherwise) connected to each other. */
  pair(o: QpOptions, mtu?: number, psn = 0, connection: Connection = {}): [Qp, Qp] {
    const a = this.createQp(o);
    const b = this.createQp(o);
    this.connect(a, b.number, mtu, psn, connection);
    this.connect(b, a.number, mtu, psn, connection);
    return [a, b];
  }

  /** A DMA channel that is ready. */
  channel(o: QpOptions): Qp {
    const qp = this.createQp({ ...o, type: c.QpType.DMA });
    this.connect(qp, 0);
    return qp;
  }

  /** A datagram queue pair (UD unless told otherwise) that is ready. */
  datagram(o: QpOptions, connection: Connection = {}): Qp {
    const type = o.type ?? c.QpType.UD;
    if (!DATAGRAM.includes(type)) throw new Error('not a datagram queue pair');
    const qp = this.createQp({ ...o, type });
    this.connect(qp, 0, undefined, undefined, connection);
    return qp;
  }

  /** Output of QUERY_QP as it comes. */
  rawQp(qp: Qp): Uint32Array {
    return this.command(c.Command.QUERY_QP, i => {
      i[0] = qp.number;
    });
  }

  queryQp(qp: Qp): QpView {
    const out = this.rawQp(qp);
    return {
      state: c.cmdQpOutState(out, 0),
      type: c.cmdQpOutType(out, 0),
      dest: c.cmdQpOutDestQpn(out, 0),
      mtu: c.cmdQpOutMtu(out, 0),
      sqPsn: c.cmdQpOutSqPsn(out, 0),
      rqPsn: c.cmdQpOutRqPsn(out, 0),
      sendProducer: c.cmdQpOutSendProducer(out, 0),
      sendConsumer: c.cmdQpOutSendConsumer(out, 0),
      recvProducer: c.cmdQpOutRecvProducer(out, 0),
      recvConsumer: c.cmdQpOutRecvConsumer(out, 0),
      errorStatus: c.cmdQpOutErrorStatus(out, 0),
      errorIndex: c.cmdQpOutErrorIndex(out, 0),
      faultAddress: c.cmdQpOutFaultAddress(out, 0),
      faultInfo: c.cmdQpOutFaultInfo(out, 0),
    };
  }

  createSrq(
    o: { page?: number; logDepth?: number; logStride?: number; limit?: number; pd?: number } = {},
  ): Srq {
    const logDepth = o.logDepth ?? 6;
    const logStride = o.logStride ?? 8;
    const page = o.page ?? 0;
    const address = this.alloc(2 ** (logDepth + logStride));
    const number = this.create(c.Command.CREATE_SRQ, i => {
      c.setCmdCreateSrqPd(i, 0, o.pd ?? this.pd);
      c.setCmdCreateSrqPage(i, 0, page);
      c.setCmdCreateSrqAddress(i, 0, address);
      c.setCmdCreateSrqLkey(i, 0, this.key);
      c.setCmdCreateSrqLogDepth(i, 0, logDepth);
      c.setCmdCreateSrqLogStride(i, 0, logStride);
      c.setCmdCreateSrqLimit(i, 0, o.limit ?? 0);
    });
    const recv = { address, depth: 2 ** logDepth, stride: 2 ** logStride, producer: 0 };
    return { number, page, recv };
  }

  /** Arms the limit of a shared receive queue; returns the status. */
  modifySrq(srq: Srq, limit: number): number {
    return this.tryCommand(c.Command.MODIFY_SRQ, i => {
      c.setCmdModifySrqHandle(i, 0, srq.number);
      c.setCmdModifySrqLimit(i, 0, limit);
    });
  }

  querySrq(srq: Srq) {
    const out = this.command(c.Command.QUERY_SRQ, i => {
      i[0] = srq.number;
    });
    return {
      pd: c.cmdSrqOutPd(out, 0),
      page: c.cmdSrqOutPage(out, 0),
      producer: c.cmdSrqOutProducer(out, 0),
      consumer: c.cmdSrqOutConsumer(out, 0),
      limit: c.cmdSrqOutLimit(out, 0),
      users: c.cmdSrqOutUsers(out, 0),
      failed: c.cmdSrqOutFailed(out, 0),
    };
  }

  /** An address handle; without an address it leads to the adapter itself. */
  createAh(a: Address = {}, pd = this.pd): number {
    return this.create(c.Command.CREATE_AH, i => {
      c.setCmdAhPd(i, 0, pd);
      this.#fillAddress(i, 0, a);
    });
  }

  modifyAh(ah: number, a: Address): number {
    return this.tryCommand(c.Command.MODIFY_AH, i => {
      c.setCmdAhHandle(i, 0, ah);
      this.#fillAddress(i, 0, a);
    });
  }

  /** Sets an entry of the GID table, or clears it (no GID); returns the status. */
  setGid(index: number, gid?: Uint8Array, mac?: Uint8Array): number {
    return this.tryCommand(c.Command.SET_GID, i => {
      c.setCmdSetGidIndex(i, 0, index);
      if (gid === undefined) return;
      c.setCmdSetGidType(i, 0, c.GidType.ROCE_V2);
      const bytes = new Uint8Array(i.buffer);
      bytes.set(gid, c.CMD_SET_GID_GID_OFFSET);
      if (mac !== undefined) bytes.set(mac, c.CMD_SET_GID_MAC_OFFSET);
    });
  }

  queryGid(index: number): { type: number; gid: Uint8Array; mac: Uint8Array } {
    const out = this.command(c.Command.QUERY_GID, i => {
      c.setCmdSetGidIndex(i, 0, index);
    });
    const bytes = new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
    return {
      type: c.cmdSetGidType(out, 0),
      gid: bytes.slice(c.CMD_SET_GID_GID_OFFSET, c.CMD_SET_GID_GID_OFFSET + 16),
      mac: bytes.slice(c.CMD_SET_GID_MAC_OFFSET, c.CMD_SET_GID_MAC_OFFSET + 6),
    };
  }

  queryPort() {
    const out = this.command(c.Command.QUERY_PORT);
    return {
      state: c.cmdPortOutState(out, 0),
      mtu: c.cmdPortOutMtu(out, 0),
      gidEntries: c.cmdPortOutGidEntries(out, 0),
      pkeyEntries: c.cmdPortOutPkeyEntries(out, 0),
      maxMessage: c.cmdPortOutMaxMessage(out, 0),
      badQkeys: c.cmdPortOutBadQkeys(out, 0),
      badPkeys: c.cmdPortOutBadPkeys(out, 0),
      speedMbps: c.cmdPortOutSpeedMbps(out, 0),
    };
  }

  /** Output of QUERY_COUNTERS; read it with cmdPortCounters…, cmdQpCounters… or cmdPageCounters…. */
  counters(kind: number, handle = 0): Uint32Array {
    return this.command(c.Command.QUERY_COUNTERS, i => {
      c.setCmdCountersKind(i, 0, kind);
      c.setCmdCountersHandle(i, 0, handle);
    });
  }
}
