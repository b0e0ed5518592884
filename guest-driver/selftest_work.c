// SPDX-License-Identifier: GPL-2.0
/* Posting, by the core's functions and by hand, and waiting for what comes of it. */
#include <linux/delay.h>
#include "selftest.h"

struct pushbell_range st_range(struct selftest *t, const struct st_buffer *buffer, u32 offset, u32 length)
{
	return (struct pushbell_range) {
		.address = buffer->address + offset, .length = length, .lkey = t->pb->mr.object.handle,
	};
}

int st_send(struct pushbell_qp *qp, u64 wr_id, const struct pushbell_range *ranges, u8 count, enum pushbell_how how)
{
	struct pushbell_wr wr = {
		.wr_id = wr_id, .opcode = PB_OPCODE_SEND, .flags = PB_WQE_FLAG_SIGNALED,
		.gather = ranges, .gather_count = count,
	};

	return pushbell_post_send(qp, &wr, how);
}

/* With a completion, whatever it is. */
int st_post(struct selftest *t, struct pushbell_qp *qp, struct pushbell_wr wr, enum pushbell_how how)
{
	wr.flags |= PB_WQE_FLAG_SIGNALED;
	ST_TRY(t, pushbell_post_send(qp, &wr, how));
	return 0;
}

int st_recv(struct pushbell_qp *qp, u64 wr_id, const struct pushbell_range *ranges, u8 count)
{
	struct pushbell_wr wr = {
		.wr_id = wr_id, .opcode = PB_OPCODE_RECV, .scatter = ranges, .scatter_count = count,
	};

	return pushbell_post_recv(qp, &wr);
}

int st_copy(struct pushbell_qp *qp, u64 wr_id, struct pushbell_range from, struct pushbell_range to,
	    enum pushbell_how how)
{
	struct pushbell_wr wr = {
		.wr_id = wr_id, .opcode = PB_OPCODE_COPY, .flags = PB_WQE_FLAG_SIGNALED,
		.gather = &from, .gather_count = 1, .scatter = &to, .scatter_count = 1,
	};

	return pushbell_post_send(qp, &wr, how);
}

static struct pushbell_wr fill(u64 wr_id, u64 pattern, const struct pushbell_range *to, u8 count)
{
	return (struct pushbell_wr) {
		.wr_id = wr_id, .opcode = PB_OPCODE_FILL, .flags = PB_WQE_FLAG_SIGNALED, .pattern = pattern,
		.scatter = to, .scatter_count = count,
	};
}

int st_fill(struct pushbell_qp *qp, u64 wr_id, u64 pattern, struct pushbell_range to, enum pushbell_how how)
{
	struct pushbell_wr wr = fill(wr_id, pattern, &to, 1);

	return pushbell_post_send(qp, &wr, how);
}

size_t st_build_fill(void *wqe, u64 wr_id, u64 pattern, const struct pushbell_range *to, u8 count, u16 index)
{
	struct pushbell_wr wr = fill(wr_id, pattern, to, count);

	return pushbell_wqe_build(wqe, &wr, index);
}

/* Any bytes as the next descriptor in memory; nothing is rung. Returns its index. */
u16 st_put_raw(struct pushbell_qp *qp, const void *wqe, size_t bytes)
{
	memcpy(pushbell_wqe_slot(&qp->send, qp->send.producer), wqe, bytes);
	return qp->send.producer++;
}

void st_ring(struct pushbell_qp *qp)
{
	pushbell_doorbell(qp->page, PB_DB_SEND, qp->object.handle, qp->send.producer);
}

/* A whole push of any bytes. */
void st_push_raw(struct pushbell_qp *qp, u16 index, const void *wqe, size_t bytes)
{
	unsigned long flags;
	struct pushbell_push_buffer *buffer = pushbell_push_begin(qp->page, &flags);

	pushbell_push_fill(buffer, 0, wqe, bytes);
	pushbell_push_end(buffer, pushbell_push_trailer(buffer, qp->object.handle, index, bytes), flags);
}

void st_forget(struct selftest *t)
{
	t->wc_count = 0;
}

/* False after the deadline, or when there is no adapter any more that could do it. */
bool st_wait_event(struct selftest *t, struct completion *event)
{
	unsigned long end = jiffies + msecs_to_jiffies(ST_DEADLINE_MS);

	while (time_before(jiffies, end) && !pushbell_away(t->pb))
		if (wait_for_completion_timeout(event, HZ / 4))
			return true;
	return try_wait_for_completion(event);
}

/* Until `count` completions stand in wc[]. They come by interrupt, or the case has failed. */
int st_wait(struct selftest *t, unsigned int count)
{
	while (t->wc_count < count) {
		int taken = pushbell_cq_poll(t->cq, &t->wc[t->wc_count], ST_WCS - t->wc_count);

		t->wc_count += taken;
		if (taken)
			continue;
		reinit_completion(&t->event);
		pushbell_cq_arm(t->cq, false);
		ST_EXPECT(t, st_wait_event(t, &t->event), "%u of %u completions", t->wc_count, count);
	}
	t->wc_count += pushbell_cq_poll(t->cq, &t->wc[t->wc_count], ST_WCS - t->wc_count);
	ST_EQUAL(t, t->wc_count, count);
	return 0;
}

int st_wait_good(struct selftest *t, unsigned int count)
{
	unsigned int i;

	if (st_wait(t, count))
		return -EIO;
	for (i = 0; i < count; i++)
		ST_EXPECT(t, t->wc[i].status == PB_WC_STATUS_SUCCESS, "completion %u of work request %llu: status %u",
			  i, t->wc[i].wr_id, t->wc[i].status);
	return 0;
}

/* For what an interrupt handler counts. */
int st_wait_for(struct selftest *t, const u64 *value, u64 wanted)
{
	unsigned long end = jiffies + msecs_to_jiffies(ST_DEADLINE_MS);

	while (READ_ONCE(*value) < wanted && time_before(jiffies, end))
		usleep_range(50, 100);
	ST_EQUAL(t, READ_ONCE(*value), wanted);
	return 0;
}

/* The adapter has ended all that was posted: with the completions counted, each ran exactly once. */
int st_drained(struct selftest *t, struct pushbell_qp *qp)
{
	unsigned long end = jiffies + msecs_to_jiffies(ST_DEADLINE_MS);
	struct pb_cmd_qp_out out;

	do {
		ST_TRY(t, pushbell_qp_query(qp, &out));
		if (le32_to_cpu(out.send_consumer) == qp->send.producer)
			break;
		usleep_range(50, 100);
	} while (time_before(jiffies, end));
	ST_EQUAL(t, le32_to_cpu(out.send_producer), qp->send.producer);
	ST_EQUAL(t, le32_to_cpu(out.send_consumer), qp->send.producer);
	return 0;
}

const struct pushbell_wc *st_find(struct selftest *t, u64 wr_id, bool receive)
{
	unsigned int i;

	for (i = 0; i < t->wc_count; i++)
		if (t->wc[i].wr_id == wr_id && t->wc[i].receive == receive)
			return &t->wc[i];
	return NULL;
}

/* Place of a completion among all of them, or -1. Work request numbers of a case differ. */
int st_place(struct selftest *t, u64 wr_id)
{
	unsigned int i;

	for (i = 0; i < t->wc_count; i++)
		if (t->wc[i].wr_id == wr_id)
			return i;
	return -1;
}
