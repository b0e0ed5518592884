// SPDX-License-Identifier: GPL-2.0
/* The DMA engine: gather, scatter, both, and FILL; each by doorbell and by push. */
#include <linux/slab.h>
#include "selftest.h"

#define LOG_DEPTH 6
#define STRIDE_512 9
#define BYTES 40000

struct lists {
	struct st_piece gather[PB_MAX_SGE], scatter[PB_MAX_SGE];
	struct pushbell_range from[PB_MAX_SGE], to[PB_MAX_SGE];
	u8 gather_count, scatter_count;
};

/* Cuts `total` bytes into `count` ranges of uneven, mostly odd lengths, back to front with gaps. */
static void cut(struct selftest *t, struct st_buffer *buffer, u32 total, u8 count, struct st_piece *pieces,
		struct pushbell_range *ranges)
{
	u32 left = total, end = buffer->bytes - 1;
	u8 i;

	for (i = 0; i < count; i++) {
		u32 length = i == count - 1 ? left : min(left, (total / count + i * 13) | 1);

		end -= length + i % 3;
		pieces[i] = (struct st_piece) { buffer, end, length };
		ranges[i] = st_range(t, buffer, end, length);
		left -= length;
	}
}

static int one_copy(struct selftest *t, struct lists *lists, struct pushbell_qp *qp, struct st_buffer *from,
		    struct st_buffer *to, u32 total, u8 gather_count, u8 scatter_count, enum pushbell_how how)
{
	struct pushbell_wr wr = {
		.wr_id = total, .opcode = PB_OPCODE_COPY, .flags = PB_WQE_FLAG_SIGNALED,
		.gather = lists->from, .gather_count = gather_count,
		.scatter = lists->to, .scatter_count = scatter_count,
	};

	st_scramble(from, total + gather_count);
	cut(t, from, total, gather_count, lists->gather, lists->from);
	cut(t, to, total, scatter_count, lists->scatter, lists->to);
	st_forget(t);
	ST_TRY(t, pushbell_post_send(qp, &wr, how));
	st_shadow_move(lists->gather, gather_count, lists->scatter, scatter_count);
	if (st_wait_good(t, 1))
		return -EIO;
	ST_EQUAL(t, t->wc[0].byte_count, total);
	ST_EQUAL(t, t->wc[0].opcode, PB_OPCODE_COPY);
	return st_verify(t);
}

static int copies_with(struct selftest *t, struct lists *lists, const u8 (*shapes)[2], unsigned int count)
{
	static const u32 totals[] = { 31, 4095, 4096, 4097, 9999, 30011 };
	struct st_buffer *from = st_buffer(t, BYTES), *to = st_buffer(t, BYTES);
	struct pushbell_qp *qp = st_dma(t, LOG_DEPTH, STRIDE_512);
	unsigned int i, n, push;

	if (!from || !to || !qp)
		return -EIO;
	for (i = 0; i < count; i++)
		for (n = 0; n < ARRAY_SIZE(totals); n++)
			for (push = 0; push < 2; push++)
				if (one_copy(t, lists, qp, from, to, totals[n], shapes[i][0], shapes[i][1],
					     push ? PUSHBELL_PUSH : PUSHBELL_DOORBELL)) {
					st_note(t, "%u bytes, %u ranges to %u", totals[n], shapes[i][0], shapes[i][1]);
					return -EIO;
				}
	return st_drained(t, qp);
}

/* The lists are too long for a stack. */
static int copies(struct selftest *t, const u8 (*shapes)[2], unsigned int count)
{
	struct lists *lists = kmalloc(sizeof(*lists), GFP_KERNEL);
	int ret = lists ? copies_with(t, lists, shapes, count) : -ENOMEM;

	kfree(lists);
	return ret;
}

static int gather_alone(struct selftest *t)
{
	static const u8 shapes[][2] = { { 1, 1 }, { 2, 1 }, { 7, 1 }, { 13, 1 }, { 29, 1 } };

	return copies(t, shapes, ARRAY_SIZE(shapes));
}

static int scatter_alone(struct selftest *t)
{
	static const u8 shapes[][2] = { { 1, 2 }, { 1, 7 }, { 1, 13 }, { 1, 29 } };

	return copies(t, shapes, ARRAY_SIZE(shapes));
}

static int gather_and_scatter(struct selftest *t)
{
	static const u8 shapes[][2] = { { 2, 3 }, { 3, 2 }, { 5, 9 }, { 15, 15 }, { 11, 19 }, { 27, 3 } };

	return copies(t, shapes, ARRAY_SIZE(shapes));
}

/* The pattern goes on from range to range. */
static int fill_with(struct selftest *t, struct lists *lists)
{
	static const u32 totals[] = { 1, 7, 8, 9, 4096, 4099, 20003 };
	struct st_buffer *to = st_buffer(t, BYTES);
	struct pushbell_qp *qp = st_dma(t, LOG_DEPTH, STRIDE_512);
	unsigned int i, push;
	u8 count;

	if (!to || !qp)
		return -EIO;
	for (i = 0; i < ARRAY_SIZE(totals); i++) {
		for (push = 0; push < 2; push++) {
			struct pushbell_wr wr = {
				.wr_id = i, .opcode = PB_OPCODE_FILL, .flags = PB_WQE_FLAG_SIGNALED,
				.pattern = 0x1122334455667788ULL * (2 * i + push + 1), .scatter = lists->to,
			};

			count = 1 + (i * 3 + push) % 14;
			wr.scatter_count = count;
			cut(t, to, totals[i], count, lists->scatter, lists->to);
			st_forget(t);
			ST_TRY(t, pushbell_post_send(qp, &wr, push ? PUSHBELL_PUSH : PUSHBELL_DOORBELL));
			st_shadow_fill(wr.pattern, lists->scatter, count);
			if (st_wait_good(t, 1))
				return -EIO;
			ST_EQUAL(t, t->wc[0].byte_count, totals[i]);
			if (st_verify(t))
				return -EIO;
		}
	}
	return st_drained(t, qp);
}

static int fill(struct selftest *t)
{
	struct lists *lists = kmalloc(sizeof(*lists), GFP_KERNEL);
	int ret = lists ? fill_with(t, lists) : -ENOMEM;

	kfree(lists);
	return ret;
}

/* COPY and FILL post one after the other, each sees the memory as the one before has left it. */
static int chain(struct selftest *t)
{
	struct st_buffer *a = st_buffer(t, 8192), *b = st_buffer(t, 8192);
	struct pushbell_qp *qp = st_dma(t, LOG_DEPTH, STRIDE_512);
	unsigned int i;

	if (!a || !b || !qp)
		return -EIO;
	for (i = 0; i < 48; i += 3) {
		enum pushbell_how how = i % 2 ? PUSHBELL_PUSH : PUSHBELL_DOORBELL;

		ST_TRY(t, st_fill(qp, i, i + 1, st_range(t, a, 0, 8192), how));
		ST_TRY(t, st_copy(qp, i + 1, st_range(t, a, 0, 8192), st_range(t, b, 0, 8192), how));
		ST_TRY(t, st_fill(qp, i + 2, i + 2, st_range(t, a, 0, 4000), how));
	}
	st_shadow_fill(46, &(struct st_piece) { a, 0, 8192 }, 1);
	st_shadow_fill(46, &(struct st_piece) { b, 0, 8192 }, 1);
	st_shadow_fill(47, &(struct st_piece) { a, 0, 4000 }, 1);
	return st_wait_good(t, 48) ? -EIO : st_drained(t, qp);
}

const struct st_case st_engine_cases[] = {
	{ "gather-alone", "gather: ranges to one target, by doorbell and push [claims 10, 14, 25, 29]", gather_alone },
	{ "scatter-alone", "scatter: one source to ranges, by doorbell and push [claims 10, 14, 25, 29]", scatter_alone },
	{ "gather-scatter", "gather and scatter at once, lists of different shape [claims 10, 14, 25, 29]",
	  gather_and_scatter },
	{ "fill", "FILL of ranges of odd lengths, by doorbell and push [claims 10, 25]", fill },
	{ "chain", "operations of one channel see what those before them wrote [claims 10, 25]", chain },
	{ }
};
