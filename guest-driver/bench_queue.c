// SPDX-License-Identifier: GPL-2.0
/* The whole way of a descriptor: doorbell or push, completion entry, event entry, interrupt. A NOP does no more. */
#include <linux/sched.h>
#include "bench.h"

#define LOG_DEPTH 6
#define LOG_STRIDE 6
#define DEADLINE_NS NSEC_PER_SEC

static void event(struct pushbell_cq *cq, void *context)
{
	struct bench_queue *queue = context;

	WRITE_ONCE(queue->stamp, bench_now());
}

int bench_queue_open(struct bench_queue *queue, struct pushbell_device *pb)
{
	struct pushbell_qp_parameters parameters = {
		.type = PB_QP_TYPE_DMA, .send_log_depth = LOG_DEPTH, .send_log_stride = LOG_STRIDE,
	};
	int ret;

	queue->cq = pushbell_cq_create(pb, LOG_DEPTH, NULL, event, queue);
	if (IS_ERR(queue->cq))
		return PTR_ERR(queue->cq);
	parameters.send_cq = queue->cq;
	queue->qp = pushbell_qp_create(pb, &parameters);
	if (IS_ERR(queue->qp)) {
		ret = PTR_ERR(queue->qp);
		pushbell_cq_destroy(queue->cq);
		return ret;
	}
	ret = pushbell_qp_connect(queue->qp, 0, 0, 0, 0);
	if (ret)
		bench_queue_close(queue);
	return ret;
}

void bench_queue_close(struct bench_queue *queue)
{
	/* What the adapter does not let go stays allocated and tells nobody. */
	if (pushbell_qp_destroy(queue->qp) || pushbell_cq_destroy(queue->cq))
		WRITE_ONCE(queue->cq->event, NULL);
}

static int post(struct bench_queue *queue, enum pushbell_how how)
{
	struct pushbell_wr wr = { .opcode = PB_OPCODE_NOP, .flags = PB_WQE_FLAG_SIGNALED };

	return pushbell_post_send(queue->qp, &wr, how);
}

static int poll_one(struct bench_queue *queue, u64 start)
{
	struct pushbell_wc wc;

	while (!pushbell_cq_poll(queue->cq, &wc, 1)) {
		if (bench_now() - start > bench_cycles(DEADLINE_NS))
			return -ETIMEDOUT;
		cpu_relax();
	}
	return wc.status == PB_WC_STATUS_SUCCESS ? 0 : -EIO;
}

/* From the post to the handler of the event queue. */
int bench_queue_interrupts(struct bench_queue *queue, enum pushbell_how how, u64 overhead,
			   struct bench_series *series, unsigned int count)
{
	while (count--) {
		u64 start;
		int ret;

		WRITE_ONCE(queue->stamp, 0);
		pushbell_cq_arm(queue->cq, false);
		pushbell_read(queue->cq->object.pb, PB_REG_SCRATCH);	/* the arming has arrived */
		start = bench_now();
		ret = post(queue, how);
		while (!ret && !READ_ONCE(queue->stamp)) {
			if (bench_now() - start > bench_cycles(DEADLINE_NS))
				ret = -ETIMEDOUT;
			cpu_relax();
		}
		if (!ret)
			bench_add(series, READ_ONCE(queue->stamp) - start, overhead);
		if (!ret)
			ret = poll_one(queue, bench_now());
		if (ret)
			return ret;
		cond_resched();
	}
	return 0;
}

/* From the post to the completion entry, for who polls memory. */
int bench_queue_polled(struct bench_queue *queue, enum pushbell_how how, u64 overhead,
		       struct bench_series *series, unsigned int count)
{
	while (count--) {
		u64 start = bench_now();
		int ret = post(queue, how);

		if (!ret)
			ret = poll_one(queue, start);
		if (ret)
			return ret;
		bench_add(series, bench_now() - start, overhead);
		cond_resched();
	}
	return 0;
}
