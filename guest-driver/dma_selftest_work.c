// SPDX-License-Identifier: GPL-2.0
/* What the operations do to memory. */
#include <linux/sizes.h>
#include <linux/slab.h>
#include "dma_selftest.h"

#define POISON 0xa5
#define MARGIN 61

struct counts {
	u32 doorbells, pushes, fallbacks;
};

static struct counts count(struct selftest *t)
{
	return (struct counts) {
		.doorbells = pushbell_read(t->pb, PB_REG_COUNT_DOORBELLS),
		.pushes = pushbell_read(t->pb, PB_REG_COUNT_PUSHES),
		.fallbacks = pushbell_read(t->pb, PB_REG_COUNT_PUSH_FALLBACKS),
	};
}

static int copy_one(struct selftest *t, struct dma_chan *chan, struct pushbell_memory *from,
		    struct pushbell_memory *to, size_t bytes, unsigned int shift)
{
	struct ds_transfer *x;
	u8 *seen = to->cpu;

	memset(to->cpu, POISON, to->bytes);
	x = ds_copy(t, chan, to->bus + MARGIN, from->bus + shift, bytes);
	dma_async_issue_pending(chan);
	if (ds_done(x) || ds_all_bytes(t, seen, POISON, MARGIN) ||
	    ds_all_bytes(t, seen + MARGIN + bytes, POISON, to->bytes - MARGIN - bytes))
		return -EIO;
	ST_EXPECT(t, !memcmp(seen + MARGIN, from->cpu + shift, bytes), "%zu bytes", bytes);
	return 0;
}

/* Short ones go by push and long ones by doorbell; the longest are cut. */
static int memcpy_sizes(struct selftest *t)
{
	static const u32 sizes[] = { 1, 7, 64, 4095, 4096, 4097, 65537, SZ_1M - 1, SZ_1M, SZ_1M + 1, SZ_1M + 4097 };
	struct dma_chan *chan = ds_channel(t);
	struct pushbell_memory *from = ds_buffer(t, SZ_1M + SZ_8K), *to = ds_buffer(t, SZ_1M + SZ_8K);
	struct counts before, after;
	unsigned int i;

	if (!chan || !from || !to)
		return -EIO;
	ds_scramble(from, 1);
	before = count(t);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		if (copy_one(t, chan, from, to, sizes[i], 3 * i + 1))
			return -EIO;
	after = count(t);
	ST_EQUAL(t, after.pushes - before.pushes, 5);
	ST_EQUAL(t, after.fallbacks - before.fallbacks, 0);
	ST_EXPECT(t, after.doorbells - before.doorbells >= 6, "%u doorbells", after.doorbells - before.doorbells);
	return 0;
}

static int memset_values(struct selftest *t)
{
	struct dma_chan *chan = ds_channel(t);
	struct pushbell_memory *to = ds_buffer(t, SZ_8K);
	struct ds_transfer *x;
	int value;
	u8 *seen;

	if (!chan || !to)
		return -EIO;
	seen = to->cpu;
	for (value = -2; value < 260; value++) {
		u8 other = ~value;
		size_t bytes = 1 + (value + 2) * 29, first = (value + 2) % 9;

		memset(seen, other, to->bytes);
		x = ds_submit(t, chan->device->device_prep_dma_memset(chan, to->bus + first, value, bytes, DS_LOUD));
		dma_async_issue_pending(chan);
		if (ds_done(x) || ds_all_bytes(t, seen, other, first) ||
		    ds_all_bytes(t, seen + first, value, bytes) ||
		    ds_all_bytes(t, seen + first + bytes, other, to->bytes - first - bytes))
			return -EIO;
	}
	return 0;
}

static struct dma_interleaved_template *template(const struct pushbell_memory *from, const struct pushbell_memory *to,
						 size_t frames, size_t chunks)
{
	struct dma_interleaved_template *xt = kzalloc(struct_size(xt, sgl, chunks), GFP_KERNEL);

	if (!xt)
		return NULL;
	xt->src_start = from->bus + 5;
	xt->dst_start = to->bus + 9;
	xt->dir = DMA_MEM_TO_MEM;
	xt->src_inc = xt->dst_inc = true;
	xt->numf = frames;
	xt->frame_size = chunks;
	return xt;
}

/* The same by the processor, from the definition; `gap` as the comments of struct data_chunk say. */
static void by_hand(const struct dma_interleaved_template *xt, const u8 *from, u8 *to)
{
	size_t frame, i;

	for (frame = 0; frame < xt->numf; frame++) {
		for (i = 0; i < xt->frame_size; i++) {
			const struct data_chunk *chunk = &xt->sgl[i];

			memcpy(to, from, chunk->size);
			from += chunk->size + (chunk->src_icg ? chunk->src_icg : xt->src_sgl ? chunk->icg : 0);
			to += chunk->size + (chunk->dst_icg ? chunk->dst_icg : xt->dst_sgl ? chunk->icg : 0);
		}
	}
}

/* Runs the template and frees it. */
static int interleave(struct selftest *t, struct dma_chan *chan, struct dma_interleaved_template *xt,
		      struct pushbell_memory *from, struct pushbell_memory *to, u8 *expected)
{
	struct ds_transfer *x;

	memset(to->cpu, POISON, to->bytes);
	memset(expected, POISON, to->bytes);
	by_hand(xt, from->cpu + 5, expected + 9);
	x = ds_submit(t, dmaengine_prep_interleaved_dma(chan, xt, DS_LOUD));
	kfree(xt);		/* it is the client's as soon as it has been prepared */
	dma_async_issue_pending(chan);
	if (ds_done(x))
		return -EIO;
	ST_EXPECT(t, !memcmp(to->cpu, expected, to->bytes), "other bytes");
	return 0;
}

struct shape {
	const char *what;
	size_t frames, chunks;
	bool src_sgl, dst_sgl, own;	/* own: gaps of source and target differ */
};

static int one_shape(struct selftest *t, struct dma_chan *chan, const struct shape *shape,
		     struct pushbell_memory *from, struct pushbell_memory *to, u8 *expected)
{
	struct dma_interleaved_template *xt = template(from, to, shape->frames, shape->chunks);
	size_t i;

	if (!xt)
		return -ENOMEM;
	xt->src_sgl = shape->src_sgl;
	xt->dst_sgl = shape->dst_sgl;
	for (i = 0; i < shape->chunks; i++)
		xt->sgl[i] = (struct data_chunk) {
			.size = 1 + i * 37 % 200, .icg = i * 11 % 64,
			.src_icg = shape->own ? 3 + i : 0, .dst_icg = shape->own ? 70 - i : 0,
		};
	if (!interleave(t, chan, xt, from, to, expected))
		return 0;
	st_note(t, "%s: %zu frames of %zu chunks", shape->what, shape->frames, shape->chunks);
	return -EIO;
}

static int interleaved(struct selftest *t)
{
	static const struct shape shapes[] = {
		{ "both sides", 1, 1, true, true },
		{ "both sides", 7, 3, true, true },
		{ "gather", 9, 5, true, false },
		{ "scatter", 9, 5, false, true },
		{ "no gaps at all", 64, 8, false, false },
		{ "more ranges than a descriptor has", 40, 10, true, true },
		{ "gather, the same", 100, 4, true, false },
		{ "gaps of their own", 11, 6, false, false, true },
		{ "one long frame", 1, 300, true, true },
	};
	struct dma_chan *chan = ds_channel(t);
	struct pushbell_memory *from = ds_buffer(t, SZ_128K), *to = ds_buffer(t, SZ_128K);
	u8 *expected = kvmalloc(SZ_128K, GFP_KERNEL);
	int ret = chan && from && to && expected ? 0 : -EIO;
	unsigned int i;

	if (!ret)
		ds_scramble(from, 3);
	for (i = 0; !ret && i < ARRAY_SIZE(shapes); i++)
		ret = one_shape(t, chan, &shapes[i], from, to, expected);
	kvfree(expected);
	return ret;
}

/* What cannot be done is not prepared. */
static int refused(struct selftest *t)
{
	struct dma_chan *chan = ds_channel(t);
	struct pushbell_memory *b = ds_buffer(t, SZ_4K);
	struct dma_interleaved_template *xt;
	unsigned int made = 0, i;

	if (!chan || !b)
		return -EIO;
	for (i = 0; i < 7; i++) {
		xt = template(b, b, i == 0 ? 0 : 2, 2);
		if (!xt)
			return -ENOMEM;
		xt->sgl[0].size = i == 5 ? 0 : i == 6 ? SIZE_MAX : 16;
		xt->sgl[1].size = i == 5 ? 0 : 16;
		if (i == 1)
			xt->frame_size = 0;
		else if (i == 2)
			xt->dir = DMA_MEM_TO_DEV;
		else if (i == 3)
			xt->src_inc = false;
		else if (i == 4)
			xt->dst_inc = false;
		made += !!dmaengine_prep_interleaved_dma(chan, xt, DS_LOUD);
		kfree(xt);
	}
	ST_EQUAL(t, made, 0);
	ST_EXPECT(t, !dmaengine_prep_dma_memcpy(chan, b->bus, b->bus, 0, DS_LOUD), "an empty copy");
	return 0;
}

const struct st_case ds_work_cases[] = {
	{ "memcpy-sizes", "memcpy of 1 byte to beyond one descriptor, by push and by doorbell [claims 10, 11, 25, 26]",
	  memcpy_sizes },
	{ "memset-values", "memset of every value and many lengths [claims 10, 25]", memset_values },
	{ "interleaved", "interleaved copies: gather, scatter, both, lists of any length [claims 14, 29]", interleaved },
	{ "refused", "what cannot be done is not prepared", refused },
	{ }
};
