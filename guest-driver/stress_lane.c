// SPDX-License-Identifier: GPL-2.0
/* A lane: its queues, its memory, and the thread that works on them. */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "stress.h"

#define LOG_STRIDE 8	/* seven ranges fit, and a push takes it whole */
#define SLICE_MS 200
#define BATCH 16

void stress_lane_event(struct pushbell_cq *cq, void *context)
{
	struct stress_lane *lane = context;

	stress_seen(&lane->stress->gaps, ktime_get_ns());
	lane->counts.interrupts++;
	complete(&lane->event);
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

unsigned int stress_lane_outstanding(const struct stress_lane *lane)
{
	unsigned int count = lane->posted - lane->completed;

	return count + (lane->receivable - lane->received);
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

static struct pushbell_qp *make_qp(struct stress_lane *lane)
{
	u8 log_depth = max(1, order_base_2(lane->stress->parameters.window));
	struct pushbell_qp *qp = pushbell_qp_create(lane->stress->pb, &(struct pushbell_qp_parameters) {
		.type = lane->dma ? PB_QP_TYPE_DMA : PB_QP_TYPE_RC, .page = lane->page,
		.send_cq = lane->cq, .recv_cq = lane->cq, .flags = lane->dma ? 0 : PB_QP_FLAG_PRIVILEGED,
		.send_log_depth = log_depth, .send_log_stride = LOG_STRIDE,
		.recv_log_depth = log_depth, .recv_log_stride = LOG_STRIDE,
	});

	if (!IS_ERR(qp)) {
		qp->context = lane;
		qp->fatal = fatal;
	}
	return qp;
}

static int connect(struct stress_lane *lane)
{
	u32 psn = 0xffff00 + lane->number;	/* goes round soon */
	int ret;

	if (lane->dma)
		return pushbell_qp_connect(lane->sender, 0, 0, 0, 0);
	ret = pushbell_qp_connect(lane->sender, lane->receiver->object.handle, PB_MTU_MTU_1024, psn, 1);
	if (!ret)
		ret = pushbell_qp_connect(lane->receiver, lane->sender->object.handle, PB_MTU_MTU_1024, 1, psn);
	return ret;
}

static int open_regions(struct stress_lane *lane)
{
	struct pushbell_pd *pd = &lane->stress->pb->pd;
	int ret = pushbell_mr_create_whole(pd, PB_ACCESS_LOCAL_WRITE | PB_ACCESS_REMOTE_WRITE | PB_ACCESS_REMOTE_READ |
					   PB_ACCESS_REMOTE_ATOMIC, &lane->all);

	if (!ret)
		ret = pushbell_mr_create_fast(pd, 1, &lane->fast);
	*(u64 *)lane->word.cpu = 0;
	return ret;
}

static int open_queues(struct stress_lane *lane)
{
	u8 log_depth = order_base_2(lane->stress->parameters.window) + 2;

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
	lane->sender = make_qp(lane);
	if (IS_ERR(lane->sender))
		return PTR_ERR(lane->sender);
	if (!lane->dma) {
		lane->receiver = make_qp(lane);
		if (IS_ERR(lane->receiver))
			return PTR_ERR(lane->receiver);
	}
	return connect(lane);
}

/* After a failure the caller closes it. */
int stress_lane_open(struct stress_lane *lane)
{
	int ret = open_memory(lane);

	init_completion(&lane->event);
	lane->posted = lane->completed = 0;
	lane->receives_posted = lane->received = lane->receivable = 0;
	lane->word_posted = lane->word_seen = 0;
	lane->broken = false;
	if (!ret && !lane->dma)
		ret = open_regions(lane);
	if (!ret)
		ret = open_queues(lane);
	return ret;
}

static int close_queues(struct stress_lane *lane)
{
	int ret = 0;

	if (!IS_ERR_OR_NULL(lane->sender))
		ret |= pushbell_qp_destroy(lane->sender);
	if (!IS_ERR_OR_NULL(lane->receiver))
		ret |= pushbell_qp_destroy(lane->receiver);
	if (!IS_ERR_OR_NULL(lane->cq))
		ret |= pushbell_cq_destroy(lane->cq);
	if (lane->page)
		ret |= pushbell_page_destroy(lane->page);
	if (lane->all.object.pb)
		ret |= pushbell_mr_destroy(&lane->all);
	if (lane->fast.object.pb)
		ret |= pushbell_mr_destroy(&lane->fast);
	lane->all = lane->fast = (struct pushbell_mr) { };
	lane->sender = lane->receiver = NULL;
	lane->cq = NULL;
	lane->page = NULL;
	return ret;
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

static bool hopeless(struct stress_lane *lane)
{
	return READ_ONCE(lane->stress->aborted) || pushbell_away(lane->stress->pb);
}

/* The next receive for each one that was used, then sends up to the window. 0, or what stopped it. */
static int fill(struct stress_lane *lane)
{
	u32 window = lane->stress->parameters.window;
	int ret = 0;

	while (!ret && !lane->dma && lane->receives_posted < lane->received + window)
		ret = stress_post_receive(lane);
	while (!ret && lane->posted < lane->completed + window &&
	       lane->receivable < lane->received + window)
		ret = stress_post(lane);
	return ret;
}

static unsigned int take(struct stress_lane *lane)
{
	struct pushbell_wc wc[BATCH];
	unsigned int total = 0;
	int taken, i;

	while ((taken = pushbell_cq_poll(lane->cq, wc, BATCH)) > 0) {
		stress_taken(&lane->stress->gaps, taken);
		for (i = 0; i < taken; i++)
			stress_check(lane, &wc[i]);
		total += taken;
	}
	return total;
}

/* Only the interrupt wakes it: one that does not come shows here, and is never made good by a poll in silence. */
static bool await_event(struct stress_lane *lane)
{
	struct stress *s = lane->stress;
	unsigned long end = jiffies + msecs_to_jiffies(s->parameters.stall_ms);
	unsigned int found;

	reinit_completion(&lane->event);
	pushbell_cq_arm(lane->cq, false);
	while (time_before(jiffies, end)) {
		if (wait_for_completion_timeout(&lane->event, msecs_to_jiffies(SLICE_MS)))
			return true;
		if (hopeless(lane))
			return false;
	}
	found = take(lane);
	if (found)
		stress_error(s, "lane %u: %u completions without an interrupt for %u ms", lane->number, found,
			     s->parameters.stall_ms);
	else
		stress_error(s, "lane %u: no completion of %u work requests for %u ms", lane->number,
			     stress_lane_outstanding(lane), s->parameters.stall_ms);
	return !READ_ONCE(s->stopping);
}

/* Until nothing is outstanding. False: it is no use to go on. */
static bool drain(struct stress_lane *lane)
{
	while (stress_lane_outstanding(lane) && !lane->broken) {
		if (!await_event(lane))
			return false;
		take(lane);
	}
	return !lane->broken;
}

static void rest(struct stress_lane *lane)
{
	u32 us = lane->stress->parameters.throttle_us;

	if (us)
		usleep_range(us, us + us / 8);
	else
		cond_resched();
}

int stress_lane_thread(void *data)
{
	struct stress_lane *lane = data;

	while (!READ_ONCE(lane->stress->stopping)) {
		int ret = fill(lane);

		if (ret == -ENODEV)
			break;		/* the adapter is being reset or went away: the notifier counts that */
		if (ret && ret != -EAGAIN)
			stress_error(lane->stress, "lane %u: post gave %d", lane->number, ret);
		if ((ret && ret != -EAGAIN) || !drain(lane))
			break;
		if (ret == -EAGAIN)	/* it sleeps */
			msleep(20);
		rest(lane);
	}
	while (!kthread_should_stop()) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!kthread_should_stop())
			schedule();
		__set_current_state(TASK_RUNNING);
	}
	return 0;
}
