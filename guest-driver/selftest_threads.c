// SPDX-License-Identifier: GPL-2.0
/* Several processors at once on one doorbell page. */
#include <linux/cpumask.h>
#include <linux/kthread.h>
#include "selftest.h"

#define POSTS 512
#define POSTERS 4

struct poster {
	struct selftest *t;
	struct pushbell_qp *qp;
	struct pushbell_cq *cq;
	struct st_buffer *buffer;
	unsigned int number;
	int result;
	struct completion done;
};

static int post_and_poll(struct poster *p)
{
	unsigned long end = jiffies + msecs_to_jiffies(ST_DEADLINE_MS);
	unsigned int posted = 0, completed = 0;
	struct pushbell_wc wc[16];

	while (completed < POSTS) {
		int taken = pushbell_cq_poll(p->cq, wc, ARRAY_SIZE(wc));
		struct pushbell_range to = st_range(p->t, p->buffer, posted * 8, 8);

		if (posted < POSTS && !st_fill(p->qp, posted, (u64)p->number << 32 | posted, to,
					       posted % 3 ? PUSHBELL_PUSH : PUSHBELL_DOORBELL))
			posted++;
		if (taken)	/* the deadline is for standing still, however slow the machine */
			end = jiffies + msecs_to_jiffies(ST_DEADLINE_MS);
		for (; taken > 0; taken--, completed++)
			if (wc[taken - 1].status != PB_WC_STATUS_SUCCESS)
				return -EIO;
		if (time_after(jiffies, end))
			return -ETIMEDOUT;
		cond_resched();
	}
	return 0;
}

static int poster_thread(void *data)
{
	struct poster *p = data;

	p->result = post_and_poll(p);
	complete(&p->done);
	return 0;
}

/* Several threads push and ring on one doorbell page at once: each descriptor runs once, whoever shared its buffer. */
static int threads(struct selftest *t)
{
	struct poster posters[POSTERS] = { };
	u32 ignored = pushbell_read(t->pb, PB_REG_COUNT_IGNORED);
	u32 refused = pushbell_read(t->pb, PB_REG_COUNT_REFUSED);
	unsigned int i, n, started;

	for (i = 0; i < POSTERS; i++) {
		struct poster *p = &posters[i];

		*p = (struct poster) { .t = t, .number = i, .buffer = st_buffer(t, POSTS * 8), .cq = st_cq(t, 8) };
		init_completion(&p->done);
		if (!p->buffer || !p->cq)
			return -EIO;
		p->qp = st_qp(t, &(struct pushbell_qp_parameters) { .type = PB_QP_TYPE_DMA, .send_cq = p->cq,
				.send_log_depth = 6, .send_log_stride = 6 });
		if (!p->qp)
			return -EIO;
		ST_TRY(t, pushbell_qp_connect(p->qp, 0, 0, 0, 0));
	}
	for (started = 0; started < POSTERS; started++)
		if (IS_ERR(kthread_run(poster_thread, &posters[started], "pushbell-test%u", started)))
			break;
	for (i = 0; i < started; i++)
		wait_for_completion(&posters[i].done);
	ST_EQUAL(t, started, POSTERS);
	for (i = 0; i < POSTERS; i++) {
		ST_TRY(t, posters[i].result);
		for (n = 0; n < POSTS; n++)
			st_shadow_fill((u64)i << 32 | n, &(struct st_piece) { posters[i].buffer, n * 8, 8 }, 1);
		if (st_drained(t, posters[i].qp))
			return -EIO;
	}
	ST_EQUAL(t, pushbell_read(t->pb, PB_REG_COUNT_IGNORED), ignored);
	ST_EQUAL(t, pushbell_read(t->pb, PB_REG_COUNT_REFUSED), refused);
	return 0;
}

/*
 * Two processors at once. Each has a channel and a target of its own, and waits for its push to end before the next, so
 * that there is always a slot.
 */
#define PUSHES 96

/* Two that begin each push at the same moment. */
struct meeting {
	atomic_t trailers, arrived;
};

struct pusher {
	struct selftest *t;
	struct pushbell_page *page;
	struct pushbell_qp *qp;
	struct pushbell_cq *cq;
	struct st_buffer *target;
	struct meeting *meeting;	/* not NULL: both use one buffer, and nothing keeps them apart */
	unsigned int pushed, rung;
	int result;
	struct completion done;
};

static void push_apart(struct pusher *p, u16 index, const void *wqe, size_t bytes)
{
	unsigned long flags;
	struct pushbell_push_buffer *buffer = pushbell_push_begin(p->page, &flags);

	pushbell_push_fill(buffer, 0, wqe, bytes);
	pushbell_push_end(buffer, pushbell_push_trailer(buffer, p->qp->object.handle, index, bytes), flags);
}

/* Into the last buffer, with the generation that is right if the other one does not come in between. */
static void push_together(struct pusher *p, u16 index, const u64 *wqe, size_t bytes)
{
	struct pushbell_push_buffer buffer = p->page->buffers[PB_PUSH_BUFFERS - 1];
	unsigned int i;

	buffer.generation = atomic_read(&p->meeting->trailers);
	for (i = 0; i < bytes / ST_STORE_BYTES; i++)
		writeq(wqe[i], buffer.base + PB_PUSH_DESCRIPTOR + i * ST_STORE_BYTES);
	wmb();
	atomic_inc(&p->meeting->trailers);
	writeq(pushbell_push_trailer(&buffer, p->qp->object.handle, index, bytes), buffer.base + PB_PUSH_TRAILER);
	wmb();
}

/* Until the other one has come this far too. */
static int meet(struct meeting *meeting, unsigned int n)
{
	unsigned long end = jiffies + msecs_to_jiffies(ST_DEADLINE_MS);

	atomic_inc(&meeting->arrived);
	while (atomic_read(&meeting->arrived) < 2 * (n + 1)) {
		if (time_after(jiffies, end))
			return -ETIMEDOUT;
		cond_resched();
	}
	return 0;
}

static int await_one(struct pusher *p, u64 wr_id)
{
	unsigned long end = jiffies + msecs_to_jiffies(ST_DEADLINE_MS);
	struct pushbell_wc wc;

	while (!pushbell_cq_poll(p->cq, &wc, 1)) {
		if (time_after(jiffies, end))
			return -ETIMEDOUT;
		cond_resched();
	}
	return wc.status == PB_WC_STATUS_SUCCESS && wc.wr_id == wr_id ? 0 : -EIO;
}

/* Whole, from one of the two copies. */
static int judge(struct pusher *p, u64 n)
{
	u64 *words = (u64 *)p->target->data;
	unsigned int i;

	for (i = 1; i < ST_TARGET_BYTES / sizeof(u64); i++)
		if (words[i] != words[0])
			return -EIO;
	if (words[0] == ST_PUSHED + n)
		p->pushed++;
	else if (words[0] == ST_MEMORY + n)
		p->rung++;
	else
		return -EILSEQ;
	memset(words, 0, ST_TARGET_BYTES);
	return 0;
}

static int push_all(struct pusher *p)
{
	struct pushbell_range to = st_range(p->t, p->target, 0, ST_TARGET_BYTES);
	u64 wqe[8];
	unsigned int n;
	int ret = 0;

	for (n = 0; n < PUSHES && !ret; n++) {
		size_t bytes = st_build_fill(wqe, n, ST_MEMORY + n, &to, 1, n);
		u16 index = st_put_raw(p->qp, wqe, bytes);

		st_build_fill(wqe, n, ST_PUSHED + n, &to, 1, n);
		if (p->meeting && meet(p->meeting, n))
			return -ETIMEDOUT;
		if (p->meeting)
			push_together(p, index, wqe, bytes);
		else
			push_apart(p, index, wqe, bytes);
		ret = await_one(p, n);
		if (!ret)
			ret = judge(p, n);
	}
	return ret;
}

static int pusher_thread(void *data)
{
	struct pusher *p = data;

	p->result = push_all(p);
	complete(&p->done);
	return 0;
}

static int open_pusher(struct pusher *p, struct selftest *t, struct pushbell_page *page,
		       struct meeting *meeting)
{
	*p = (struct pusher) { .t = t, .page = page, .meeting = meeting, .cq = st_cq(t, 6),
			       .target = st_buffer(t, ST_TARGET_BYTES) };
	init_completion(&p->done);
	if (!p->cq || !p->target)
		return -EIO;
	p->qp = st_qp(t, &(struct pushbell_qp_parameters) { .type = PB_QP_TYPE_DMA, .page = page, .send_cq = p->cq,
		      .send_log_depth = 5, .send_log_stride = 6 });
	if (!p->qp)
		return -EIO;
	memset(p->target->data, 0, ST_TARGET_BYTES);
	memset(p->target->shadow, 0, ST_TARGET_BYTES);
	ST_TRY(t, pushbell_qp_connect(p->qp, 0, 0, 0, 0));
	return 0;
}

static int run_pushers(struct selftest *t, struct pusher pushers[2])
{
	unsigned int cpu = cpumask_first(cpu_online_mask), i, started;

	for (started = 0; started < 2; started++) {
		struct task_struct *thread = kthread_create(pusher_thread, &pushers[started], "pushbell-push%u", started);

		if (IS_ERR(thread))
			break;
		kthread_bind(thread, cpu);
		cpu = cpumask_next(cpu, cpu_online_mask);
		wake_up_process(thread);
	}
	for (i = 0; i < started; i++)
		wait_for_completion(&pushers[i].done);
	ST_EQUAL(t, started, 2);
	for (i = 0; i < 2; i++) {
		ST_EXPECT(t, !pushers[i].result, "processor %u: %d after %u pushed and %u rung", i, pushers[i].result,
			  pushers[i].pushed, pushers[i].rung);
		ST_EQUAL(t, pushers[i].pushed + pushers[i].rung, PUSHES);
		if (st_drained(t, pushers[i].qp))
			return -EIO;
	}
	return 0;
}

/* Buffers of their own: every push is one. */
static int different_buffers(struct selftest *t)
{
	struct pushbell_page *page = st_page(t);
	struct pusher pushers[2];

	if (num_online_cpus() < 2)
		ST_SKIP(t, "one processor");
	if (!page || open_pusher(&pushers[0], t, page, NULL) || open_pusher(&pushers[1], t, page, NULL) ||
	    run_pushers(t, pushers))
		return -EIO;
	ST_EQUAL(t, pushers[0].rung, 0);
	ST_EQUAL(t, pushers[1].rung, 0);
	return 0;
}

/* One buffer and no lock: pushes that meet run from memory, none runs twice, and none is made of two. */
static int same_buffer(struct selftest *t)
{
	struct pushbell_page *page = st_page(t);
	struct pb_cmd_page_counters counters;
	struct pusher pushers[2];
	struct meeting meeting = { ATOMIC_INIT(0), ATOMIC_INIT(0) };

	if (num_online_cpus() < 2)
		ST_SKIP(t, "one processor");
	if (!page || open_pusher(&pushers[0], t, page, &meeting) || open_pusher(&pushers[1], t, page, &meeting) ||
	    run_pushers(t, pushers))
		return -EIO;
	ST_TRY(t, pushbell_query_counters(t->pb, PB_COUNTER_KIND_PAGE, page->object.handle, &counters,
					  sizeof(counters)));
	ST_EQUAL(t, le64_to_cpu(counters.pushes), pushers[0].pushed + pushers[1].pushed);
	ST_EQUAL(t, le64_to_cpu(counters.fallbacks), pushers[0].rung + pushers[1].rung);
	st_note(t, "%u of %u ran from memory", pushers[0].rung + pushers[1].rung, 2 * PUSHES);
	return 0;
}

const struct st_case st_thread_cases[] = {
	{ "two-buffers", "two processors push into buffers of one page [claims 4, 13, 18, 28]", different_buffers },
	{ "one-buffer", "two processors push into one buffer [claims 4, 13, 18, 28]", same_buffer },
	{ "threads", "threads push and ring on one page at once [claims 4, 13, 18, 28]", threads },
	{ }
};
