// SPDX-License-Identifier: GPL-2.0
/*
 * COPY of 64 bytes by a descriptor of 64 bytes, rung and pushed: on an idle adapter, and while many other channels hold
 * a backlog of large COPYs. A rung descriptor takes its turn among them; a pushed one goes first.
 */
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include "bench.h"

#define BULK_QUEUES 128
#define BULK_LOG_DEPTH 8
#define BULK_BYTES SZ_1M
#define LOG_DEPTH 6
#define LOG_STRIDE 6
#define COPY_BYTES 64
#define DEADLINE_NS (10 * (u64)NSEC_PER_SEC)

struct backlog {
	struct pushbell_device *pb;
	struct pushbell_memory memory;	/* source and target of the backlog, then of the sample */
	struct pushbell_cq *cq, *bulk_cq;
	struct pushbell_qp *qp, *bulk[BULK_QUEUES];
};

static struct pushbell_qp *channel(struct pushbell_device *pb, struct pushbell_cq *cq, u8 log_depth)
{
	struct pushbell_qp *qp = pushbell_qp_create(pb, &(struct pushbell_qp_parameters) {
		.type = PB_QP_TYPE_DMA, .send_cq = cq, .send_log_depth = log_depth, .send_log_stride = LOG_STRIDE,
	});
	int ret = IS_ERR(qp) ? 0 : pushbell_qp_connect(qp, 0, 0, 0, 0);

	if (!ret)
		return qp;
	pushbell_qp_destroy(qp);
	return ERR_PTR(ret);
}

static int copy(struct backlog *b, struct pushbell_qp *qp, u32 from, u32 to, u32 bytes, u8 flags, enum pushbell_how how)
{
	u32 lkey = b->pb->mr.object.handle;
	struct pushbell_range source = { b->memory.bus + from, bytes, lkey }, target = { b->memory.bus + to, bytes, lkey };
	struct pushbell_wr wr = { .opcode = PB_OPCODE_COPY, .flags = flags, .gather = &source, .gather_count = 1,
				  .scatter = &target, .scatter_count = 1 };

	return pushbell_post_send(qp, &wr, how);
}

static int open(struct backlog *b, struct pushbell_device *pb)
{
	unsigned int i;
	int ret;

	b->pb = pb;
	ret = pushbell_memory_alloc(pb, 2 * BULK_BYTES + 2 * COPY_BYTES, &b->memory);
	if (ret)
		return ret;
	b->cq = pushbell_cq_create(pb, LOG_DEPTH, NULL, NULL, NULL);
	b->bulk_cq = pushbell_cq_create(pb, LOG_DEPTH, NULL, NULL, NULL);
	if (IS_ERR(b->cq) || IS_ERR(b->bulk_cq))
		return -ENOMEM;
	b->qp = channel(pb, b->cq, LOG_DEPTH);
	for (i = 0; i < BULK_QUEUES; i++)
		b->bulk[i] = channel(pb, b->bulk_cq, BULK_LOG_DEPTH);
	for (i = 0; i < BULK_QUEUES; i++)
		if (IS_ERR(b->bulk[i]))
			return PTR_ERR(b->bulk[i]);
	return PTR_ERR_OR_ZERO(b->qp);
}

/* What the adapter does not let go stays allocated. */
static void close(struct backlog *b)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < BULK_QUEUES; i++)
		if (!IS_ERR_OR_NULL(b->bulk[i]))
			ret |= pushbell_qp_destroy(b->bulk[i]);
	if (!IS_ERR_OR_NULL(b->qp))
		ret |= pushbell_qp_destroy(b->qp);
	if (!IS_ERR_OR_NULL(b->cq))
		ret |= pushbell_cq_destroy(b->cq);
	if (!IS_ERR_OR_NULL(b->bulk_cq))
		ret |= pushbell_cq_destroy(b->bulk_cq);
	if (!ret)
		pushbell_memory_free(b->pb, &b->memory);
}

/* As much as the queues hold, unsignalled: some seconds of work. */
static int fill(struct backlog *b)
{
	unsigned int i, n;
	int ret = 0;

	for (n = 0; n < BIT(BULK_LOG_DEPTH); n++)
		for (i = 0; i < BULK_QUEUES && !ret; i++)
			ret = copy(b, b->bulk[i], 0, BULK_BYTES, BULK_BYTES, 0,
				   n + 1 < BIT(BULK_LOG_DEPTH) ? PUSHBELL_QUIET : PUSHBELL_DOORBELL);
	return ret;
}

/* Every one of the other queues had work up to the last sample, or the figures mean nothing. */
static int still_busy(struct backlog *b)
{
	struct pb_cmd_qp_out out;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < BULK_QUEUES && !ret; i++) {
		ret = pushbell_qp_query(b->bulk[i], &out);
		if (!ret && out.send_consumer == out.send_producer)
			ret = -ENODATA;
	}
	return ret;
}

static int drop(struct backlog *b)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < BULK_QUEUES && !ret; i++) {
		ret = pushbell_qp_reset(b->bulk[i]);
		if (!ret)
			ret = pushbell_qp_connect(b->bulk[i], 0, 0, 0, 0);
	}
	return ret;
}

static int samples(struct backlog *b, enum pushbell_how how, u64 overhead, struct bench_series *series,
		   unsigned int count)
{
	struct pushbell_wc wc;

	while (count--) {
		u64 start = bench_now();
		int ret = copy(b, b->qp, 2 * BULK_BYTES, 2 * BULK_BYTES + COPY_BYTES, COPY_BYTES, PB_WQE_FLAG_SIGNALED,
			       how);

		if (ret)
			return ret;
		while (!pushbell_cq_poll(b->cq, &wc, 1)) {
			if (bench_now() - start > bench_cycles(DEADLINE_NS))
				return -ETIMEDOUT;
			cpu_relax();
		}
		if (wc.status != PB_WC_STATUS_SUCCESS)
			return -EIO;
		bench_add(series, bench_now() - start, overhead);
		cond_resched();
	}
	return 0;
}

static int measure(struct backlog *b, enum pushbell_how how, bool behind, struct bench_series *series,
		   unsigned int count)
{
	int ret = behind ? fill(b) : 0;

	if (!ret)
		ret = samples(b, how, bench_overhead(), series, count);
	if (!ret && behind)
		ret = still_busy(b);
	if (behind && drop(b))
		ret = -EIO;
	return ret;
}

int bench_backlog(struct pushbell_device *pb, enum pushbell_how how, bool behind, struct bench_series *series,
		  unsigned int count)
{
	struct backlog *b = kzalloc(sizeof(*b), GFP_KERNEL);
	int ret;

	if (!b)
		return -ENOMEM;
	ret = open(b, pb);
	if (!ret)
		ret = measure(b, how, behind, series, count);
	close(b);
	kfree(b);
	return ret;
}
