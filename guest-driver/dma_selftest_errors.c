// SPDX-License-Identifier: GPL-2.0
/* Errors: whose they are, and that they harm nobody else. */
#include <linux/sizes.h>
#include <linux/slab.h>
#include "dma_selftest.h"

#define MANY 12
#define SLEEP_ROUNDS 3

enum bad { GOOD, BAD_SOURCE, BAD_TARGET, BAD_FILL, OVERLAP };

static const enum dmaengine_tx_result results[] = {
	[GOOD] = DMA_TRANS_NOERROR,
	[BAD_SOURCE] = DMA_TRANS_READ_FAILED,
	[BAD_TARGET] = DMA_TRANS_WRITE_FAILED,
	[BAD_FILL] = DMA_TRANS_WRITE_FAILED,
	[OVERLAP] = DMA_TRANS_ABORTED,
};

static struct ds_transfer *submit_one(struct selftest *t, struct dma_chan *chan, struct pushbell_memory *from,
				      struct pushbell_memory *to, unsigned int i, enum bad bad)
{
	size_t bytes = i % 2 ? SZ_8K : 64;
	dma_addr_t source = from->bus + i * SZ_8K, target = to->bus + i * SZ_8K;

	switch (bad) {
	case BAD_SOURCE:
		return ds_copy(t, chan, target, DS_NOWHERE, bytes);
	case BAD_TARGET:
		return ds_copy(t, chan, DS_NOWHERE, source, bytes);
	case BAD_FILL:
		return ds_submit(t, chan->device->device_prep_dma_memset(chan, DS_NOWHERE, 1, bytes, DS_LOUD));
	case OVERLAP:
		return ds_copy(t, chan, target, target + 8, bytes);
	default:
		return ds_copy(t, chan, target, source, bytes);
	}
}

/* Each ends in order, with the result that it deserves, and what is good has been copied. */
static int run_mixed(struct selftest *t, struct dma_chan *chan, struct pushbell_memory *from,
		     struct pushbell_memory *to, const enum bad *kinds)
{
	struct ds_transfer *x[MANY];
	unsigned int i, first = atomic_read(&t->calls);

	memset(to->cpu, 0x5a, to->bytes);
	for (i = 0; i < MANY; i++) {
		x[i] = submit_one(t, chan, from, to, i, kinds[i]);
		if (!x[i])
			return -EIO;
	}
	dma_async_issue_pending(chan);
	for (i = 0; i < MANY; i++) {
		if (ds_wait(x[i], results[kinds[i]])) {
			st_note(t, "transfer %u of %u", i, MANY);
			return -EIO;
		}
		ST_EQUAL(t, x[i]->place, first + i + 1);
		ST_EQUAL(t, ds_status(chan, x[i], NULL), kinds[i] == GOOD ? DMA_COMPLETE : DMA_ERROR);
	}
	for (i = 0; i < MANY; i++) {
		size_t bytes = kinds[i] != GOOD ? 0 : i % 2 ? SZ_8K : 64;
		const u8 *seen = to->cpu + i * SZ_8K;

		ST_EXPECT(t, !memcmp(seen, from->cpu + i * SZ_8K, bytes), "transfer %u", i);
		if (ds_all_bytes(t, seen + bytes, 0x5a, SZ_8K - bytes))
			return -EIO;
	}
	return 0;
}

static int errors(struct selftest *t)
{
	static const enum bad kinds[][MANY] = {
		{ GOOD, GOOD, GOOD, BAD_SOURCE },
		{ BAD_TARGET, GOOD, GOOD, GOOD, GOOD, BAD_FILL },
		{ [MANY - 1] = OVERLAP },
		{ BAD_SOURCE, BAD_SOURCE, BAD_TARGET, BAD_FILL, OVERLAP, GOOD, BAD_SOURCE, GOOD, OVERLAP, BAD_TARGET,
		  BAD_FILL, BAD_SOURCE },
	};
	struct dma_chan *chan = ds_channel(t);
	struct pushbell_memory *from = ds_buffer(t, MANY * SZ_8K), *to = ds_buffer(t, MANY * SZ_8K);
	unsigned int i;

	if (!chan || !from || !to)
		return -EIO;
	ds_scramble(from, 10);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (run_mixed(t, chan, from, to, kinds[i]))
			return -EIO;
	return ds_works(t, chan);
}

/* The first half of a long transfer is good, and its residue says so. */
static int error_in_the_middle(struct selftest *t)
{
	struct dma_chan *chan = ds_channel(t);
	struct pushbell_memory *from = ds_buffer(t, SZ_1M), *to = ds_buffer(t, SZ_2M);
	struct dma_interleaved_template *xt = kzalloc(struct_size(xt, sgl, 1), GFP_KERNEL);
	struct ds_transfer *x = NULL;

	if (chan && from && to && xt) {
		*xt = (struct dma_interleaved_template) {
			.src_start = from->bus, .dst_start = to->bus, .dir = DMA_MEM_TO_MEM,
			.src_inc = true, .dst_inc = true, .numf = 2, .frame_size = 1,
		};
		xt->sgl[0].size = SZ_1M;
		xt->sgl[0].src_icg = DS_NOWHERE - from->bus - SZ_1M;
		ds_scramble(from, 11);
		x = ds_submit(t, dmaengine_prep_interleaved_dma(chan, xt, DS_LOUD));
		dma_async_issue_pending(chan);
	}
	kfree(xt);
	if (ds_wait(x, DMA_TRANS_READ_FAILED))
		return -EIO;
	ST_EQUAL(t, x->result.residue, SZ_1M);
	ST_EXPECT(t, !memcmp(to->cpu, from->cpu, SZ_1M), "the first half");
	return ds_works(t, chan);
}

/* Held, so that nothing has begun: everything ends, on both channels, and the channels go on after the reset. */
static int reset(struct selftest *t)
{
	struct dma_chan *chan[2] = { ds_channel(t), ds_channel(t) };
	struct pushbell_memory *from = ds_buffer(t, SZ_64K), *to = ds_buffer(t, SZ_64K);
	struct ds_transfer *x[2 * MANY], *waiting;
	unsigned int i;

	if (!chan[0] || !chan[1] || !from || !to)
		return -EIO;
	ds_scramble(from, 12);
	memset(to->cpu, 'o', SZ_64K);
	ST_TRY(t, ds_hold(t, true));
	for (i = 0; i < ARRAY_SIZE(x); i++) {
		x[i] = ds_copy(t, chan[i % 2], to->bus, from->bus, i % 3 ? 64 : SZ_16K);
		dma_async_issue_pending(chan[i % 2]);
	}
	waiting = ds_copy(t, chan[0], to->bus, from->bus, SZ_64K);	/* not issued */
	ST_TRY(t, pushbell_reset(t->pb));
	for (i = 0; i < ARRAY_SIZE(x); i++) {
		if (ds_wait(x[i], DMA_TRANS_ABORTED))
			return -EIO;
		ST_EQUAL(t, ds_status(chan[i % 2], x[i], NULL), DMA_ERROR);
	}
	if (ds_all_bytes(t, to->cpu, 'o', SZ_64K))
		return -EIO;
	ST_TRY(t, ds_hold(t, false));
	dma_async_issue_pending(chan[0]);
	if (ds_done(waiting))
		return -EIO;
	ST_EXPECT(t, !memcmp(to->cpu, from->cpu, SZ_64K), "what was issued after the reset");
	return ds_works(t, chan[1]);
}

/* What is issued while the adapter sleeps runs when it wakes up. */
static int sleep(struct selftest *t)
{
	struct dma_chan *chan = ds_channel(t);
	struct pushbell_memory *from = ds_buffer(t, SZ_64K), *to = ds_buffer(t, SZ_64K);
	struct ds_transfer *x;
	unsigned int i;

	if (!chan || !from || !to)
		return -EIO;
	for (i = 0; i < SLEEP_ROUNDS; i++) {
		ds_scramble(from, 13 + i);
		ST_TRY(t, pushbell_power(t->pb, PCI_D3hot));
		x = ds_copy(t, chan, to->bus, from->bus, i % 2 ? 64 : SZ_64K);
		dma_async_issue_pending(chan);
		ST_TRY(t, pushbell_power(t->pb, PCI_D0));
		if (ds_done(x))
			return -EIO;
		ST_EXPECT(t, !memcmp(to->cpu, from->cpu, i % 2 ? 64 : SZ_64K), "round %u", i);
	}
	return 0;
}

const struct st_case ds_error_cases[] = {
	{ "errors", "a transfer that fails says how, and those beside it go well", errors },
	{ "error-in-the-middle", "a long transfer that fails in the middle says how much is left", error_in_the_middle },
	{ "reset", "a reset of the adapter ends what was issued; the channels go on after it", reset },
	{ "sleep", "what is issued while the adapter sleeps runs when it wakes up", sleep },
	{ }
};
