// SPDX-License-Identifier: GPL-2.0
/*
 * Which copy of a descriptor runs. The pushed copy fills its target with ST_PUSHED, the copy in memory with ST_MEMORY,
 * so that the target tells. Each case also counts: one completion for each descriptor, whichever copy it was.
 */
#include "selftest.h"

#define LOG_DEPTH 6
#define STRIDE_256 8

int st_rig_open(struct st_rig *rig, struct selftest *t)
{
	rig->t = t;
	rig->qp = st_dma(t, LOG_DEPTH, STRIDE_256);
	rig->target = st_buffer(t, ST_TARGET_BYTES);
	return rig->qp && rig->target ? 0 : -EIO;
}

/* The next descriptor with `entries` scatter entries: one copy goes into memory, the other waits in rig->pushed. */
void st_rig_descriptor(struct st_rig *rig, u8 entries)
{
	struct pushbell_range ranges[PB_MAX_SGE];
	u64 memory[ST_WQE_MAX / ST_STORE_BYTES];
	u16 index = rig->qp->send.producer;
	u8 i;

	/* All but the last are empty, so that the outcome is the same for any number. */
	for (i = 0; i < entries; i++)
		ranges[i] = st_range(rig->t, rig->target, 0, i == entries - 1 ? ST_TARGET_BYTES : 0);
	st_build_fill(memory, index, ST_MEMORY, ranges, entries, index);
	rig->bytes = st_build_fill(rig->pushed, index, ST_PUSHED, ranges, entries, index);
	rig->index = st_put_raw(rig->qp, memory, rig->bytes);
}

/* One more completion, good, and the target says which copy ran. */
int st_rig_outcome(struct st_rig *rig, u64 pattern)
{
	struct st_piece all = { rig->target, 0, ST_TARGET_BYTES };
	struct selftest *t = rig->t;

	st_forget(t);
	if (st_wait_good(t, 1))
		return -EIO;
	ST_EQUAL(t, t->wc[0].wr_id, rig->index);
	st_shadow_fill(pattern, &all, 1);
	if (st_verify(t))
		return -EIO;
	memset(rig->target->data, 0, ST_TARGET_BYTES);
	memset(rig->target->shadow, 0, ST_TARGET_BYTES);
	return 0;
}

static int pushed_copy(struct selftest *t)
{
	u32 reads = pushbell_read(t->pb, PB_REG_COUNT_DESCRIPTOR_READS);
	struct st_rig rig;
	u8 entries;

	if (st_rig_open(&rig, t))
		return -EIO;
	for (entries = 1; entries <= (PB_PUSH_BUFFER_BYTES - sizeof(struct pb_wqe)) / sizeof(struct pb_sge); entries++) {
		st_rig_descriptor(&rig, entries);
		st_push_raw(rig.qp, rig.index, rig.pushed, rig.bytes);
		if (st_rig_outcome(&rig, ST_PUSHED))
			return -EIO;
	}
	ST_EQUAL(t, pushbell_read(t->pb, PB_REG_COUNT_DESCRIPTOR_READS), reads);
	/* The control: the same descriptors by doorbell. */
	st_rig_descriptor(&rig, 2);
	st_ring(rig.qp);
	return st_rig_outcome(&rig, ST_MEMORY) ? -EIO : st_drained(t, rig.qp);
}

/* The adapter cannot read the send queue at all. A push does not need it; a doorbell fails. */
static int unreadable(struct selftest *t)
{
	const u64 nowhere = 1ULL << 46, iova = 0x10000;
	struct st_buffer *target = st_buffer(t, ST_TARGET_BYTES);
	struct pushbell_mr *mr = st_mr(t, NULL, PB_ACCESS_LOCAL_WRITE, iova, PAGE_SIZE, &nowhere, 1);
	struct st_piece all = { target, 0, ST_TARGET_BYTES };
	struct pushbell_qp_parameters parameters = {
		.type = PB_QP_TYPE_DMA, .send_log_depth = 4, .send_log_stride = STRIDE_256,
		.send_mr = mr, .send_address = iova,
	};
	struct pushbell_qp *qp = target && mr ? st_qp(t, &parameters) : NULL;
	unsigned int i;

	if (!qp)
		return -EIO;
	ST_TRY(t, pushbell_qp_connect(qp, 0, 0, 0, 0));
	for (i = 0; i < 20; i++) {
		st_forget(t);
		ST_TRY(t, st_fill(qp, i, ST_PUSHED + i, st_range(t, target, 0, ST_TARGET_BYTES), PUSHBELL_PUSH));
		st_shadow_fill(ST_PUSHED + i, &all, 1);
		if (st_wait_good(t, 1) || st_verify(t))
			return -EIO;
	}
	st_forget(t);
	ST_TRY(t, st_fill(qp, 99, ST_MEMORY, st_range(t, target, 0, ST_TARGET_BYTES), PUSHBELL_DOORBELL));
	if (st_wait(t, 1))
		return -EIO;
	ST_EQUAL(t, t->wc[0].status, PB_WC_STATUS_LOC_ACCESS_ERR);
	ST_EQUAL(t, t->wc[0].wqe_index, 20);
	return 0;
}

/* More pushes than the scheduler holds, and none may begin: the first stay pushes, the rest become doorbells. */
static int no_slot(struct selftest *t)
{
	const unsigned int count = PB_PUSH_SLOTS + 12;
	u32 slots = le32_to_cpu(t->pb->limits.push_slots);
	u32 pushes = pushbell_read(t->pb, PB_REG_COUNT_PUSHES);
	u32 fallbacks = pushbell_read(t->pb, PB_REG_COUNT_PUSH_FALLBACKS);
	struct st_buffer *target = st_buffer(t, count * ST_TARGET_BYTES);
	struct pushbell_qp *qp = st_dma(t, LOG_DEPTH, STRIDE_256);
	unsigned int i;

	if (!target || !qp)
		return -EIO;
	ST_EQUAL(t, slots, PB_PUSH_SLOTS);
	ST_TRY(t, pushbell_set_link(t->pb, PB_HOLD_ENGINE, 0));
	for (i = 0; i < count; i++) {
		struct pushbell_range range = st_range(t, target, i * ST_TARGET_BYTES, ST_TARGET_BYTES);
		struct st_piece piece = { target, i * ST_TARGET_BYTES, ST_TARGET_BYTES };
		u64 wqe[8];
		size_t bytes = st_build_fill(wqe, i, ST_MEMORY, &range, 1, i);
		u16 index = st_put_raw(qp, wqe, bytes);

		st_build_fill(wqe, i, ST_PUSHED, &range, 1, i);
		st_push_raw(qp, index, wqe, bytes);
		st_shadow_fill(i < slots ? ST_PUSHED : ST_MEMORY, &piece, 1);
	}
	ST_EQUAL(t, pushbell_read(t->pb, PB_REG_COUNT_PUSHES), pushes + slots);
	ST_EQUAL(t, pushbell_read(t->pb, PB_REG_COUNT_PUSH_FALLBACKS), fallbacks + count - slots);
	ST_TRY(t, pushbell_set_link(t->pb, 0, 0));
	if (st_wait_good(t, count))
		return -EIO;
	for (i = 0; i < count; i++)
		ST_EQUAL(t, t->wc[i].wr_id, i);
	return st_drained(t, qp);
}

/* A trailer for an index that is not next rings up to it; one for an index already taken does nothing. */
static int index_rules(struct selftest *t)
{
	u32 ignored = pushbell_read(t->pb, PB_REG_COUNT_IGNORED);
	u32 refused = pushbell_read(t->pb, PB_REG_COUNT_REFUSED);
	struct st_rig rig;

	if (st_rig_open(&rig, t))
		return -EIO;
	st_rig_descriptor(&rig, 2);
	st_rig_descriptor(&rig, 2);
	st_push_raw(rig.qp, rig.index, rig.pushed, rig.bytes);
	st_forget(t);
	if (st_wait_good(t, 2))
		return -EIO;
	ST_EQUAL(t, t->wc[0].wqe_index, rig.index - 1);
	ST_EQUAL(t, t->wc[1].wqe_index, rig.index);
	st_shadow_fill(ST_MEMORY, &(struct st_piece) { rig.target, 0, ST_TARGET_BYTES }, 1);
	if (st_verify(t))
		return -EIO;
	st_push_raw(rig.qp, rig.index, rig.pushed, rig.bytes);
	ST_EQUAL(t, pushbell_read(t->pb, PB_REG_COUNT_IGNORED), ignored + 1);
	st_push_raw(rig.qp, rig.index + 1 + (1 << LOG_DEPTH), rig.pushed, rig.bytes);
	ST_EQUAL(t, pushbell_read(t->pb, PB_REG_COUNT_REFUSED), refused + 1);
	st_rig_descriptor(&rig, 1);
	st_push_raw(rig.qp, rig.index, rig.pushed, rig.bytes);
	return st_rig_outcome(&rig, ST_PUSHED) ? -EIO : st_drained(t, rig.qp);
}

/* Rings, then pushes, through a page that the queue does not belong to: refused, counted, nothing runs. */
static int try_through(struct st_rig *rig, struct pushbell_page *page)
{
	struct selftest *t = rig->t;
	u32 refused = pushbell_read(t->pb, PB_REG_COUNT_REFUSED);
	struct pushbell_push_buffer *buffer;
	struct pb_cmd_qp_out out;
	unsigned long flags;

	pushbell_doorbell(page, PB_DB_SEND, rig->qp->object.handle, rig->qp->send.producer);
	ST_EQUAL(t, pushbell_read(t->pb, PB_REG_COUNT_REFUSED), refused + 1);
	buffer = pushbell_push_begin(page, &flags);
	pushbell_push_fill(buffer, 0, rig->pushed, rig->bytes);
	pushbell_push_end(buffer, pushbell_push_trailer(buffer, rig->qp->object.handle, rig->index, rig->bytes), flags);
	ST_EQUAL(t, pushbell_read(t->pb, PB_REG_COUNT_REFUSED), refused + 2);
	ST_TRY(t, pushbell_qp_query(rig->qp, &out));
	ST_EQUAL(t, le32_to_cpu(out.send_producer), rig->index);
	ST_EQUAL(t, pushbell_cq_poll(t->cq, t->wc, ST_WCS), 0);
	return 0;
}

static int other_page(struct selftest *t)
{
	struct pushbell_page *page = st_page(t);
	struct st_rig mine, theirs;

	if (!page || st_rig_open(&mine, t))
		return -EIO;
	theirs = (struct st_rig) { .t = t, .target = st_buffer(t, ST_TARGET_BYTES) };
	theirs.qp = st_qp(t, &(struct pushbell_qp_parameters) { .type = PB_QP_TYPE_DMA, .page = page,
			  .send_log_depth = LOG_DEPTH, .send_log_stride = STRIDE_256 });
	if (!theirs.target || !theirs.qp)
		return -EIO;
	ST_TRY(t, pushbell_qp_connect(theirs.qp, 0, 0, 0, 0));
	st_rig_descriptor(&mine, 2);
	st_rig_descriptor(&theirs, 2);
	if (try_through(&mine, page) || try_through(&theirs, &t->pb->page))
		return -EIO;
	/* Through the right page both run, pushed, and once. */
	st_push_raw(mine.qp, mine.index, mine.pushed, mine.bytes);
	if (st_rig_outcome(&mine, ST_PUSHED))
		return -EIO;
	st_push_raw(theirs.qp, theirs.index, theirs.pushed, theirs.bytes);
	if (st_rig_outcome(&theirs, ST_PUSHED))
		return -EIO;
	return st_drained(t, mine.qp) ? -EIO : st_drained(t, theirs.qp);
}

const struct st_case st_push_cases[] = {
	{ "pushed-copy", "the pushed copy of a descriptor runs, memory is not read [claims 4, 13, 18, 28]", pushed_copy },
	{ "unreadable", "a push succeeds with its memory copy on a page that is not there [claims 4, 13, 18, 28]",
	  unreadable },
	{ "no-slot", "pushes beyond the last slot run from memory, once [claims 4, 13, 18, 28]", no_slot },
	{ "index-rules", "pushes out of turn act as doorbells or do nothing [claims 4, 13, 18, 28]", index_rules },
	{ "other-page", "a page can neither ring nor push for a queue of another page [claims 2, 11, 16, 26]",
	  other_page },
	{ }
};
