// SPDX-License-Identifier: GPL-2.0
/* A lane's queues and memory: made, connected, destroyed. */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "stress.h"

#define LOG_STRIDE 8	/* seven ranges fit, and a push takes it whole */

unsigned int stress_ends_of(const struct stress_lane *lane)
{
	return lane->kind == STRESS_SHARED ? STRESS_ENDS : 1;
}

static void fatal(struct pushbell_qp *qp, u32 status, void *context)
{
	struct stress_lane *lane = context;

	stress_error(lane->stress, "lane %u: qp %u went to the error state, status %u", lane->number,
		     qp->object.handle, status);
}

static void cq_failed(struct pushbell_cq *cq, void *context)
{
	struct stress_lane *lane = context;

	stress_error(lane->stress, "lane %u: cq %u overflowed or cannot be written", lane->number, cq->object.handle);
}

static void srq_failed(struct pushbell_srq *srq, u32 type, void *context)
{
	struct stress_lane *lane = context;

	stress_error(lane->stress, "lane %u: srq %u has event %u", lane->number, srq->object.handle, type);
}

static int open_memory(struct stress_lane *lane)
{
	struct stress *s = lane->stress;
	size_t bytes = stress_slot_bytes(s);
	unsigned int i;

	lane->expected = kvmalloc(s->parameters.bytes, GFP_KERNEL);
	if (!lane->expected)
		return -ENOMEM;
	for (i = 0; i < s->parameters.window; i++) {
		if (pushbell_memory_alloc(s->pb, bytes, &lane->slots[i].source) ||
		    pushbell_memory_alloc(s->pb, bytes, &lane->slots[i].target) ||
		    pushbell_memory_alloc(s->pb, bytes, &lane->slots[i].remote))
			return -ENOMEM;
		stress_poison(lane, &lane->slots[i].source);
		stress_poison(lane, &lane->slots[i].target);
		stress_poison(lane, &lane->slots[i].remote);
	}
	return pushbell_memory_alloc(s->pb, sizeof(u64), &lane->word);
}

static struct pushbell_qp *make_qp(struct stress_lane *lane, bool receives)
{
	static const u8 types[] = {
		[STRESS_RC] = PB_QP_TYPE_RC, [STRESS_DMA] = PB_QP_TYPE_DMA, [STRESS_UC] = PB_QP_TYPE_UC,
		[STRESS_UD] = PB_QP_TYPE_UD, [STRESS_SHARED] = PB_QP_TYPE_RC,
	};
	u8 log_depth = max(1, order_base_2(lane->stress->parameters.window));
	struct pushbell_qp *qp = pushbell_qp_create(lane->stress->pb, &(struct pushbell_qp_parameters) {
		.type = types[lane->kind], .page = lane->page, .send_cq = lane->cq, .recv_cq = lane->cq,
		.srq = receives ? lane->srq : NULL,
		.flags = lane->kind == STRESS_RC ? PB_QP_FLAG_PRIVILEGED : 0,	/* for FAST_REG */
		.send_log_depth = log_depth, .send_log_stride = LOG_STRIDE,
		.recv_log_depth = log_depth, .recv_log_stride = LOG_STRIDE,
	});

	if (!IS_ERR(qp)) {
		qp->context = lane;
		qp->fatal = fatal;
	}
	return qp;
}

static int connect(struct stress_lane *lane, struct stress_end *end)
{
	u8 mtu = lane->kind == STRESS_UD ? PB_MTU_MTU_4096 : PB_MTU_MTU_1024;
	u32 psn = 0xffff00 + lane->number;	/* goes round soon */
	int ret;

	if (lane->kind == STRESS_DMA)
		return pushbell_qp_connect(end->sender, 0, 0, 0, 0);
	ret = pushbell_qp_connect(end->sender, end->receiver->object.handle, mtu, psn, 1);
	return ret ? ret : pushbell_qp_connect(end->receiver, end->sender->object.handle, mtu, 1, psn);
}

static int open_regions(struct stress_lane *lane)
{
	struct pushbell_pd *pd = &lane->stress->pb->pd;
	int ret = pushbell_mr_create_whole(pd, PB_ACCESS_LOCAL_WRITE | PB_ACCESS_REMOTE_WRITE | PB_ACCESS_REMOTE_READ |
					   PB_ACCESS_REMOTE_ATOMIC, &lane->all);

	if (!ret && lane->kind == STRESS_RC)
		ret = pushbell_mr_create_fast(pd, 1, &lane->fast);
	if (!ret && lane->kind == STRESS_UD)
		ret = pushbell_ah_create(pd, &lane->stress->pb->self, &lane->ah);
	*(u64 *)lane->word.cpu = 0;
	return ret;
}

static int open_shared(struct stress_lane *lane)
{
	struct pushbell_srq *srq = pushbell_srq_create(lane->stress->pb, NULL, lane->page,
						       max(1, order_base_2(lane->stress->parameters.window)),
						       LOG_STRIDE, 0);

	if (IS_ERR(srq))
		return PTR_ERR(srq);
	srq->context = lane;
	srq->event = srq_failed;
	lane->srq = srq;
	return 0;
}

static int open_end(struct stress_lane *lane, struct stress_end *end)
{
	end->sender = make_qp(lane, false);
	if (IS_ERR(end->sender))
		return PTR_ERR(end->sender);
	if (lane->kind != STRESS_DMA) {
		end->receiver = make_qp(lane, true);
		if (IS_ERR(end->receiver))
			return PTR_ERR(end->receiver);
	}
	return connect(lane, end);
}

static int open_queues(struct stress_lane *lane)
{
	u8 log_depth = order_base_2(lane->stress->parameters.window) + 2;
	unsigned int i;
	int ret = 0;

	if (lane->number % 2) {
		struct pushbell_page *page = pushbell_page_create(lane->stress->pb);

		if (IS_ERR(page))
			return PTR_ERR(page);
		lane->page = page;
	}
	lane->cq = pushbell_cq_create(lane->stress->pb, log_depth, lane->page, stress_lane_event, lane);
	if (IS_ERR(lane->cq))
		return PTR_ERR(lane->cq);
	lane->cq->failed = cq_failed;
	if (lane->kind == STRESS_SHARED)
		ret = open_shared(lane);
	for (i = 0; i < stress_ends_of(lane) && !ret; i++)
		ret = open_end(lane, &lane->ends[i]);
	return ret;
}

static void rewind_counts(struct stress_lane *lane)
{
	init_completion(&lane->event);
	lane->posted = lane->completed = 0;
	lane->receives_posted = lane->received = lane->receivable = 0;
	lane->word_posted = lane->word_seen = 0;
	lane->broken = false;
	memset(lane->ends, 0, sizeof(lane->ends));
}

/* After a failure the caller closes it. */
int stress_lane_open(struct stress_lane *lane)
{
	int ret = open_memory(lane);

	rewind_counts(lane);
	if (!ret && lane->kind != STRESS_DMA)
		ret = open_regions(lane);
	if (!ret)
		ret = open_queues(lane);
	return ret;
}

static int close_ends(struct stress_lane *lane)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < STRESS_ENDS; i++) {
		if (!IS_ERR_OR_NULL(lane->ends[i].sender))
			ret |= pushbell_qp_destroy(lane->ends[i].sender);
		if (!IS_ERR_OR_NULL(lane->ends[i].receiver))
			ret |= pushbell_qp_destroy(lane->ends[i].receiver);
		lane->ends[i].sender = lane->ends[i].receiver = NULL;
	}
	if (lane->srq)
		ret |= pushbell_srq_destroy(lane->srq);
	lane->srq = NULL;
	return ret;
}

static int close_regions(struct stress_lane *lane)
{
	int ret = 0;

	if (lane->all.object.pb)
		ret |= pushbell_mr_destroy(&lane->all);
	if (lane->fast.object.pb)
		ret |= pushbell_mr_destroy(&lane->fast);
	if (lane->ah.object.pb)
		ret |= pushbell_ah_destroy(&lane->ah);
	lane->all = lane->fast = (struct pushbell_mr) { };
	lane->ah = (struct pushbell_ah) { };
	return ret;
}

static int close_queues(struct stress_lane *lane)
{
	int ret = close_ends(lane);

	if (!IS_ERR_OR_NULL(lane->cq))
		ret |= pushbell_cq_destroy(lane->cq);
	if (lane->page)
		ret |= pushbell_page_destroy(lane->page);
	lane->cq = NULL;
	lane->page = NULL;
	return ret | close_regions(lane);
}

void stress_lane_close(struct stress_lane *lane)
{
	unsigned int i;

	stress_forgotten(&lane->stress->gaps, stress_lane_outstanding(lane));
	if (close_queues(lane)) {
		stress_error(lane->stress, "lane %u: its queues could not be destroyed", lane->number);
		return;		/* the adapter may still write to the memory */
	}
	for (i = 0; i < STRESS_WINDOW_MAX; i++) {
		pushbell_memory_free(lane->stress->pb, &lane->slots[i].source);
		pushbell_memory_free(lane->stress->pb, &lane->slots[i].target);
		pushbell_memory_free(lane->stress->pb, &lane->slots[i].remote);
	}
	pushbell_memory_free(lane->stress->pb, &lane->word);
	kvfree(lane->expected);
	lane->expected = NULL;
}
