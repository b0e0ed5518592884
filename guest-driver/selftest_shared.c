// SPDX-License-Identifier: GPL-2.0
/* What several share: receive queues; and completion queues that change their size and their manners. */
#include "selftest.h"

#define LOG_DEPTH 4
#define STRIDE_128 7
#define PAIRS 3
#define RECEIVES 12
#define BYTES 3000
#define LIMIT 5

struct shared {
	struct selftest *t;
	struct pushbell_srq *srq;
	struct pushbell_qp *pairs[PAIRS][2];
	struct st_buffer *from, *to;
};

static int post_receives(struct shared *s, unsigned int first, unsigned int count)
{
	struct selftest *t = s->t;
	unsigned int i;

	for (i = first; i < first + count; i++) {
		struct pushbell_range to = st_range(t, s->to, i % RECEIVES * BYTES, BYTES);

		ST_TRY(t, pushbell_srq_post(s->srq, &(struct pushbell_wr) { .wr_id = 1000 + i, .opcode = PB_OPCODE_RECV,
					    .scatter = &to, .scatter_count = 1 }));
	}
	return 0;
}

/* A message through each pair in turn takes the next receive, whoever it is. */
static int one_message(struct shared *s, unsigned int n)
{
	struct pushbell_range from = st_range(s->t, s->from, n, BYTES - n);
	struct selftest *t = s->t;
	const struct pushbell_wc *wc;

	st_forget(t);
	ST_TRY(t, st_send(s->pairs[n % PAIRS][0], n, &from, 1, n % 2 ? PUSHBELL_PUSH : PUSHBELL_DOORBELL));
	if (st_wait_good(t, 2))
		return -EIO;
	wc = st_find(t, 1000 + n, true);
	ST_EXPECT(t, wc && wc->qpn == s->pairs[n % PAIRS][1]->object.handle && wc->byte_count == BYTES - n, "message %u", n);
	memcpy(s->to->shadow + n % RECEIVES * BYTES, s->from->shadow + n, BYTES - n);
	return st_verify(t);
}

static int open_shared(struct shared *s, struct selftest *t)
{
	unsigned int i;

	*s = (struct shared) { .t = t, .srq = st_srq(t, LOG_DEPTH, 0), .from = st_buffer(t, BYTES),
			       .to = st_buffer(t, RECEIVES * BYTES) };
	if (!s->srq || !s->from || !s->to)
		return -EIO;
	for (i = 0; i < PAIRS; i++)
		if (st_pair(t, (struct pushbell_qp_parameters) { .type = PB_QP_TYPE_RC, .srq = s->srq,
			    .send_log_depth = LOG_DEPTH, .send_log_stride = STRIDE_128 }, PB_MTU_MTU_1024, s->pairs[i]))
			return -EIO;
	st_scramble(s->from, 1);
	return 0;
}

static int shared_receives(struct selftest *t)
{
	struct pb_cmd_srq_out out;
	struct shared s;
	unsigned int n;
	u32 number;

	if (open_shared(&s, t) || post_receives(&s, 0, RECEIVES))
		return -EIO;
	number = s.srq->object.handle;
	ST_TRY(t, pushbell_srq_arm(s.srq, LIMIT));
	/* The limit is told when fewer than LIMIT are left, once. */
	for (n = 0; n < RECEIVES - LIMIT; n++)
		if (one_message(&s, n))
			return -EIO;
	ST_EQUAL(t, st_times_told(t, PB_EVENT_TYPE_SRQ_LIMIT, number), 0);
	for (; n < RECEIVES; n++)
		if (one_message(&s, n) || st_wait_told(t, PB_EVENT_TYPE_SRQ_LIMIT, number, 1))
			return -EIO;
	if (post_receives(&s, RECEIVES, RECEIVES))
		return -EIO;
	for (; n < 2 * RECEIVES; n++)
		if (one_message(&s, n))
			return -EIO;
	ST_EQUAL(t, st_times_told(t, PB_EVENT_TYPE_SRQ_LIMIT, number), 1);
	ST_TRY(t, pushbell_srq_query(s.srq, &out));
	ST_EQUAL(t, le32_to_cpu(out.consumer), 2 * RECEIVES);
	ST_EQUAL(t, le32_to_cpu(out.users), 2 * PAIRS);
	ST_EXPECT(t, pushbell_srq_destroy(s.srq) == -EBUSY, "a shared receive queue in use");
	/* One that goes to the error state takes no more; the others do. */
	ST_TRY(t, pushbell_qp_step(s.pairs[1][1], PB_QP_STATE_ERR, 0, NULL));
	if (st_wait_told(t, PB_EVENT_TYPE_LAST_WQE_REACHED, s.pairs[1][1]->object.handle, 1) ||
	    post_receives(&s, n, RECEIVES))
		return -EIO;
	return one_message(&s, n);
}

/* Many rounds of the ring, receives posted as they end. */
static int shared_wrap(struct selftest *t)
{
	struct shared s;
	unsigned int n;

	if (open_shared(&s, t))
		return -EIO;
	for (n = 0; n < 8 << LOG_DEPTH; n++)
		if (post_receives(&s, n, 1) || one_message(&s, n))
			return -EIO;
	return 0;
}

/* Completions that wait move with the queue, in order, and what comes after them follows. */
static int resize(struct selftest *t)
{
	static const u8 sizes[] = { 6, 4, 9, 5, 4 };
	struct pushbell_wr wr = { .opcode = PB_OPCODE_NOP, .flags = PB_WQE_FLAG_SIGNALED };
	struct pushbell_cq *cq = st_cq(t, 4);
	struct pushbell_qp *qp;
	struct pushbell_wc wc[16];
	unsigned int i, n, next = 0;

	qp = cq ? st_qp(t, &(struct pushbell_qp_parameters) { .type = PB_QP_TYPE_DMA, .send_cq = cq,
			.send_log_depth = 6, .send_log_stride = 6 }) : NULL;
	if (!qp)
		return -EIO;
	ST_TRY(t, pushbell_qp_connect(qp, 0, 0, 0, 0));
	for (i = 0; i < 4 * ARRAY_SIZE(sizes); i++) {
		for (n = 0; n < 7; n++) {
			wr.wr_id = 11 * i + n;
			ST_TRY(t, pushbell_post_send(qp, &wr, n % 2 ? PUSHBELL_PUSH : PUSHBELL_DOORBELL));
		}
		if (st_drained(t, qp))
			return -EIO;
		ST_EXPECT(t, pushbell_cq_resize(cq, 2) == -EBUSY, "7 completions in 4 entries");
		ST_TRY(t, pushbell_cq_resize(cq, sizes[i % ARRAY_SIZE(sizes)]));
		for (; n < 11; n++) {
			wr.wr_id = 11 * i + n;
			ST_TRY(t, pushbell_post_send(qp, &wr, PUSHBELL_DOORBELL));
		}
		if (st_drained(t, qp))
			return -EIO;
		ST_EQUAL(t, pushbell_cq_poll(cq, wc, ARRAY_SIZE(wc)), 11);
		for (n = 0; n < 11; n++, next++)
			ST_EQUAL(t, wc[n].wr_id, next);
	}
	return 0;
}

#define MANY 8
#define PERIOD_US 60000
#define COPY_BYTES (512 * 1024)

struct counted {
	struct completion told;
	unsigned int events, first;	/* completions that stood there at the first event */
	u64 ns;
};

static void count_entries(struct pushbell_cq *cq, void *context)
{
	struct counted *counted = context;
	struct pushbell_wc wc[MANY];
	int taken = pushbell_cq_poll(cq, wc, MANY);

	if (!counted->events++) {
		counted->first = taken;
		counted->ns = ktime_get_ns();
	}
	complete(&counted->told);
}

/* `posts` COPYs while the queue is armed for `count`; tells how many stood there when the event came. */
static int moderated(struct selftest *t, struct pushbell_cq *cq, struct pushbell_qp *qp, struct st_buffer *buffer,
		     u16 count, unsigned int posts, struct counted *counted)
{
	struct pushbell_range from = st_range(t, buffer, 0, COPY_BYTES);
	struct pushbell_range to = st_range(t, buffer, COPY_BYTES, COPY_BYTES);
	unsigned int i;
	u64 start;

	*counted = (struct counted) { };
	init_completion(&counted->told);
	ST_TRY(t, pushbell_cq_moderate(cq, count, count > 1 ? PERIOD_US : 0));
	ST_TRY(t, pushbell_set_link(t->pb, PB_HOLD_ENGINE, 0));
	for (i = 0; i < posts; i++)
		ST_TRY(t, st_copy(qp, i, from, to, PUSHBELL_DOORBELL));
	pushbell_cq_arm(cq, false);
	start = ktime_get_ns();
	ST_TRY(t, pushbell_set_link(t->pb, 0, 0));
	ST_EXPECT(t, st_wait_event(t, &counted->told), "no event");
	counted->ns -= start;
	if (st_drained(t, qp))
		return -EIO;
	ST_EQUAL(t, counted->events, 1);
	return 0;
}

static int moderation(struct selftest *t)
{
	struct st_buffer *buffer = st_buffer(t, 2 * COPY_BYTES);
	struct pushbell_cq *cq = st_cq(t, 5);
	struct pushbell_qp *qp;
	struct pushbell_wc wc[16];
	struct counted counted;

	qp = cq && buffer ? st_qp(t, &(struct pushbell_qp_parameters) { .type = PB_QP_TYPE_DMA, .send_cq = cq,
			.send_log_depth = LOG_DEPTH, .send_log_stride = STRIDE_128 }) : NULL;
	if (!qp)
		return -EIO;
	ST_TRY(t, pushbell_qp_connect(qp, 0, 0, 0, 0));
	st_scramble(buffer, 1);
	memcpy(buffer->shadow + COPY_BYTES, buffer->shadow, COPY_BYTES);
	cq->context = &counted;
	cq->event = count_entries;
	/* All of them, unless the machine was so slow that the period ended before. */
	if (moderated(t, cq, qp, buffer, MANY, MANY, &counted))
		return -EIO;
	ST_EXPECT(t, counted.first == MANY || counted.ns > PERIOD_US * (u64)NSEC_PER_USEC,
		  "%u completions after %llu ns", counted.first, counted.ns);
	pushbell_cq_poll(cq, wc, ARRAY_SIZE(wc));
	/* Fewer than the count: the period tells, and not before it has passed since the first of them. */
	if (moderated(t, cq, qp, buffer, MANY, 3, &counted))
		return -EIO;
	ST_EXPECT(t, counted.ns > PERIOD_US * (u64)NSEC_PER_USEC, "after %llu ns", counted.ns);
	pushbell_cq_poll(cq, wc, ARRAY_SIZE(wc));
	/* And without moderation the first one does. */
	return moderated(t, cq, qp, buffer, 0, 1, &counted);
}

const struct st_case st_shared_cases[] = {
	{ "shared-receives", "queue pairs take from one receive queue, in order; its limit is told once", shared_receives },
	{ "shared-wrap", "a shared receive queue goes round", shared_wrap },
	{ "resize", "a completion queue changes its size with what is in it", resize },
	{ "moderation", "events by count and by time", moderation },
	{ }
};
