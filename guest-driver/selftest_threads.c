// SPDX-License-Identifier: GPL-2.0
/* Several processors at once on one doorbell page. */
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

const struct st_case st_thread_cases[] = {
	{ "threads", "threads push and ring on one page at once [claims 4, 13, 18, 28]", threads },
	{ }
};
