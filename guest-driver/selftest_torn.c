// SPDX-License-Identifier: GPL-2.0
/* Pushes that are not whole: whatever was done wrong, the descriptor runs once, from memory. */
#include "selftest.h"

/* Each store of a descriptor left out in turn, for each length that fits a push buffer; then each cut short. */
static int torn(struct selftest *t)
{
	u32 fallbacks = pushbell_read(t->pb, PB_REG_COUNT_PUSH_FALLBACKS), expected = 0;
	struct st_rig rig;
	unsigned int missing, i, cut;
	u8 entries;

	if (st_rig_open(&rig, t))
		return -EIO;
	for (entries = 1; entries <= 14; entries += entries == 2 ? 3 : entries == 5 ? 9 : 1) {
		size_t stores = (sizeof(struct pb_wqe) + entries * sizeof(struct pb_sge)) / ST_STORE_BYTES;

		for (missing = 0; missing < 2 * stores; missing++) {
			struct pushbell_push_buffer *buffer;
			unsigned long flags;

			st_rig_descriptor(&rig, entries);
			cut = missing < stores ? stores : missing - stores;
			buffer = pushbell_push_begin(rig.qp->page, &flags);
			for (i = 0; i < cut; i++)
				if (i != missing)
					pushbell_push_fill(buffer, i * ST_STORE_BYTES, &rig.pushed[i], ST_STORE_BYTES);
			pushbell_push_end(buffer, pushbell_push_trailer(buffer, rig.qp->object.handle, rig.index,
									 rig.bytes), flags);
			expected++;
			if (st_rig_outcome(&rig, ST_MEMORY))
				return -EIO;
		}
	}
	ST_EQUAL(t, pushbell_read(t->pb, PB_REG_COUNT_PUSH_FALLBACKS), fallbacks + expected);
	return st_drained(t, rig.qp);
}

enum flaw {
	FLAW_NONE_REVERSED,	/* no flaw: stores back to front ... */
	FLAW_NONE_SMALL,	/* ... or in 4-byte stores */
	FLAW_TWICE,		/* a store is made twice */
	FLAW_GENERATION,
	FLAW_BUFFER,
	FLAW_LONGER,		/* more was stored than the trailer says ... */
	FLAW_SHORTER,		/* ... or less */
	FLAWS,
};

static u64 flawed_fill(struct st_rig *rig, struct pushbell_push_buffer *buffer, enum flaw flaw, unsigned int at)
{
	unsigned int stores = rig->bytes / ST_STORE_BYTES, i;
	size_t told = rig->bytes;

	for (i = 0; i < stores; i++) {
		unsigned int n = flaw == FLAW_NONE_REVERSED ? stores - 1 - i : i;

		if (flaw == FLAW_NONE_SMALL)
			__iowrite32_copy(buffer->base + n * ST_STORE_BYTES, &rig->pushed[n], 2);
		else
			pushbell_push_fill(buffer, n * ST_STORE_BYTES, &rig->pushed[n], ST_STORE_BYTES);
		if (flaw == FLAW_TWICE && n == at) {
			wmb();	/* or write-combining makes one store of the two */
			pushbell_push_fill(buffer, n * ST_STORE_BYTES, &rig->pushed[n], ST_STORE_BYTES);
		}
	}
	if (flaw == FLAW_LONGER)
		told -= PB_PUSH_LENGTH_UNIT;
	if (flaw == FLAW_SHORTER)
		told += PB_PUSH_LENGTH_UNIT;
	return pushbell_push_trailer(buffer, rig->qp->object.handle, rig->index, told);
}

static int flawed_push(struct st_rig *rig, enum flaw flaw, unsigned int at)
{
	struct pushbell_push_buffer *buffer;
	unsigned long flags;
	u64 trailer;

	st_rig_descriptor(rig, 2);
	buffer = pushbell_push_begin(rig->qp->page, &flags);
	trailer = flawed_fill(rig, buffer, flaw, at);
	if (flaw == FLAW_GENERATION)
		trailer += FIELD_PREP(PB_PUSH_TRAILER_GENERATION, 1);
	if (flaw == FLAW_BUFFER)
		trailer ^= FIELD_PREP(PB_PUSH_TRAILER_BUFFER, 1);
	pushbell_push_end(buffer, trailer, flags);
	return st_rig_outcome(rig, flaw <= FLAW_NONE_SMALL ? ST_PUSHED : ST_MEMORY);
}

/* Descriptors of two queues, stored over each other in one buffer: both run, once, neither from the pushed bytes. */
static int overlapped(struct selftest *t, struct st_rig *a, struct st_rig *b)
{
	struct pushbell_push_buffer *buffer;
	unsigned long flags;
	u8 generation;

	st_rig_descriptor(a, 2);
	st_rig_descriptor(b, 2);
	buffer = pushbell_push_begin(a->qp->page, &flags);
	pushbell_push_fill(buffer, 0, a->pushed, a->bytes / 2);
	wmb();
	pushbell_push_fill(buffer, 0, b->pushed, b->bytes);
	wmb();
	writeq(pushbell_push_trailer(buffer, b->qp->object.handle, b->index, b->bytes), buffer->base + PB_PUSH_TRAILER);
	wmb();
	generation = ++buffer->generation;
	pushbell_push_fill(buffer, a->bytes / 2, (u8 *)a->pushed + a->bytes / 2, a->bytes / 2);
	pushbell_push_end(buffer, pushbell_push_trailer(buffer, a->qp->object.handle, a->index, a->bytes), flags);
	ST_EQUAL(t, buffer->generation, (u8)(generation + 1));
	st_forget(t);
	if (st_wait_good(t, 2))
		return -EIO;
	st_shadow_fill(ST_MEMORY, &(struct st_piece) { a->target, 0, ST_TARGET_BYTES }, 1);
	st_shadow_fill(ST_MEMORY, &(struct st_piece) { b->target, 0, ST_TARGET_BYTES }, 1);
	return st_verify(t);
}

static int flaws(struct selftest *t)
{
	struct st_rig a, b;
	unsigned int at;
	int flaw;

	if (st_rig_open(&a, t) || st_rig_open(&b, t))
		return -EIO;
	for (flaw = 0; flaw < FLAWS; flaw++)
		for (at = 0; at < (flaw == FLAW_TWICE ? 8 : 1); at++)
			if (flawed_push(&a, flaw, at)) {
				st_note(t, "flaw %d at store %u", flaw, at);
				return -EIO;
			}
	if (overlapped(t, &a, &b) || st_drained(t, a.qp) || st_drained(t, b.qp))
		return -EIO;
	/* A buffer that was misused is as good as new. */
	st_rig_descriptor(&a, 2);
	st_push_raw(a.qp, a.index, a.pushed, a.bytes);
	return st_rig_outcome(&a, ST_PUSHED);
}

const struct st_case st_torn_cases[] = {
	{ "torn", "a push torn or cut at any store runs from memory, once [claims 4, 13, 18, 28]", torn },
	{ "flaws", "an overlapped, repeated or mislabelled push runs from memory, once [claims 4, 13, 18, 28]", flaws },
	{ }
};
