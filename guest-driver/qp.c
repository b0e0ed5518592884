// SPDX-License-Identifier: GPL-2.0
/* Queue pairs: making them and posting to them. Their states are in qp_state.c. */
#include <linux/interrupt.h>
#include <linux/slab.h>
#include "core.h"

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
	ret = pushbell_queue_put(qp->object.pb, queue, wr, &bytes);
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
	if (!queue->ring.cpu)	/* a DMA channel, or it has a shared one */
		return -EINVAL;
	spin_lock_irqsave(&queue->lock, flags);
	ret = pushbell_queue_put(qp->object.pb, queue, wr, &bytes);
	if (!ret)
		pushbell_doorbell(qp->page, PB_DB_RECV, qp->object.handle, queue->producer);
	spin_unlock_irqrestore(&queue->lock, flags);
	return ret;
}
EXPORT_SYMBOL_GPL(pushbell_post_recv);

/* Queue pairs on other processors take from the shared queue too. */
static void srq_ended(struct pushbell_srq *srq, u16 index)
{
	unsigned long flags;

	spin_lock_irqsave(&srq->queue.lock, flags);
	pushbell_queue_ended(&srq->queue, index);
	spin_unlock_irqrestore(&srq->queue.lock, flags);
}

void pushbell_qp_ended(struct pushbell_device *pb, const struct pushbell_wc *wc)
{
	struct pushbell_qp *qp;

	rcu_read_lock();
	qp = xa_load(&pb->qps, wc->qpn);
	if (qp && wc->receive && qp->srq)
		srq_ended(qp->srq, wc->wqe_index);
	else if (qp)
		pushbell_queue_ended(wc->receive ? &qp->recv : &qp->send, wc->wqe_index);
	rcu_read_unlock();
}

void pushbell_qp_event(struct pushbell_device *pb, u32 qpn, u32 type, u32 detail)
{
	struct pushbell_qp *qp;

	rcu_read_lock();
	qp = xa_load(&pb->qps, qpn);
	if (qp && type == PB_EVENT_TYPE_QP_FATAL && qp->fatal)
		qp->fatal(qp, detail, qp->context);
	else if (qp && type != PB_EVENT_TYPE_QP_FATAL && qp->event)
		qp->event(qp, type, detail, qp->context);
	rcu_read_unlock();
}

static int make(struct pushbell_device *pb, struct pushbell_qp *qp, const struct pushbell_qp_parameters *parameters)
{
	struct pushbell_pd *pd = parameters->pd ? parameters->pd : &pb->pd;
	struct pb_cmd_create_qp in = {
		.pd = cpu_to_le32(pd->object.handle),
		.page = cpu_to_le32(qp->page->object.handle),
		.send_cqn = cpu_to_le32(parameters->send_cq->object.handle),
		.type = qp->type,
		.flags = parameters->flags,
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
	if (qp->type != PB_QP_TYPE_DMA)
		in.recv_cqn = cpu_to_le32(parameters->recv_cq->object.handle);
	if (qp->srq) {
		in.srqn = cpu_to_le32(qp->srq->object.handle);
	} else if (qp->type != PB_QP_TYPE_DMA) {
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
	qp->srq = parameters->srq;
	spin_lock_init(&qp->recv.lock);
	ret = pushbell_queue_init(pb, &qp->send, parameters->send_log_depth, parameters->send_log_stride);
	if (!ret && qp->type != PB_QP_TYPE_DMA && !qp->srq)
		ret = pushbell_queue_init(pb, &qp->recv, parameters->recv_log_depth, parameters->recv_log_stride);
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
