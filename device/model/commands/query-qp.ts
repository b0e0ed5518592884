// SPDX-License-Identifier: MIT
// QUERY_QP.
import * as abi from '../../abi/generated/commands.js';
import { CommandCode, QpState } from '../../abi/generated/commands.js';
import * as s from '../../abi/generated/state.js';
import { NONE, qpRow } from '../rows.js';
import { IN_QP_OUT, QP_AS_AH, tellVector } from './address-vector.js';
import { badHandle, badParameter, type Handler } from './context.js';
import { handleOf } from './simple.js';

type Get = (m: Uint32Array, w: number) => number;
type Set = (m: Uint32Array, w: number, v: number) => void;

/** Fields that are answered as they stand in the row. */
const FIELDS: readonly (readonly [Set, Get])[] = [
  [abi.setCmdQpOutState, s.qpState],
  [abi.setCmdQpOutType, s.qpType],
  [abi.setCmdQpOutDestQpn, s.qpDestQpn],
  [abi.setCmdQpOutSqPsn, s.qpSqPsn],
  [abi.setCmdQpOutRqPsn, s.qpRqPsn],
  [abi.setCmdQpOutSendProducer, s.qpSendProducer],
  [abi.setCmdQpOutSendConsumer, s.qpSendConsumer],
  [abi.setCmdQpOutRecvProducer, s.qpRecvProducer],
  [abi.setCmdQpOutRecvConsumer, s.qpRecvConsumer],
  [abi.setCmdQpOutErrorStatus, s.qpErrorStatus],
  [abi.setCmdQpOutErrorIndex, s.qpErrorIndex],
  [abi.setCmdQpOutFaultAddress, s.qpFaultAddress],
  [abi.setCmdQpOutFaultInfo, s.qpFaultInfo],
  [abi.setCmdQpOutQkey, s.qpQkey],
  [abi.setCmdQpOutAccess, s.qpAccess],
  [abi.setCmdQpOutMaxRdAtomic, s.qpMaxRdAtomic],
  [abi.setCmdQpOutMaxDestRdAtomic, s.qpMaxDestRdAtomic],
  [abi.setCmdQpOutMinRnrTimer, s.qpMinRnrTimer],
  [abi.setCmdQpOutTimeout, s.qpTimeout],
  [abi.setCmdQpOutRetryCount, s.qpRetryCount],
  [abi.setCmdQpOutRnrRetry, s.qpRnrRetry],
  [abi.setCmdQpOutPort, s.qpPort],
  [abi.setCmdQpOutFlags, s.qpFlags],
  [abi.setCmdQpOutSrqn, s.qpSrqn],
];

/** As it is coded in MODIFY_QP; 0: not given. */
const mtuCode = (bytes: number): number => (bytes === 0 ? 0 : Math.log2(bytes / 128));

export const queryQp: Handler = c => {
  const { m } = c.core;
  const { output } = c;
  const n = handleOf(c);
  if (n < 0) return badParameter(c, 'reserved');
  const qp = qpRow(m, n);
  if (qp === NONE) return badHandle(c);
  for (const [set, get] of FIELDS) set(output, 0, get(m, qp));
  abi.setCmdQpOutMtu(output, 0, mtuCode(s.qpMtuBytes(m, qp)));
  const draining = s.qpState(m, qp) === QpState.SQD && s.qpActive(m, qp) === 1;
  abi.setCmdQpOutDraining(output, 0, draining ? 1 : 0);
  tellVector(m, qp + QP_AS_AH, output, IN_QP_OUT);
  return CommandCode.OK;
};
