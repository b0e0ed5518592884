// SPDX-License-Identifier: GPL-2.0
/* Queue pairs: making them, moving them through their states, posting to them. */
#include <linux/bitfield.h>
#include <linux/slab.h>
#include "core.h"

static u16 mask(const struct pushbell_work_queue *queue)
{
	return BIT(queue->log_depth) - 1;
}

void *pushbell_wqe_slot(struct pushbell_work_queue *queue, u16 index)
{
	return queue->ring.cpu + ((size_t)(index & mask(queue)) << queue->log_stride);
}
EXPORT_SYMBOL_GPL(pushbell_wqe_slot);

static void put_ranges(struct pb_sge *entry, const struct pushbell_range *range, u8 count)
{
	for (; count--; entry++, range++) {
		entry->address = cpu_to_le64(range->address);
		entry->length = cpu_to_le32(range->length);
		entry->lkey = cpu_to_le32(range->lkey);
	}
}

/* Returns its length in bytes, a multiple of 16. */
size_t pushbell_wqe_build(void *bytes, const struct pushbell_wr *wr, u16 index)
{
	struct pb_wqe *wqe = bytes;
	struct pb_sge *entries = (struct pb_sge *)(wqe + 1);

	*wqe = (struct pb_wqe) {
		.opcode = wr->opcode,
		.flags = wr->flags,
		.gather_count = wr->gather_count,
		.scatter_count = wr->scatter_count,
		.index = cpu_to_le16(index),
		.wr_id = cpu_to_le64(wr->wr_id),
		.operand_lo = cpu_to_le32(lower_32_bits(wr->pattern)),
		.operand_hi = cpu_to_le32(upper_32_bits(wr->pattern)),
	};
	put_ranges(entries, wr->gather, wr->gather_count);
	put_ranges(entries + wr->gather_count, wr->scatter, wr->scatter_count);
	return sizeof(*wqe) + (wr->gather_count + wr->scatter_count) * sizeof(*entries);
}
EXPORT_SYMBOL_GPL(pushbell_wqe_build);

/* 0: descriptor stands in its slot; the queue's lock is held. */
static int put(struct pushbell_device *pb, struct pushbell_work_queue *queue, const struct pushbell_wr *wr,
	       size_t *bytes)
{
	size_t needed = sizeof(struct pb_wqe) + (wr->gather_count + wr->scatter_count) * sizeof(struct pb_sge);

	/* Looked at under the lock, so that who puts the adapter to sleep can wait for the doorbell (power.c). */
	if (READ_ONCE(pb->asleep))
		return -EAGAIN;
	if (needed > BIT(queue->log_stride))
		return -EINVAL;
	if ((u16)(queue->producer - READ_ONCE(queue->consumer)) > mask(queue))
		return -EAGAIN;
	*bytes = pushbell_wqe_build(pushbell_wqe_slot(queue, queue->producer), wr, queue->producer);
	queue->producer++;
	return 0;
}

static void push(struct pushbell_qp *qp, const void *wqe, u16 index, size_t bytes)
{
	unsigned long flags;
	struct pushbell_push_buffer *buffer = pushbell_push_begin(qp->page, &flags);

	pushbell_push_fill(buffer, 0, wqe, bytes);
	pushbell_push_end(buffer, pushbell_push_trailer(buffer, qp->object.handle, index, bytes), flags);
}

static bool stale(const struct pushbell_qp *qp)
{
	return qp->object.epoch != READ_ONCE(qp->object.pb->epoch);
}

/* The lock is held up to the doorbell or trailer: the adapter wants a queue's indices in order. */
int pushbell_post_send(struct pushbell_qp *qp, const struct pushbell_wr *wr, enum pushbell_how how)
{
	struct pushbell_work_queue *queue = &qp->send;
	unsigned long flags;
	size_t bytes;
	int ret;

	if (stale(qp))
		return -ENODEV;
	spin_lock_irqsave(&queue->lock, flags);
	ret = put(qp->object.pb, queue, wr, &bytes);
	if (ret)
		goto out;
	if (how == PUSHBELL_PUSH && bytes <= PB_PUSH_BUFFER_BYTES) {
		u16 index = queue->producer - 1;

		push(qp, pushbell_wqe_slot(queue, index), index, bytes);
	} else if (how != PUSHBELL_QUIET) {
		pushbell_doorbell(qp->page, PB_DB_SEND, qp->object.handle, queue->producer);
	}
out:
	spin_unlock_irqrestore(&queue->lock, flags);
	return ret;
}
EXPORT_SYMBOL_GPL(pushbell_post_send);

int pushbell_post_recv(struct pushbell_qp *qp, const struct pushbell_wr *wr)
{
	struct pushbell_work_queue *queue = &qp->recv;
	unsigned long flags;
	size_t bytes;
	int ret;

	if (stale(qp))
		return -ENODEV;
	spin_lock_irqsave(&queue->lock, flags);
	ret = put(qp->object.pb, queue, wr, &bytes);
	if (!ret)
		pushbell_doorbell(qp->page, PB_DB_RECV, qp->object.handle, queue->producer);
	spin_unlock_irqrestore(&queue->lock, flags);
	return ret;
}
EXPORT_SYMBOL_GPL(pushbell_post_recv);

/* A completion covers the descriptors before it too: a queue ends them in order. */
static void ended(struct pushbell_work_queue *queue, u16 index)
{
	u16 consumer = READ_ONCE(queue->consumer);

	/* One from before a reset of the queue, or of an earlier queue of that number, names nothing that is posted. */
	if ((u16)(index - consumer) < (u16)(READ_ONCE(queue->producer) - consumer))
		WRITE_ONCE(queue->consumer, index + 1);
}

void pushbell_qp_ended(struct pushbell_device *pb, const struct pushbell_wc *wc)
{
	struct pushbell_qp *qp;

	rcu_read_lock();
	qp = xa_load(&pb->qps, wc->qpn);
	if (qp)
		ended(wc->receive ? &qp->recv : &qp->send, wc->wqe_index);
	rcu_read_unlock();
}

void pushbell_qp_event(struct pushbell_device *pb, u32 qpn, u32 status)
{
	struct pushbell_qp *qp;

	rcu_read_lock();
	qp = xa_load(&pb->qps, qpn);
	if (qp && qp->fatal)
		qp->fatal(qp, status, qp->context);
	rcu_read_unlock();
}

static int queue_init(struct pushbell_device *pb, struct pushbell_work_queue *queue, u8 log_depth, u8 log_stride)
{
	spin_lock_init(&queue->lock);
	queue->log_depth = log_depth;
	queue->log_stride = log_stride;
	return pushbell_memory_alloc(pb, BIT(log_depth + log_stride), &queue->ring);
}

static int make(struct pushbell_device *pb, struct pushbell_qp *qp, const struct pushbell_qp_parameters *parameters)
{
	struct pushbell_pd *pd = parameters->pd ? parameters->pd : &pb->pd;
	struct pb_cmd_create_qp in = {
		.pd = cpu_to_le32(pd->object.handle),
		.page = cpu_to_le32(qp->page->object.handle),
		.send_cqn = cpu_to_le32(parameters->send_cq->object.handle),
		.type = qp->type,
		.send_log_depth = qp->send.log_depth,
		.send_log_stride = qp->send.log_stride,
		.send_address = cpu_to_le64(qp->send.ring.bus),
		.send_lkey = cpu_to_le32(pb->mr.object.handle),
	};
	int ret;

	if (parameters->send_mr) {
		in.send_address = cpu_to_le64(parameters->send_address);
		in.send_lkey = cpu_to_le32(parameters->send_mr->object.handle);
	}
	if (qp->type == PB_QP_TYPE_RC) {
		in.recv_cqn = cpu_to_le32(parameters->recv_cq->object.handle);
		in.recv_log_depth = qp->recv.log_depth;
		in.recv_log_stride = qp->recv.log_stride;
		in.recv_address = cpu_to_le64(qp->recv.ring.bus);
		in.recv_lkey = cpu_to_le32(pb->mr.object.handle);
	}
	mutex_lock(&pb->command_lock);
	ret = pushbell_object_create(&qp->object, pb, parameters->send_cq->object.epoch, PB_COMMAND_CREATE_QP,
				     &in, sizeof(in));
	if (!ret) {
		ret = xa_err(xa_store(&pb->qps, qp->object.handle, qp, GFP_KERNEL));
		if (ret)
			pushbell_object_destroy(&qp->object, PB_COMMAND_DESTROY_QP);
	}
	mutex_unlock(&pb->command_lock);
	return ret;
}

static void release(struct pushbell_device *pb, struct pushbell_qp *qp)
{
	pushbell_memory_free(pb, &qp->send.ring);
	pushbell_memory_free(pb, &qp->recv.ring);
	kfree_rcu(qp, rcu);	/* a poll of the completion queue may hold it */
}

struct pushbell_qp *pushbell_qp_create(struct pushbell_device *pb, const struct pushbell_qp_parameters *parameters)
{
	struct pushbell_qp *qp = kzalloc(sizeof(*qp), GFP_KERNEL);
	int ret;

	if (!qp)
		return ERR_PTR(-ENOMEM);
	qp->page = parameters->page ? parameters->page : &pb->page;
	qp->type = parameters->type;
	ret = queue_init(pb, &qp->send, parameters->send_log_depth, parameters->send_log_stride);
	if (!ret && qp->type == PB_QP_TYPE_RC)
		ret = queue_init(pb, &qp->recv, parameters->recv_log_depth, parameters->recv_log_stride);
	if (!ret)
		ret = make(pb, qp, parameters);
	if (ret) {
		release(pb, qp);
		return ERR_PTR(ret);
	}
	return qp;
}
EXPORT_SYMBOL_GPL(pushbell_qp_create);

/* After an error nothing has been freed: the adapter may still read the queues. */
int pushbell_qp_destroy(struct pushbell_qp *qp)
{
	struct pushbell_device *pb = qp->object.pb;
	int ret;

	mutex_lock(&pb->command_lock);
	ret = pushbell_object_destroy(&qp->object, PB_COMMAND_DESTROY_QP);
	if (!ret)
		xa_cmpxchg(&pb->qps, qp->object.handle, qp, NULL, 0);
	mutex_unlock(&pb->command_lock);
	if (ret)
		return ret;
	synchronize_irq(pb->eqs[0].irq);	/* the handler of asynchronous events may hold what it found in the table */
	release(pb, qp);
	return 0;
}
EXPORT_SYMBOL_GPL(pushbell_qp_destroy);

int pushbell_qp_modify(struct pushbell_qp *qp, struct pb_cmd_modify_qp *attributes)
{
	attributes->handle = cpu_to_le32(qp->object.handle);
	return pushbell_command(qp->object.pb, qp->object.epoch, PB_COMMAND_MODIFY_QP, attributes,
				sizeof(*attributes), NULL, 0);
}
EXPORT_SYMBOL_GPL(pushbell_qp_modify);

int pushbell_qp_query(struct pushbell_qp *qp, struct pb_cmd_qp_out *out)
{
	int ret;

	mutex_lock(&qp->object.pb->command_lock);
	ret = pushbell_object_query(&qp->object, PB_COMMAND_QUERY_QP, out, sizeof(*out));
	mutex_unlock(&qp->object.pb->command_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(pushbell_qp_query);

static void queue_rewind(struct pushbell_work_queue *queue)
{
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	queue->producer = 0;
	WRITE_ONCE(queue->consumer, 0);
	spin_unlock_irqrestore(&queue->lock, flags);
}

/* Back to RESET: what was posted is forgotten, indices start at zero. Poll the completion queues empty first. */
int pushbell_qp_reset(struct pushbell_qp *qp)
{
	struct pb_cmd_modify_qp in = { .attr_mask = cpu_to_le32(PB_QP_ATTR_STATE), .state = PB_QP_STATE_RESET };
	int ret = pushbell_qp_modify(qp, &in);

	if (ret)
		return ret;
	queue_rewind(&qp->send);
	if (qp->type == PB_QP_TYPE_RC)
		queue_rewind(&qp->recv);
	return 0;
}
EXPORT_SYMBOL_GPL(pushbell_qp_reset);

static int step(struct pushbell_qp *qp, u8 state, u32 attr_mask, const struct pb_cmd_modify_qp *attributes)
{
	struct pb_cmd_modify_qp in = { .attr_mask = cpu_to_le32(PB_QP_ATTR_STATE | attr_mask), .state = state };

	if (attr_mask & PB_QP_ATTR_DEST_QPN)
		in.dest_qpn = attributes->dest_qpn;
	if (attr_mask & PB_QP_ATTR_MTU)
		in.mtu = attributes->mtu;
	if (attr_mask & PB_QP_ATTR_RQ_PSN)
		in.rq_psn = attributes->rq_psn;
	if (attr_mask & PB_QP_ATTR_SQ_PSN)
		in.sq_psn = attributes->sq_psn;
	return pushbell_qp_modify(qp, &in);
}

/* RESET to INIT to RTR to RTS. A DMA channel has no other end: its arguments do not matter. */
int pushbell_qp_connect(struct pushbell_qp *qp, u32 dest_qpn, u8 mtu, u32 sq_psn, u32 rq_psn)
{
	struct pb_cmd_modify_qp attributes = {
		.dest_qpn = cpu_to_le32(dest_qpn),
		.mtu = mtu,
		.sq_psn = cpu_to_le32(sq_psn),
		.rq_psn = cpu_to_le32(rq_psn),
	};
	bool rc = qp->type == PB_QP_TYPE_RC;
	int ret = step(qp, PB_QP_STATE_INIT, 0, &attributes);

	if (!ret)
		ret = step(qp, PB_QP_STATE_RTR,
			   rc ? PB_QP_ATTR_DEST_QPN | PB_QP_ATTR_MTU | PB_QP_ATTR_RQ_PSN : 0, &attributes);
	if (!ret)
		ret = step(qp, PB_QP_STATE_RTS, rc ? PB_QP_ATTR_SQ_PSN : 0, &attributes);
	return ret;
}
EXPORT_SYMBOL_GPL(pushbell_qp_connect);
