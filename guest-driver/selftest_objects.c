// SPDX-License-Identifier: GPL-2.0
/* More objects of a case: regions of other kinds, shared receive queues, address handles; and events of any of them. */
#include <linux/delay.h>
#include <linux/slab.h>
#include "selftest.h"

struct pushbell_mr *st_keep_mr(struct selftest *t, struct pushbell_mr *mr, int ret)
{
	if (ret || WARN_ON(t->mr_count == ST_MRS)) {
		st_note(t, "no memory region: %d", ret);
		kfree(mr);
		return NULL;
	}
	t->mrs[t->mr_count++] = mr;
	return mr;
}

/* All of memory, under rights of its own. */
struct pushbell_mr *st_whole(struct selftest *t, struct pushbell_pd *pd, u8 access)
{
	struct pushbell_mr *mr = kzalloc(sizeof(*mr), GFP_KERNEL);

	return st_keep_mr(t, mr, mr ? pushbell_mr_create_whole(pd ? pd : &t->pb->pd, access, mr) : -ENOMEM);
}

struct pushbell_mr *st_fast(struct selftest *t, u32 page_count)
{
	struct pushbell_mr *mr = kzalloc(sizeof(*mr), GFP_KERNEL);

	return st_keep_mr(t, mr, mr ? pushbell_mr_create_fast(&t->pb->pd, page_count, mr) : -ENOMEM);
}

static void srq_event(struct pushbell_srq *srq, u32 type, void *context)
{
	st_tell(context, type, srq->object.handle, 0);
}

struct pushbell_srq *st_srq(struct selftest *t, u8 log_depth, u32 limit)
{
	struct pushbell_srq *srq = pushbell_srq_create(t->pb, NULL, NULL, log_depth, 7, limit);

	if (IS_ERR(srq) || WARN_ON(t->srq_count == ST_SRQS)) {
		st_note(t, "no shared receive queue: %ld", PTR_ERR(srq));
		return NULL;
	}
	srq->context = t;
	srq->event = srq_event;
	t->srqs[t->srq_count++] = srq;
	return srq;
}

struct pushbell_ah *st_ah(struct selftest *t, const struct pushbell_address *address)
{
	struct pushbell_ah *ah = kzalloc(sizeof(*ah), GFP_KERNEL);
	int ret = ah ? pushbell_ah_create(&t->pb->pd, address, ah) : -ENOMEM;

	if (ret || WARN_ON(t->ah_count == ST_AHS)) {
		st_note(t, "no address handle: %d", ret);
		kfree(ah);
		return NULL;
	}
	t->ahs[t->ah_count++] = ah;
	return ah;
}

/* After the queue pairs, which use them. */
int st_destroy_more(struct selftest *t)
{
	int failed = 0;

	while (t->srq_count)
		failed |= pushbell_srq_destroy(t->srqs[--t->srq_count]);
	while (t->ah_count) {
		failed |= pushbell_ah_destroy(t->ahs[--t->ah_count]);
		kfree(t->ahs[t->ah_count]);
	}
	return failed;
}

/* In the interrupt handler of event queue 0, which is the only one that tells of these. */
void st_tell(struct selftest *t, u32 type, u32 number, u32 detail)
{
	unsigned int n = t->told_count;

	if (n == ST_TOLD)
		return;
	t->told[n] = (struct pushbell_report) { .type = type, .number = number, .detail = detail };
	smp_store_release(&t->told_count, n + 1);
}

void st_qp_event(struct pushbell_qp *qp, u32 type, u32 detail, void *context)
{
	st_tell(context, type, qp->object.handle, detail);
}

int st_port_event(struct notifier_block *block, unsigned long type, void *data)
{
	struct pushbell_report *report = data;

	st_tell(container_of(block, struct selftest, port_events), type, report->number, report->detail);
	return NOTIFY_OK;
}

unsigned int st_times_told(struct selftest *t, u32 type, u32 number)
{
	unsigned int count = smp_load_acquire(&t->told_count), times = 0, i;

	for (i = 0; i < count; i++)
		times += t->told[i].type == type && t->told[i].number == number;
	return times;
}

int st_wait_told(struct selftest *t, u32 type, u32 number, unsigned int times)
{
	unsigned long end = jiffies + msecs_to_jiffies(ST_DEADLINE_MS);

	while (st_times_told(t, type, number) < times && time_before(jiffies, end) && !pushbell_away(t->pb))
		usleep_range(50, 100);
	if (st_times_told(t, type, number) == times)
		return 0;
	st_note(t, "event \"%s\" of %u came %u times, not %u", pushbell_event_name(type), number,
		st_times_told(t, type, number), times);
	return -EIO;
}

/* The adapter says that it is in that state. */
int st_state(struct selftest *t, struct pushbell_qp *qp, u32 state)
{
	struct pb_cmd_qp_out out;

	ST_TRY(t, pushbell_qp_query(qp, &out));
	ST_EQUAL(t, le32_to_cpu(out.state), state);
	return 0;
}
