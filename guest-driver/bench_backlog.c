// SPDX-License-Identifier: GPL-2.0
/*
 * What a backlog of large work on many other queues does to others: to a COPY of 64 bytes, rung and pushed (a rung
 * descriptor takes its turn among them, a pushed one goes first), and to a register read.
 */
#include <linux/delay.h>
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
/* Between two reads, so that they do not come in step with the slices: from so many on, and up to as many more. */
#define READ_GAP_US 10
#define READ_GAP_MORE 7

struct backlog {
	struct pushbell_device *pb;
	enum bench_bulk kind;
	struct pushbell_mr all;		/* memory as the peer of a WRITE may use it */
	struct pushbell_memory memory;	/* source and target of the backlog, then of the sample */
	struct pushbell_cq *cq, *bulk_cq;
	struct pushbell_qp *qp, *bulk[BULK_QUEUES];
};

/* A network queue pair is its own peer: its packets go over the link and come back. */
static int connect(struct pushbell_qp *qp)
{
	if (qp->type == PB_QP_TYPE_DMA)
		return pushbell_qp_connect(qp, 0, 0, 0, 0);
	return pushbell_qp_connect(qp, qp->object.handle, PB_MTU_MTU_4096, 0, 0);
}

static struct pushbell_qp *queue(struct backlog *b, u8 type, struct pushbell_cq *cq, u8 log_depth)
{
	struct pushbell_qp_parameters parameters = {
		.type = type, .send_cq = cq, .send_log_depth = log_depth, .send_log_stride = LOG_STRIDE,
	};
	struct pushbell_qp *qp;
	int ret;

	if (type != PB_QP_TYPE_DMA) {
		parameters.recv_cq = cq;
		parameters.recv_log_depth = LOG_DEPTH;
		parameters.recv_log_stride = LOG_STRIDE;
	}
	qp = pushbell_qp_create(b->pb, &parameters);
	ret = IS_ERR(qp) ? 0 : connect(qp);
	if (!ret)
		return qp;
	pushbell_qp_destroy(qp);
	return ERR_PTR(ret);
}

static int post(struct backlog *b, struct pushbell_qp *qp, u8 opcode, u32 from, u32 to, u32 bytes, u8 flags,
		enum pushbell_how how)
{
	u32 lkey = b->pb->mr.object.handle;
	struct pushbell_range source = { b->memory.bus + from, bytes, lkey }, target = { b->memory.bus + to, bytes, lkey };
	struct pushbell_wr wr = { .opcode = opcode, .flags = flags, .gather = &source, .gather_count = 1 };

	if (opcode == PB_OPCODE_COPY) {
		wr.scatter = &target;
		wr.scatter_count = 1;
	} else {
		wr.remote_address = target.address;
		wr.rkey = b->all.object.handle;
	}
	return pushbell_post_send(qp, &wr, how);
}

static int open(struct backlog *b, struct pushbell_device *pb, enum bench_bulk kind)
{
	u8 type = kind == BENCH_WRITES ? PB_QP_TYPE_RC : PB_QP_TYPE_DMA;
	unsigned int i;
	int ret;

	b->pb = pb;
	b->kind = kind;
	if (kind == BENCH_WRITES) {
		ret = pushbell_mr_create_whole(&pb->pd, PB_ACCESS_LOCAL_WRITE | PB_ACCESS_REMOTE_WRITE, &b->all);
		if (ret)
			return ret;
	}
	ret = pushbell_memory_alloc(pb, 2 * BULK_BYTES + 2 * COPY_BYTES, &b->memory);
	if (ret)
		return ret;
	b->cq = pushbell_cq_create(pb, LOG_DEPTH, NULL, NULL, NULL);
	b->bulk_cq = pushbell_cq_create(pb, LOG_DEPTH, NULL, NULL, NULL);
	if (IS_ERR(b->cq) || IS_ERR(b->bulk_cq))
		return -ENOMEM;
	b->qp = queue(b, PB_QP_TYPE_DMA, b->cq, LOG_DEPTH);
	for (i = 0; i < BULK_QUEUES; i++)
		b->bulk[i] = queue(b, type, b->bulk_cq, BULK_LOG_DEPTH);
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
	if (b->kind == BENCH_WRITES)
		ret |= pushbell_mr_destroy(&b->all);
	if (!ret)
		pushbell_memory_free(b->pb, &b->memory);
}

/* As much as the queues hold, unsignalled: some seconds of work. */
static int fill(struct backlog *b)
{
	u8 opcode = b->kind == BENCH_WRITES ? PB_OPCODE_RDMA_WRITE : PB_OPCODE_COPY;
	unsigned int i, n;
	int ret = 0;

	for (n = 0; n < BIT(BULK_LOG_DEPTH); n++)
		for (i = 0; i < BULK_QUEUES && !ret; i++)
			ret = post(b, b->bulk[i], opcode, 0, BULK_BYTES, BULK_BYTES, 0,
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
			ret = connect(b->bulk[i]);
	}
	return ret;
}

static int samples(struct backlog *b, enum pushbell_how how, u64 overhead, struct bench_series *series,
		   unsigned int count)
{
	struct pushbell_wc wc;

	while (count--) {
		u64 start = bench_now();
		int ret = post(b, b->qp, PB_OPCODE_COPY, 2 * BULK_BYTES, 2 * BULK_BYTES + COPY_BYTES, COPY_BYTES,
			       PB_WQE_FLAG_SIGNALED, how);

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

/* One read at a time, as software that looks at a register does. */
static int reads(struct backlog *b, u64 overhead, struct bench_series *series, unsigned int count)
{
	while (count--) {
		u64 start = bench_now();

		readl(b->pb->registers + PB_REG_SCRATCH);
		bench_add(series, bench_now() - start, overhead);
		udelay(READ_GAP_US + count % READ_GAP_MORE);
	}
	return 0;
}

static int measure(struct backlog *b, const struct bench_backlog *what, struct bench_series *series)
{
	int ret = b->kind == BENCH_IDLE ? 0 : fill(b);

	if (!ret && what->reads)
		ret = reads(b, bench_overhead(), series, what->samples);
	else if (!ret)
		ret = samples(b, what->how, bench_overhead(), series, what->samples);
	if (!ret && b->kind != BENCH_IDLE)
		ret = still_busy(b);
	if (b->kind != BENCH_IDLE && drop(b))
		ret = -EIO;
	return ret;
}

int bench_backlog_run(struct pushbell_device *pb, const struct bench_backlog *what, struct bench_series *series)
{
	struct backlog *b = kzalloc(sizeof(*b), GFP_KERNEL);
	int ret;

	if (!b)
		return -ENOMEM;
	ret = open(b, pb, what->kind);
	if (!ret)
		ret = measure(b, what, series);
	close(b);
	kfree(b);
	return ret;
}
