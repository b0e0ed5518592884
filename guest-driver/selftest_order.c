// SPDX-License-Identifier: GPL-2.0
/* Who goes first: pushed before rung, in each queue in order; and what doorbells with odd indices do. */
#include "selftest.h"

#define QUEUES 4
#define BACKLOG 40
#define LOG_DEPTH 7
#define STRIDE_64 6

static int rung_sends(struct selftest *t, struct pushbell_qp *pair[2], struct pushbell_range source,
		      struct pushbell_range target, u64 first, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		ST_TRY(t, st_recv(pair[1], 10000 + first + i, &target, 1));
		ST_TRY(t, st_send(pair[0], first + i, &source, 1, PUSHBELL_DOORBELL));
	}
	return 0;
}

static int in_order(struct selftest *t, u64 first, unsigned int count)
{
	unsigned int i;

	for (i = 1; i < count; i++)
		ST_EXPECT(t, st_place(t, first + i - 1) < st_place(t, first + i), "work request %llu", first + i);
	return 0;
}

/*
 * All queues but one hold a rung backlog; that one is pushed last and is through before the first of all the others.
 * Each queue is the pushed one in turn: who just takes turns would have to be lucky every time. Messages are one
 * packet, so that even one turn of another queue would show.
 */
static int overtake_round(struct selftest *t, struct pushbell_qp *pairs[QUEUES][2], unsigned int pushed,
			  struct pushbell_range source, struct pushbell_range target, struct pushbell_range urgent)
{
	unsigned int q;

	st_forget(t);
	ST_TRY(t, pushbell_set_link(t->pb, PB_HOLD_LINK, 0));
	for (q = 0; q < QUEUES; q++)
		if (q != pushed && rung_sends(t, pairs[q], source, target, 100 * q, BACKLOG))
			return -EIO;
	ST_TRY(t, st_recv(pairs[pushed][1], 20001, &urgent, 1));
	ST_TRY(t, st_send(pairs[pushed][0], 20000, &source, 1, PUSHBELL_PUSH));
	ST_EQUAL(t, pushbell_cq_poll(t->cq, t->wc, ST_WCS), 0);
	ST_TRY(t, pushbell_set_link(t->pb, 0, 0));
	if (st_wait_good(t, 2 * ((QUEUES - 1) * BACKLOG + 1)))
		return -EIO;
	for (q = 0; q < QUEUES; q++)
		if (q != pushed && (in_order(t, 100 * q, BACKLOG) || in_order(t, 10000 + 100 * q, BACKLOG)))
			return -EIO;
	/* The message arrives, then its sender is told; nothing is before these two. */
	ST_EQUAL(t, st_place(t, 20001), 0);
	ST_EQUAL(t, st_place(t, 20000), 1);
	return 0;
}

static int overtake(struct selftest *t)
{
	struct st_buffer *from = st_buffer(t, 200), *to = st_buffer(t, 200), *urgent = st_buffer(t, 200);
	struct pushbell_qp *pairs[QUEUES][2];
	unsigned int q;

	if (!from || !to || !urgent)
		return -EIO;
	for (q = 0; q < QUEUES; q++)
		if (st_rc_pair(t, LOG_DEPTH, STRIDE_64, PB_MTU_MTU_1024, pairs[q]))
			return -EIO;
	for (q = 0; q < QUEUES; q++) {
		st_scramble(from, q);
		memcpy(to->shadow, from->shadow, 200);
		memcpy(urgent->shadow, from->shadow, 200);
		if (overtake_round(t, pairs, q, st_range(t, from, 0, 200), st_range(t, to, 0, 200),
				   st_range(t, urgent, 0, 200)) || st_verify(t)) {
			st_note(t, "queue %u of %u pushed", q, QUEUES);
			return -EIO;
		}
	}
	return 0;
}

/* The pushed descriptor is not the first of its queue: those before it keep their place. */
static int queue_order(struct selftest *t)
{
	struct st_buffer *from = st_buffer(t, 256), *to = st_buffer(t, 256);
	struct pushbell_range source, target;
	struct pushbell_qp *a[2], *b[2];

	if (!from || !to || st_rc_pair(t, LOG_DEPTH, STRIDE_64, PB_MTU_MTU_1024, a) ||
	    st_rc_pair(t, LOG_DEPTH, STRIDE_64, PB_MTU_MTU_1024, b))
		return -EIO;
	st_scramble(from, 2);
	source = st_range(t, from, 0, 256);
	target = st_range(t, to, 0, 256);
	ST_TRY(t, pushbell_set_link(t->pb, PB_HOLD_LINK, 0));
	if (rung_sends(t, a, source, target, 0, 32) || rung_sends(t, b, source, target, 1000, 8))
		return -EIO;
	ST_TRY(t, st_recv(b[1], 11008, &target, 1));
	ST_TRY(t, st_send(b[0], 1008, &source, 1, PUSHBELL_PUSH));
	if (rung_sends(t, b, source, target, 1009, 3))
		return -EIO;
	ST_TRY(t, pushbell_set_link(t->pb, 0, 0));
	memcpy(to->shadow, from->shadow, 256);
	if (st_wait_good(t, 2 * (32 + 12)))
		return -EIO;
	if (in_order(t, 0, 32) || in_order(t, 1000, 12) || in_order(t, 11000, 12))
		return -EIO;
	return st_drained(t, a[0]) ? -EIO : st_drained(t, b[0]);
}

/* The same for the DMA engine: all channels but one hold a backlog of COPYs, that one gets a COPY and a FILL pushed. */
static int engine_round(struct selftest *t, struct pushbell_qp *channels[QUEUES], unsigned int pushed,
			struct st_buffer *from, struct st_buffer *to, struct st_buffer *urgent)
{
	const u64 pattern = 0x0123456789abcdefULL + pushed;
	unsigned int q, i;

	st_forget(t);
	st_scramble(from, 50 + pushed);
	ST_TRY(t, pushbell_set_link(t->pb, PB_HOLD_ENGINE, 0));
	for (q = 0; q < QUEUES; q++)
		for (i = 0; q != pushed && i < BACKLOG; i++)
			ST_TRY(t, st_copy(channels[q], 100 * q + i, st_range(t, from, 0, 1000), st_range(t, to, 0, 1000),
					  PUSHBELL_DOORBELL));
	ST_TRY(t, st_copy(channels[pushed], 20000, st_range(t, from, 77, 300), st_range(t, urgent, 0, 300),
			  PUSHBELL_PUSH));
	ST_TRY(t, st_fill(channels[pushed], 20001, pattern, st_range(t, urgent, 300, 300), PUSHBELL_PUSH));
	ST_EQUAL(t, pushbell_cq_poll(t->cq, t->wc, ST_WCS), 0);
	if (st_verify(t))	/* nothing has moved yet */
		return -EIO;
	ST_TRY(t, pushbell_set_link(t->pb, 0, 0));
	memcpy(to->shadow, from->shadow, 1000);
	memcpy(urgent->shadow, from->shadow + 77, 300);
	st_shadow_fill(pattern, &(struct st_piece) { urgent, 300, 300 }, 1);
	if (st_wait_good(t, (QUEUES - 1) * BACKLOG + 2) || st_verify(t))
		return -EIO;
	for (q = 0; q < QUEUES; q++)
		if (q != pushed && in_order(t, 100 * q, BACKLOG))
			return -EIO;
	ST_EQUAL(t, st_place(t, 20000), 0);
	ST_EQUAL(t, st_place(t, 20001), 1);
	return 0;
}

static int engine_overtake(struct selftest *t)
{
	struct st_buffer *from = st_buffer(t, 1000), *to = st_buffer(t, 1000), *urgent = st_buffer(t, 600);
	struct pushbell_qp *channels[QUEUES];
	unsigned int q;

	if (!from || !to || !urgent)
		return -EIO;
	for (q = 0; q < QUEUES; q++) {
		channels[q] = st_dma(t, LOG_DEPTH, STRIDE_64);
		if (!channels[q])
			return -EIO;
	}
	for (q = 0; q < QUEUES; q++)
		if (engine_round(t, channels, q, from, to, urgent)) {
			st_note(t, "channel %u of %u pushed", q, QUEUES);
			return -EIO;
		}
	return 0;
}

/* As many pushes as there are slots, and a backlog that waits: of eight slices one is the backlog's. */
static int fairness(struct selftest *t)
{
	struct pushbell_qp *rung = st_dma(t, LOG_DEPTH, STRIDE_64), *pushed = st_dma(t, LOG_DEPTH, STRIDE_64);
	struct st_buffer *target = st_buffer(t, 64);
	struct pushbell_range range;
	unsigned int i;

	if (!rung || !pushed || !target)
		return -EIO;
	range = st_range(t, target, 0, 64);
	ST_TRY(t, pushbell_set_link(t->pb, PB_HOLD_ENGINE, 0));
	for (i = 0; i < 4; i++)
		ST_TRY(t, st_fill(rung, i, 1, range, PUSHBELL_DOORBELL));
	for (i = 0; i < PB_PUSH_SLOTS; i++)
		ST_TRY(t, st_fill(pushed, 100 + i, 1, range, PUSHBELL_PUSH));
	ST_TRY(t, pushbell_set_link(t->pb, 0, 0));
	st_shadow_fill(1, &(struct st_piece) { target, 0, 64 }, 1);
	if (st_wait_good(t, 4 + PB_PUSH_SLOTS) || in_order(t, 0, 4) || in_order(t, 100, PB_PUSH_SLOTS))
		return -EIO;
	ST_EQUAL(t, st_place(t, 100), 0);
	ST_EXPECT(t, st_place(t, 0) < 8, "first rung is completion %d", st_place(t, 0));
	ST_EXPECT(t, st_place(t, 1) < 16, "second rung is completion %d", st_place(t, 1));
	/* And no more than its share. */
	ST_EXPECT(t, st_place(t, 107) < 9 && st_place(t, 114) < 18, "pushes 7 and 14 are completions %d and %d",
		  st_place(t, 107), st_place(t, 114));
	return 0;
}

/* More descriptors than the 16 bits of an index count, in a ring of 64. */
static int index_wrap(struct selftest *t)
{
	struct pushbell_wr wr = { .opcode = PB_OPCODE_NOP };
	struct pushbell_qp *qp = st_dma(t, 6, STRIDE_64);
	const unsigned int batch = 60;
	unsigned int posted, i;

	if (!qp)
		return -EIO;
	for (posted = 0; posted < 65536 + 3 * batch; posted += batch) {
		st_forget(t);
		for (i = 1; i <= batch; i++) {
			wr.wr_id = posted + i;
			wr.flags = i == batch ? PB_WQE_FLAG_SIGNALED : 0;
			/* The last is pushed, if it is next; else the trailer rings for the whole batch. */
			ST_TRY(t, pushbell_post_send(qp, &wr, i < batch - 1 ? PUSHBELL_QUIET :
						     i < batch ? PUSHBELL_DOORBELL : PUSHBELL_PUSH));
		}
		if (st_wait_good(t, 1))
			return -EIO;
		ST_EQUAL(t, t->wc[0].wr_id, posted + batch);
		ST_EQUAL(t, t->wc[0].wqe_index, (u16)(posted + batch - 1));
	}
	return st_drained(t, qp);
}

/* An index already taken is ignored, one beyond the queue is refused, and both are counted. */
static int doorbell_rules(struct selftest *t)
{
	struct pushbell_qp *qp = st_dma(t, 6, STRIDE_64);
	struct pushbell_wr wr = { .opcode = PB_OPCODE_NOP, .flags = PB_WQE_FLAG_SIGNALED };
	u32 ignored = pushbell_read(t->pb, PB_REG_COUNT_IGNORED);
	u32 refused = pushbell_read(t->pb, PB_REG_COUNT_REFUSED);

	if (!qp)
		return -EIO;
	ST_TRY(t, pushbell_post_send(qp, &wr, PUSHBELL_DOORBELL));
	if (st_wait_good(t, 1))
		return -EIO;
	st_ring(qp);
	pushbell_doorbell(qp->page, PB_DB_SEND, qp->object.handle, 0);
	ST_EQUAL(t, pushbell_read(t->pb, PB_REG_COUNT_IGNORED), ignored + 2);
	pushbell_doorbell(qp->page, PB_DB_SEND, qp->object.handle, 1 + 64 + 1);
	ST_EQUAL(t, pushbell_read(t->pb, PB_REG_COUNT_REFUSED), refused + 1);
	pushbell_doorbell(qp->page, PB_DB_SEND, 0xffffff, 1);
	ST_EQUAL(t, pushbell_read(t->pb, PB_REG_COUNT_REFUSED), refused + 2);
	ST_TRY(t, pushbell_post_send(qp, &wr, PUSHBELL_DOORBELL));
	if (st_wait_good(t, 2))
		return -EIO;
	return st_drained(t, qp);
}

const struct st_case st_order_cases[] = {
	{ "overtake", "a push goes before a rung backlog of another queue [claims 3, 12, 17, 27]", overtake },
	{ "queue-order", "order inside a queue stays, rung or pushed [claims 3, 12, 17, 27]", queue_order },
	{ "engine-overtake", "pushed DMA operations go before a rung COPY backlog [claims 3, 10, 12, 17, 25, 27]",
	  engine_overtake },
	{ "fairness", "a rung backlog gets one slice in eight while pushes wait [claims 3, 12, 17, 27]", fairness },
	{ "index-wrap", "work-queue indices go round", index_wrap },
	{ "doorbell-rules", "doorbells for a taken, a distant or an unknown index do nothing and are counted",
	  doorbell_rules },
	{ }
};
