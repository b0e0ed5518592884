// SPDX-License-Identifier: GPL-2.0
/* Completion queues. */
#include <linux/bitfield.h>
#include <linux/interrupt.h>
#include <linux/slab.h>
#include "core.h"

static struct pb_cqe *entry(struct pushbell_cq *cq)
{
	struct pb_cqe *ring = cq->ring.cpu;

	return &ring[cq->consumer & (BIT(cq->log_depth) - 1)];
}

static bool valid(const struct pushbell_cq *cq, u32 owner)
{
	return FIELD_GET(PB_CQE_OWNER_VALID, owner) == !(cq->consumer >> cq->log_depth & 1);
}

static bool stale(const struct pushbell_cq *cq)
{
	return cq->object.epoch != READ_ONCE(cq->object.pb->epoch);
}

static bool take(struct pushbell_cq *cq, struct pushbell_wc *wc)
{
	struct pb_cqe *cqe = entry(cq);
	u32 owner = le32_to_cpu(READ_ONCE(cqe->owner));

	if (!valid(cq, owner))
		return false;
	dma_rmb();	/* the body was written before the owner bit: read it after */
	wc->wr_id = le64_to_cpu(cqe->wr_id);
	wc->qpn = le32_to_cpu(cqe->qpn);
	wc->byte_count = le32_to_cpu(cqe->byte_count);
	wc->src_qpn = le32_to_cpu(cqe->src_qpn);
	wc->wqe_index = le16_to_cpu(cqe->wqe_index);
	wc->immediate = le32_to_cpu(cqe->immediate);
	wc->opcode = cqe->opcode;
	wc->status = cqe->status;
	wc->receive = owner & PB_CQE_OWNER_RECV;
	wc->solicited = owner & PB_CQE_OWNER_SOLICITED;
	wc->with_immediate = owner & PB_CQE_OWNER_WITH_IMMEDIATE;
	wc->with_invalidate = owner & PB_CQE_OWNER_WITH_INVALIDATE;
	wc->grh = owner & PB_CQE_OWNER_GRH;
	cq->consumer++;
	return true;
}

int pushbell_cq_poll(struct pushbell_cq *cq, struct pushbell_wc *wc, int count)
{
	unsigned long flags;
	int taken = 0;

	spin_lock_irqsave(&cq->lock, flags);
	while (taken < count && take(cq, &wc[taken]))
		pushbell_qp_ended(cq->object.pb, &wc[taken++]);
	/* The adapter refuses to overwrite what it does not know to be taken, so it is told at once. */
	if (taken && !stale(cq) && !READ_ONCE(cq->object.pb->asleep))
		pushbell_doorbell(cq->page, PB_DB_CQ_UPDATE, cq->object.handle, cq->consumer);
	spin_unlock_irqrestore(&cq->lock, flags);
	return taken;
}
EXPORT_SYMBOL_GPL(pushbell_cq_poll);

static void arm(struct pushbell_cq *cq, bool solicited)
{
	pushbell_doorbell_raw(cq->page, PB_DB_CQ_ARM,
			      FIELD_PREP(PB_DB_CQ_ARM_NUMBER, cq->object.handle) |
			      FIELD_PREP(PB_DB_CQ_ARM_INDEX, cq->consumer) |
			      FIELD_PREP(PB_DB_CQ_ARM_SOLICITED, solicited));
}

/* Completions beyond what has been polled give the event at once, so there is no race with the last poll. */
void pushbell_cq_arm(struct pushbell_cq *cq, bool solicited)
{
	unsigned long flags;

	spin_lock_irqsave(&cq->lock, flags);
	if (READ_ONCE(cq->object.pb->asleep)) {
		cq->arm = true;
		cq->arm_solicited = solicited;
	} else if (!stale(cq)) {
		arm(cq, solicited);
	}
	spin_unlock_irqrestore(&cq->lock, flags);
}
EXPORT_SYMBOL_GPL(pushbell_cq_arm);

/* The adapter is awake: it is told what it missed. */
void pushbell_cq_again(struct pushbell_cq *cq)
{
	unsigned long flags;

	spin_lock_irqsave(&cq->lock, flags);
	pushbell_doorbell(cq->page, PB_DB_CQ_UPDATE, cq->object.handle, cq->consumer);
	if (cq->arm)
		arm(cq, cq->arm_solicited);
	cq->arm = false;
	spin_unlock_irqrestore(&cq->lock, flags);
}

void pushbell_cq_event(struct pushbell_device *pb, u32 cqn)
{
	struct pushbell_cq *cq = xa_load(&pb->cqs, cqn);

	if (cq && cq->event)
		cq->event(cq, cq->context);
}

void pushbell_cq_error(struct pushbell_device *pb, u32 cqn)
{
	struct pushbell_cq *cq = xa_load(&pb->cqs, cqn);

	if (cq && cq->failed)
		cq->failed(cq, cq->context);
}

static struct pushbell_eq *choose_eq(struct pushbell_device *pb)
{
	/* Queue 0 is for what is not a completion, if there is another one. */
	return &pb->eqs[pb->eq_count > 1 ? 1 + pb->next_eq++ % (pb->eq_count - 1) : 0];
}

static int make(struct pushbell_device *pb, struct pushbell_cq *cq)
{
	struct pb_cmd_create_cq in = {
		.address = cpu_to_le64(cq->ring.bus),
		.lkey = cpu_to_le32(pb->mr.object.handle),
		.log_depth = cq->log_depth,
		.page = cpu_to_le32(cq->page->object.handle),
	};
	int ret;

	mutex_lock(&pb->command_lock);
	cq->eq = choose_eq(pb);
	in.eqn = cpu_to_le32(cq->eq->object.handle);
	ret = pushbell_object_create(&cq->object, pb, cq->page->object.epoch, PB_COMMAND_CREATE_CQ, &in, sizeof(in));
	if (!ret) {
		ret = xa_err(xa_store(&pb->cqs, cq->object.handle, cq, GFP_KERNEL));
		if (ret)
			pushbell_object_destroy(&cq->object, PB_COMMAND_DESTROY_CQ);
	}
	mutex_unlock(&pb->command_lock);
	return ret;
}

struct pushbell_cq *pushbell_cq_create(struct pushbell_device *pb, u8 log_depth, struct pushbell_page *page,
				       void (*event)(struct pushbell_cq *cq, void *context), void *context)
{
	struct pushbell_cq *cq = kzalloc(sizeof(*cq), GFP_KERNEL);
	int ret;

	if (!cq)
		return ERR_PTR(-ENOMEM);
	spin_lock_init(&cq->lock);
	cq->page = page ? page : &pb->page;
	cq->log_depth = log_depth;
	cq->event = event;
	cq->context = context;
	ret = pushbell_memory_alloc(pb, sizeof(struct pb_cqe) << log_depth, &cq->ring);
	if (!ret)
		ret = make(pb, cq);
	if (ret) {
		pushbell_memory_free(pb, &cq->ring);
		kfree(cq);
		return ERR_PTR(ret);
	}
	return cq;
}
EXPORT_SYMBOL_GPL(pushbell_cq_create);

/*
 * The adapter has written what was not consumed into the new ring, at the same indices, when the command returns; what
 * is polled from the old one meanwhile is not taken a second time, because the consumer index goes with the queue.
 */
static void change_ring(struct pushbell_cq *cq, u8 log_depth, struct pushbell_memory *ring)
{
	unsigned long flags;

	spin_lock_irqsave(&cq->lock, flags);
	swap(cq->ring, *ring);
	cq->log_depth = log_depth;
	spin_unlock_irqrestore(&cq->lock, flags);
}

int pushbell_cq_resize(struct pushbell_cq *cq, u8 log_depth)
{
	struct pushbell_device *pb = cq->object.pb;
	struct pb_cmd_resize_cq in = {
		.handle = cpu_to_le32(cq->object.handle), .lkey = cpu_to_le32(pb->mr.object.handle),
		.log_depth = log_depth,
	};
	struct pushbell_memory ring;
	int ret = pushbell_memory_alloc(pb, sizeof(struct pb_cqe) << log_depth, &ring);

	if (ret)
		return ret;
	in.address = cpu_to_le64(ring.bus);
	mutex_lock(&pb->command_lock);
	ret = pushbell_command_locked(pb, cq->object.epoch, PB_COMMAND_RESIZE_CQ, &in, sizeof(in), NULL, 0);
	if (!ret)
		change_ring(cq, log_depth, &ring);
	mutex_unlock(&pb->command_lock);
	pushbell_memory_free(pb, &ring);
	return ret;
}
EXPORT_SYMBOL_GPL(pushbell_cq_resize);

int pushbell_cq_moderate(struct pushbell_cq *cq, u16 count, u16 period_us)
{
	struct pb_cmd_modify_cq in = {
		.handle = cpu_to_le32(cq->object.handle), .count = cpu_to_le16(count),
		.period_us = cpu_to_le16(period_us),
	};

	return pushbell_command(cq->object.pb, cq->object.epoch, PB_COMMAND_MODIFY_CQ, &in, sizeof(in), NULL, 0);
}
EXPORT_SYMBOL_GPL(pushbell_cq_moderate);

int pushbell_cq_query(struct pushbell_cq *cq, struct pb_cmd_queue_out *out)
{
	int ret;

	mutex_lock(&cq->object.pb->command_lock);
	ret = pushbell_object_query(&cq->object, PB_COMMAND_QUERY_CQ, out, sizeof(*out));
	mutex_unlock(&cq->object.pb->command_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(pushbell_cq_query);

/* -EBUSY: a queue pair still completes into it. After any error nothing has been freed: the adapter may still write. */
int pushbell_cq_destroy(struct pushbell_cq *cq)
{
	struct pushbell_device *pb = cq->object.pb;
	int ret;

	mutex_lock(&pb->command_lock);
	ret = pushbell_object_destroy(&cq->object, PB_COMMAND_DESTROY_CQ);
	if (!ret)
		xa_cmpxchg(&pb->cqs, cq->object.handle, cq, NULL, 0);
	mutex_unlock(&pb->command_lock);
	if (ret)
		return ret;
	/* Their handlers may hold what they found in the table: its own for completions, queue 0's for errors. */
	synchronize_irq(cq->eq->irq);
	synchronize_irq(pb->eqs[0].irq);
	pushbell_memory_free(pb, &cq->ring);
	kfree(cq);
	return 0;
}
EXPORT_SYMBOL_GPL(pushbell_cq_destroy);
