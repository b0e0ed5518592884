// SPDX-License-Identifier: MIT
// Defects to be planted in a copy of the compiled model, each of a kind that somebody might really make; random programs
// have to find every one of them.

export interface Defect {
  readonly name: string;
  /** File below device/model/, compiled. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export const DEFECTS: readonly Defect[] = [
  {
    name: 'a WRITE needs no right of the region',
    file: 'responder.js',
    find: 'allowRemote(m, qp, key, target, Access.REMOTE_WRITE)',
    replace: 'allowRemote(m, qp, key, target, 0)',
  },
  {
    name: 'the peer of a queue pair needs no right of it',
    file: 'translate.js',
    find: 'if ((qpAccess(m, qp) & right) === 0)',
    replace: 'if (false)',
  },
  {
    name: 'FETCH_ADD carries nothing from the low to the high half',
    file: 'remote-reads.js',
    find: '(found[0] + p.swapAddLo >= TWO_32 ? 1 : 0)',
    replace: '0',
  },
  {
    name: 'CMP_SWAP compares the low half alone',
    file: 'remote-reads.js',
    find: 'found[0] === p.compareLo && found[1] === p.compareHi',
    replace: 'found[0] === p.compareLo',
  },
  {
    name: 'the limit of a shared receive queue stays armed',
    file: 'receive.js',
    find: 'putSrqLimit(journal, srq, 0);',
    replace: '',
  },
  {
    name: 'a shared receive is given out twice',
    file: 'receive.js',
    find: 'putSrqConsumer(journal, srq, nextIndex(index));',
    replace: '',
  },
  {
    name: 'LOCAL_INV leaves the region as it was',
    file: 'memory-ops.js',
    find: 'putMrValid(journal, mr, 0);',
    replace: '',
  },
  {
    name: 'FAST_REG takes over a region that is valid',
    file: 'memory-ops.js',
    find: 'mrValid(m, mr) !== 0 || !sound(m, mr, d)',
    replace: '!sound(m, mr, d)',
  },
  {
    name: 'datagrams are taken with any Q_Key',
    file: 'datagrams.js',
    find: 'if (p.qkey !== qpQkey(m, qp))',
    replace: 'if (false)',
  },
  {
    name: 'inline data of a second packet starts again',
    file: 'payload.js',
    find: 'd.inlineAt + done',
    replace: 'd.inlineAt',
  },
  {
    name: 'every packet of a solicited message is solicited, the last one not',
    file: 'requester.js',
    find: 'p.solicited = last && d.solicited;',
    replace: 'p.solicited = !last && d.solicited;',
  },
  {
    name: 'an error of a UC queue pair stops its receives too',
    file: 'qp-errors.js',
    find: 'type === QpType.RC ||',
    replace: 'type === QpType.RC || type === QpType.UC ||',
  },
  {
    name: 'a completion queue that waits for a solicited one wakes on any',
    file: 'completion.js',
    find: '(armed === Armed.SOLICITED && !counts)',
    replace: 'false',
  },
  {
    name: 'a torn push is whole',
    file: 'push.js',
    find: 'if (pbufTorn(m, buffer) === 1)',
    replace: 'if (false)',
  },
  {
    name: 'the last byte of a region belongs to nobody',
    file: 'translate.js',
    find: 'address + length <= first + mrLength(m, mr)',
    replace: 'address + length < first + mrLength(m, mr)',
  },
  {
    name: 'CUR_STATE is not looked at',
    file: 'commands/modify-qp.js',
    find: 'abi.cmdModifyQpCurState(c.input, 0) !== t.from',
    replace: 'false',
  },
  {
    name: 'bytes of a message are counted once too often',
    file: 'send-queue.js',
    find: 'countUp(journal, qp + QP_COUNT_TX_MESSAGES_OFFSET / 4);',
    replace:
      'countUp(journal, qp + QP_COUNT_TX_MESSAGES_OFFSET / 4); countUp(journal, qp + QP_COUNT_TX_BYTES_OFFSET / 4);',
  },
  {
    name: 'a port that is down goes on',
    file: 'scheduler.js',
    find: 'Hold.LINK | Hold.PORT',
    replace: 'Hold.LINK',
  },
  {
    name: 'a completion queue that is resized loses what waits in it',
    file: 'commands/resize-cq.js',
    find: 'const waits = after < waiting;',
    replace: 'const waits = false;',
  },
  {
    name: 'a completion queue is made smaller than what waits in it',
    file: 'commands/resize-cq.js',
    find: 'if (distance(cqProducer(m, cq), cqConsumer(m, cq)) > pow2(log))',
    replace: 'if (false)',
  },
  {
    name: 'packets of a connection may come from any address',
    file: 'routes.js',
    find: 'sameGid(this.#m, qp + QP_AS_AH + DGID, gid, 0)',
    replace: 'true',
  },
  {
    name: 'who answers does it from the first address of the port',
    file: 'routes.js',
    find: 'gidRow(m, ahSgidIndex(m, av))',
    replace: 'gidRow(m, 0)',
  },
  {
    name: 'completions of a WRITE with immediate data have the opcode of a SEND',
    file: 'responder.js',
    find: 'const { RECV_RDMA_WITH_IMM } = Opcode;',
    replace: 'const { RECV: RECV_RDMA_WITH_IMM } = Opcode;',
  },
  {
    name: 'a doorbell counts at no page',
    file: 'notify.js',
    find: 'countAtPage(journal, page, DPAGE_COUNT_DOORBELLS_OFFSET);',
    replace: '',
  },
  {
    name: 'a descriptor that was pushed counts as rung',
    file: 'send-queue.js',
    find: 'slot === NONE ? QP_COUNT_RUNG_OFFSET : QP_COUNT_PUSHED_OFFSET',
    replace: 'QP_COUNT_RUNG_OFFSET',
  },
  {
    name: 'a packet of UC that is out of sequence is not counted at the port',
    file: 'responder.js',
    find: 'if (lost) countUp',
    replace: 'if (false) countUp',
  },
  {
    name: 'a moderated completion queue tells one completion late',
    file: 'moderation.js',
    find: 'cqGathered(m, cq) >= cqModerationCount(m, cq)',
    replace: 'cqGathered(m, cq) > cqModerationCount(m, cq)',
  },
  {
    name: 'the period of a completion queue is half as long',
    file: 'moderation.js',
    find: 'cqModerationPeriodUs(this.#m, cq) * NS_PER_US',
    replace: 'cqModerationPeriodUs(this.#m, cq) * 500',
  },
  {
    name: 'the period of a completion queue goes on when it is armed anew',
    file: 'completion.js',
    find: 'core.moderation.forget(cq);',
    replace: '',
  },
  {
    name: 'who waited for a receive waits on when the way there is gone',
    file: 'commands/gids.js',
    find: 'queues.unblockAll();',
    replace: '',
  },
];
