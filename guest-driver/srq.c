// SPDX-License-Identifier: GPL-2.0
/*
 * Shared receive queues. Receives are taken in order, by whichever queue pair has a message, and end in any order; when
 * one has ended, those before it have been taken at least, and the adapter reads their slots no more.
 */
#include <linux/interrupt.h>
#include <linux/slab.h>
#include "core.h"

void pushbell_srq_event(struct pushbell_device *pb, u32 srqn, u32 type)
{
	struct pushbell_srq *srq;

	rcu_read_lock();
	srq = xa_load(&pb->srqs, srqn);
	if (srq && srq->event)
		srq->event(srq, type, srq->context);
	rcu_read_unlock();
}

static int make(struct pushbell_device *pb, struct pushbell_srq *srq, struct pushbell_pd *pd, u32 limit)
{
	struct pb_cmd_create_srq in = {
		.pd = cpu_to_le32(pd->object.handle),
		.page = cpu_to_le32(srq->page->object.handle),
		.address = cpu_to_le64(srq->queue.ring.bus),
		.lkey = cpu_to_le32(pb->mr.object.handle),
		.log_depth = srq->queue.log_depth,
		.log_stride = srq->queue.log_stride,
		.limit = cpu_to_le32(limit),
	};
	int ret;

	mutex_lock(&pb->command_lock);
	ret = pushbell_object_create(&srq->object, pb, srq->page->object.epoch, PB_COMMAND_CREATE_SRQ, &in, sizeof(in));
	if (!ret) {
		ret = xa_err(xa_store(&pb->srqs, srq->object.handle, srq, GFP_KERNEL));
		if (ret)
			pushbell_object_destroy(&srq->object, PB_COMMAND_DESTROY_SRQ);
	}
	mutex_unlock(&pb->command_lock);
	return ret;
}

struct pushbell_srq *pushbell_srq_create(struct pushbell_device *pb, struct pushbell_pd *pd, struct pushbell_page *page,
					 u8 log_depth, u8 log_stride, u32 limit)
{
	struct pushbell_srq *srq = kzalloc(sizeof(*srq), GFP_KERNEL);
	int ret;

	if (!srq)
		return ERR_PTR(-ENOMEM);
	srq->page = page ? page : &pb->page;
	ret = pushbell_queue_init(pb, &srq->queue, log_depth, log_stride);
	if (!ret)
		ret = make(pb, srq, pd ? pd : &pb->pd, limit);
	if (ret) {
		pushbell_memory_free(pb, &srq->queue.ring);
		kfree(srq);
		return ERR_PTR(ret);
	}
	return srq;
}
EXPORT_SYMBOL_GPL(pushbell_srq_create);

/* -EBUSY: a queue pair uses it. After any error nothing has been freed. */
int pushbell_srq_destroy(struct pushbell_srq *srq)
{
	struct pushbell_device *pb = srq->object.pb;
	int ret;

	mutex_lock(&pb->command_lock);
	ret = pushbell_object_destroy(&srq->object, PB_COMMAND_DESTROY_SRQ);
	if (!ret)
		xa_cmpxchg(&pb->srqs, srq->object.handle, srq, NULL, 0);
	mutex_unlock(&pb->command_lock);
	if (ret)
		return ret;
	synchronize_irq(pb->eqs[0].irq);	/* as in pushbell_qp_destroy() */
	pushbell_memory_free(pb, &srq->queue.ring);
	kfree_rcu(srq, rcu);
	return 0;
}
EXPORT_SYMBOL_GPL(pushbell_srq_destroy);

int pushbell_srq_arm(struct pushbell_srq *srq, u32 limit)
{
	struct pb_cmd_modify_srq in = { .handle = cpu_to_le32(srq->object.handle), .limit = cpu_to_le32(limit) };

	return pushbell_command(srq->object.pb, srq->object.epoch, PB_COMMAND_MODIFY_SRQ, &in, sizeof(in), NULL, 0);
}
EXPORT_SYMBOL_GPL(pushbell_srq_arm);

int pushbell_srq_query(struct pushbell_srq *srq, struct pb_cmd_srq_out *out)
{
	int ret;

	mutex_lock(&srq->object.pb->command_lock);
	ret = pushbell_object_query(&srq->object, PB_COMMAND_QUERY_SRQ, out, sizeof(*out));
	mutex_unlock(&srq->object.pb->command_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(pushbell_srq_query);

int pushbell_srq_post(struct pushbell_srq *srq, const struct pushbell_wr *wr)
{
	struct pushbell_work_queue *queue = &srq->queue;
	unsigned long flags;
	size_t bytes;
	int ret;

	if (srq->object.epoch != READ_ONCE(srq->object.pb->epoch))
		return -ENODEV;
	spin_lock_irqsave(&queue->lock, flags);
	ret = pushbell_queue_put(srq->object.pb, queue, wr, &bytes);
	if (!ret)
		pushbell_doorbell(srq->page, PB_DB_SRQ, srq->object.handle, queue->producer);
	spin_unlock_irqrestore(&queue->lock, flags);
	return ret;
}
EXPORT_SYMBOL_GPL(pushbell_srq_post);
