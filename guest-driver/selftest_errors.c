// SPDX-License-Identifier: GPL-2.0
/*
 * Bad descriptors. Each ends in its status, by doorbell and by push; its queue goes to the error state, the descriptors
 * behind it are flushed, nothing else is touched (the runner compares every buffer), and the queue can be used again.
 */
#include "selftest.h"

#define LOG_DEPTH 4
#define STRIDE_128 7
#define COPY_BYTES 256
#define IOVA 0x40000000ULL

struct stage {
	struct selftest *t;
	struct pushbell_qp *qp;
	struct st_buffer *from, *to;
	struct pushbell_mr *readable;		/* from, first COPY_BYTES; not writable */
	struct pushbell_mr *writable;		/* to, first COPY_BYTES */
	struct pushbell_mr *foreign;		/* to, in another protection domain */
};

struct descriptor {
	struct pb_wqe head;
	struct pb_sge gather, scatter;
} __packed __aligned(4);

struct spoiler {
	const char *what;
	u8 status;
	void (*spoil)(struct stage *b, struct descriptor *d);
};

static void stale_gather_key(struct stage *b, struct descriptor *d)
{
	d->gather.lkey = cpu_to_le32(b->readable->object.handle + 1);
}

static void unknown_scatter_key(struct stage *b, struct descriptor *d)
{
	d->scatter.lkey = cpu_to_le32(~0U);
}

static void foreign_key(struct stage *b, struct descriptor *d)
{
	d->scatter.lkey = cpu_to_le32(b->foreign->object.handle);
}

static void read_only_target(struct stage *b, struct descriptor *d)
{
	d->scatter.lkey = cpu_to_le32(b->readable->object.handle);
}

static void beyond_end(struct stage *b, struct descriptor *d)
{
	d->scatter.address = cpu_to_le64(IOVA + 1);
}

static void before_start(struct stage *b, struct descriptor *d)
{
	d->gather.address = cpu_to_le64(IOVA - 1);
}

static void wraps_round(struct stage *b, struct descriptor *d)
{
	d->gather.address = cpu_to_le64(~0ULL - 15);
	d->gather.lkey = cpu_to_le32(b->t->pb->mr.object.handle);
}

static void no_memory_there(struct stage *b, struct descriptor *d)
{
	d->scatter.address = cpu_to_le64(1ULL << 46);
	d->scatter.lkey = cpu_to_le32(b->t->pb->mr.object.handle);
}

static void unknown_opcode(struct stage *b, struct descriptor *d)
{
	d->head.opcode = 0x7f;
}

static void send_on_dma_channel(struct stage *b, struct descriptor *d)
{
	d->head.opcode = PB_OPCODE_SEND;
	d->head.scatter_count = 0;
}

static void receive_on_send_queue(struct stage *b, struct descriptor *d)
{
	d->head.opcode = PB_OPCODE_RECV;
}

static void unknown_flag(struct stage *b, struct descriptor *d)
{
	d->head.flags |= 0x80;
}

static void inline_length_alone(struct stage *b, struct descriptor *d)
{
	d->head.inline_length = cpu_to_le16(1);
}

static void remote_address_of_copy(struct stage *b, struct descriptor *d)
{
	d->head.remote_address = cpu_to_le64(1ULL << 63);
}

static void pattern_without_fill(struct stage *b, struct descriptor *d)
{
	d->head.operand_hi = cpu_to_le32(1);
}

static void wrong_index(struct stage *b, struct descriptor *d)
{
	d->head.index = cpu_to_le16(le16_to_cpu(d->head.index) + 1);
}

static void too_many_entries(struct stage *b, struct descriptor *d)
{
	d->head.gather_count = 200;
}

static void different_lengths(struct stage *b, struct descriptor *d)
{
	d->gather.length = cpu_to_le32(COPY_BYTES - 1);
}

static void onto_itself(struct stage *b, struct descriptor *d)
{
	d->gather = d->scatter;
}

static const struct spoiler spoilers[] = {
	{ "stale key", PB_WC_STATUS_LOC_PROT_ERR, stale_gather_key },
	{ "unknown key", PB_WC_STATUS_LOC_PROT_ERR, unknown_scatter_key },
	{ "key of another domain", PB_WC_STATUS_LOC_PROT_ERR, foreign_key },
	{ "write without the right", PB_WC_STATUS_LOC_PROT_ERR, read_only_target },
	{ "beyond the end", PB_WC_STATUS_LOC_PROT_ERR, beyond_end },
	{ "before the start", PB_WC_STATUS_LOC_PROT_ERR, before_start },
	{ "round the end of addresses", PB_WC_STATUS_LOC_PROT_ERR, wraps_round },
	{ "no memory there", PB_WC_STATUS_GENERAL_ERR, no_memory_there },
	{ "unknown opcode", PB_WC_STATUS_LOC_QP_OP_ERR, unknown_opcode },
	{ "SEND on a DMA channel", PB_WC_STATUS_LOC_QP_OP_ERR, send_on_dma_channel },
	{ "RECV on a send queue", PB_WC_STATUS_LOC_QP_OP_ERR, receive_on_send_queue },
	{ "unknown flag", PB_WC_STATUS_LOC_QP_OP_ERR, unknown_flag },
	{ "inline length without inline data", PB_WC_STATUS_LOC_QP_OP_ERR, inline_length_alone },
	{ "remote address of a COPY", PB_WC_STATUS_LOC_QP_OP_ERR, remote_address_of_copy },
	{ "pattern without FILL", PB_WC_STATUS_LOC_QP_OP_ERR, pattern_without_fill },
	{ "wrong index", PB_WC_STATUS_LOC_QP_OP_ERR, wrong_index },
	{ "more entries than fit", PB_WC_STATUS_LOC_QP_OP_ERR, too_many_entries },
	{ "lists of different lengths", PB_WC_STATUS_LOC_LEN_ERR, different_lengths },
	{ "COPY onto itself", PB_WC_STATUS_LOC_QP_OP_ERR, onto_itself },
};

static int stage_open(struct stage *b, struct selftest *t)
{
	struct pushbell_pd *pd = st_pd(t);
	u64 from, to;

	*b = (struct stage) { .t = t, .from = st_buffer(t, PAGE_SIZE), .to = st_buffer(t, PAGE_SIZE) };
	b->qp = st_dma(t, LOG_DEPTH, STRIDE_128);
	if (!pd || !b->from || !b->to || !b->qp)
		return -EIO;
	st_scramble(b->from, 1);
	from = b->from->address;
	to = b->to->address;
	b->readable = st_mr(t, NULL, 0, IOVA, COPY_BYTES, &from, 1);
	b->writable = st_mr(t, NULL, PB_ACCESS_LOCAL_WRITE, IOVA, COPY_BYTES, &to, 1);
	b->foreign = st_mr(t, pd, PB_ACCESS_LOCAL_WRITE, IOVA, COPY_BYTES, &to, 1);
	return b->readable && b->writable && b->foreign ? 0 : -EIO;
}

/* A COPY that is right; the caller may change that. */
static void good(struct stage *b, struct descriptor *d, u64 wr_id)
{
	struct pushbell_range from = { IOVA, COPY_BYTES, b->readable->object.handle };
	struct pushbell_range to = { IOVA, COPY_BYTES, b->writable->object.handle };
	struct pushbell_wr wr = {
		.wr_id = wr_id, .opcode = PB_OPCODE_COPY, .flags = PB_WQE_FLAG_SIGNALED,
		.gather = &from, .gather_count = 1, .scatter = &to, .scatter_count = 1,
	};

	pushbell_wqe_build(d, &wr, b->qp->send.producer);
}

static int in_error_state(struct stage *b, const struct spoiler *s)
{
	struct selftest *t = b->t;
	struct pb_cmd_qp_out out;

	ST_TRY(t, pushbell_qp_query(b->qp, &out));
	ST_EQUAL(t, le32_to_cpu(out.state), PB_QP_STATE_ERR);
	ST_EQUAL(t, le32_to_cpu(out.error_status), s->status);
	ST_EQUAL(t, le32_to_cpu(out.error_index), 1);
	ST_EXPECT(t, st_wait_event(t, &t->fatal), "no event");
	ST_EQUAL(t, t->fatal_qpn, b->qp->object.handle);
	ST_EQUAL(t, t->fatal_status, s->status);
	return 0;
}

/* Good, bad, good, good: one success, one error, two flushed. Then the queue is made ready again. */
static int spoil(struct stage *b, const struct spoiler *s, bool push)
{
	struct selftest *t = b->t;
	struct descriptor d[4];
	unsigned int i;
	u16 index;

	st_forget(t);
	reinit_completion(&t->fatal);
	for (i = 0; i < 4; i++) {
		good(b, &d[i], i);
		if (i == 1)
			s->spoil(b, &d[i]);
		index = st_put_raw(b->qp, &d[i], sizeof(d[i]));
		if (push && i == 1)
			st_push_raw(b->qp, index, &d[i], sizeof(d[i]));
		else
			st_ring(b->qp);
	}
	memcpy(b->to->shadow, b->from->shadow, COPY_BYTES);
	if (st_wait(t, 4))
		return -EIO;
	for (i = 0; i < 4; i++) {
		ST_EQUAL(t, t->wc[i].wqe_index, i);
		ST_EQUAL(t, t->wc[i].wr_id, i);
		ST_EQUAL(t, t->wc[i].status,
			 i == 0 ? PB_WC_STATUS_SUCCESS : i == 1 ? s->status : PB_WC_STATUS_WR_FLUSH_ERR);
	}
	if (in_error_state(b, s) || st_verify(t))
		return -EIO;
	ST_TRY(t, pushbell_qp_reset(b->qp));
	ST_TRY(t, pushbell_qp_connect(b->qp, 0, 0, 0, 0));
	memset(b->to->data, 0x11, COPY_BYTES);
	memset(b->to->shadow, 0x11, COPY_BYTES);
	return 0;
}

static int descriptors(struct selftest *t)
{
	struct stage b;
	unsigned int i, push;

	if (stage_open(&b, t))
		return -EIO;
	for (i = 0; i < ARRAY_SIZE(spoilers); i++)
		for (push = 0; push < 2; push++)
			if (spoil(&b, &spoilers[i], push)) {
				st_note(t, "%s, by %s", spoilers[i].what, push ? "push" : "doorbell");
				return -EIO;
			}
	return 0;
}

/* Sender and receiver after a message that the receiver cannot take: both told, both stopped. */
static int refused(struct selftest *t, struct pushbell_qp *pair[2], struct pushbell_range message,
		   struct pushbell_range target, u8 receive_status, u8 send_status)
{
	const struct pushbell_wc *wc;
	struct pb_cmd_qp_out out;
	unsigned int i;

	st_forget(t);
	ST_TRY(t, st_recv(pair[1], 2, &target, 1));
	ST_TRY(t, st_send(pair[0], 1, &message, 1, PUSHBELL_DOORBELL));
	if (st_wait(t, 2))
		return -EIO;
	wc = st_find(t, 2, true);
	ST_EXPECT(t, wc && wc->status == receive_status, "receive status %d", wc ? wc->status : -1);
	wc = st_find(t, 1, false);
	ST_EXPECT(t, wc && wc->status == send_status, "send status %d", wc ? wc->status : -1);
	for (i = 0; i < 2; i++) {
		ST_TRY(t, pushbell_qp_query(pair[i], &out));
		ST_EQUAL(t, le32_to_cpu(out.state), PB_QP_STATE_ERR);
	}
	return st_verify(t);
}

static int messages(struct selftest *t)
{
	struct st_buffer *from = st_buffer(t, 1024), *to = st_buffer(t, 1024);
	struct pushbell_range message, target;
	struct pushbell_qp *pair[2];
	u64 page = to ? to->address : 0;
	struct pushbell_mr *mr = st_mr(t, NULL, 0, IOVA, 1024, &page, 1);

	if (!from || !to || !mr)
		return -EIO;
	st_scramble(from, 2);
	message = st_range(t, from, 0, 1000);
	if (st_rc_pair(t, LOG_DEPTH, STRIDE_128, PB_MTU_MTU_1024, pair))
		return -EIO;
	target = st_range(t, to, 0, 999);
	if (refused(t, pair, message, target, PB_WC_STATUS_LOC_LEN_ERR, PB_WC_STATUS_REM_INV_REQ_ERR))
		return -EIO;
	if (st_rc_pair(t, LOG_DEPTH, STRIDE_128, PB_MTU_MTU_1024, pair))
		return -EIO;
	target = (struct pushbell_range) { IOVA, 1024, mr->object.handle };
	if (refused(t, pair, message, target, PB_WC_STATUS_LOC_PROT_ERR, PB_WC_STATUS_REM_OP_ERR))
		return -EIO;
	/* Nobody at the other end any more. */
	st_forget(t);
	if (st_rc_pair(t, LOG_DEPTH, STRIDE_128, PB_MTU_MTU_1024, pair))
		return -EIO;
	ST_TRY(t, pushbell_qp_reset(pair[1]));
	ST_TRY(t, st_send(pair[0], 3, &message, 1, PUSHBELL_PUSH));
	if (st_wait(t, 1))
		return -EIO;
	ST_EQUAL(t, t->wc[0].status, PB_WC_STATUS_RETRY_EXC_ERR);
	return 0;
}

const struct st_case st_error_cases[] = {
	{ "bad-descriptors", "bad descriptors end in their status and touch nothing, by doorbell and push", descriptors },
	{ "bad-messages", "messages that the receiver cannot take stop both ends", messages },
	{ }
};
