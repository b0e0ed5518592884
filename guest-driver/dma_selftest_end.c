// SPDX-License-Identifier: GPL-2.0
/* Terminating, and what is left of a transfer that has not ended. */
#include <linux/sizes.h>
#include <linux/slab.h>
#include "dma_selftest.h"

#define MANY 100	/* more than the queue of a channel holds */
#define ROUNDS 8

/* Time for the adapter to do what it should not: as much as it takes to copy on another channel. */
static int wait_a_while(struct selftest *t, struct dma_chan *other, struct pushbell_memory *scratch)
{
	struct ds_transfer *x = NULL;
	unsigned int i;

	for (i = 0; i < 16; i++)
		x = ds_copy(t, other, scratch->bus, scratch->bus + SZ_32K, SZ_32K);
	dma_async_issue_pending(other);
	return ds_done(x);
}

/* Held, so that none has begun: none does, none calls back, each tells that it failed. */
static int terminate_all(struct selftest *t)
{
	struct dma_chan *chan = ds_channel(t), *other = ds_channel(t);
	struct pushbell_memory *from = ds_buffer(t, SZ_64K), *to = ds_buffer(t, SZ_64K), *scratch = ds_buffer(t, SZ_64K);
	struct ds_transfer *x[MANY + 1];
	unsigned int i;

	if (!chan || !other || !from || !to || !scratch)
		return -EIO;
	memset(from->cpu, 'n', SZ_64K);
	memset(to->cpu, 'o', SZ_64K);
	ST_TRY(t, ds_hold(t, true));
	for (i = 0; i <= MANY; i++) {
		if (i == MANY)
			dma_async_issue_pending(chan);	/* all but one */
		x[i] = ds_copy(t, chan, to->bus, from->bus, i % 2 ? 64 : SZ_16K);
		if (!x[i])
			return -EIO;
	}
	ST_EQUAL(t, ds_status(chan, x[0], NULL), DMA_IN_PROGRESS);
	ST_TRY(t, dmaengine_terminate_async(chan));
	for (i = 0; i <= MANY; i++)
		ST_EQUAL(t, ds_status(chan, x[i], NULL), DMA_ERROR);
	dmaengine_synchronize(chan);
	ST_TRY(t, ds_hold(t, false));
	if (wait_a_while(t, other, scratch) || ds_all_bytes(t, to->cpu, 'o', SZ_64K))
		return -EIO;
	for (i = 0; i <= MANY; i++)
		ST_EQUAL(t, x[i]->calls, 0);
	return ds_works(t, chan);
}

/* At work: after it nobody writes and nobody calls back, wherever it was caught. */
static int terminate_running(struct selftest *t)
{
	struct dma_chan *chan = ds_channel(t), *other = ds_channel(t);
	struct pushbell_memory *from = ds_buffer(t, SZ_64K), *to = ds_buffer(t, SZ_64K), *scratch = ds_buffer(t, SZ_64K);
	unsigned int round, i, calls;

	if (!chan || !other || !from || !to || !scratch)
		return -EIO;
	for (round = 0; round < ROUNDS; round++) {
		struct ds_transfer *first = ds_copy(t, chan, to->bus, from->bus, 64);

		for (i = 0; i < 30; i++)
			if (!ds_copy(t, chan, to->bus, from->bus, i % 2 ? SZ_64K : 64))
				return -EIO;
		dma_async_issue_pending(chan);
		if (ds_done(first))
			return -EIO;
		ST_TRY(t, dmaengine_terminate_sync(chan));
		calls = atomic_read(&t->calls);
		memset(to->cpu, 'z', SZ_64K);
		if (wait_a_while(t, other, scratch) || ds_all_bytes(t, to->cpu, 'z', SZ_64K))
			return -EIO;
		ST_EQUAL(t, atomic_read(&t->calls) - calls, 16);	/* those of the while */
		t->transfer_count = 0;
	}
	return ds_works(t, chan);
}

/* What is submitted after a termination runs, without waiting for anything. */
static int terminate_and_go_on(struct selftest *t)
{
	struct dma_chan *chan = ds_channel(t);
	struct pushbell_memory *from = ds_buffer(t, SZ_64K), *to = ds_buffer(t, SZ_64K);
	struct ds_transfer *dropped, *kept;
	unsigned int round;

	if (!chan || !from || !to)
		return -EIO;
	ds_scramble(from, 9);
	for (round = 0; round < ROUNDS; round++) {
		memset(to->cpu, 0, SZ_64K);
		dropped = ds_copy(t, chan, to->bus, to->bus + SZ_32K, SZ_32K);
		dma_async_issue_pending(chan);
		ST_TRY(t, dmaengine_terminate_async(chan));
		kept = ds_copy(t, chan, to->bus, from->bus, SZ_64K);
		dma_async_issue_pending(chan);
		if (ds_done(kept))
			return -EIO;
		ST_EXPECT(t, dropped && dropped->calls <= 1, "the one that was dropped");
		ST_EXPECT(t, !memcmp(to->cpu, from->cpu, SZ_64K), "round %u", round);
		ST_EQUAL(t, ds_status(chan, kept, NULL), DMA_COMPLETE);
	}
	return 0;
}

/* What is left of a transfer: all of it before it begins, nothing when it has ended. */
static int residue(struct selftest *t)
{
	struct dma_chan *chan = ds_channel(t);
	struct pushbell_memory *from = ds_buffer(t, SZ_64K), *to = ds_buffer(t, SZ_64K);
	struct ds_transfer *x, *behind;
	u32 left;

	if (!chan || !from || !to)
		return -EIO;
	ST_TRY(t, ds_hold(t, true));
	x = ds_copy(t, chan, to->bus, from->bus, 50001);
	behind = ds_copy(t, chan, to->bus, from->bus, 77);
	if (!x || !behind)
		return -EIO;
	ST_EQUAL(t, ds_status(chan, x, &left), DMA_IN_PROGRESS);
	ST_EQUAL(t, left, 50001);
	dma_async_issue_pending(chan);
	ST_EQUAL(t, ds_status(chan, behind, &left), DMA_IN_PROGRESS);
	ST_EQUAL(t, left, 77);
	ST_TRY(t, ds_hold(t, false));
	if (ds_done(x) || ds_done(behind))
		return -EIO;
	ST_EQUAL(t, ds_status(chan, x, &left), DMA_COMPLETE);
	ST_EQUAL(t, left, 0);
	return 0;
}

/* 32 bytes of every 64: more descriptors than the queue of a channel holds. */
static struct dma_async_tx_descriptor *long_transfer(struct dma_chan *chan, struct pushbell_memory *from,
						     struct pushbell_memory *to)
{
	struct dma_interleaved_template *xt = kzalloc(struct_size(xt, sgl, 1), GFP_KERNEL);
	struct dma_async_tx_descriptor *tx;

	if (!xt)
		return NULL;
	*xt = (struct dma_interleaved_template) {
		.src_start = from->bus, .dst_start = to->bus, .dir = DMA_MEM_TO_MEM, .src_inc = true,
		.src_sgl = true, .dst_inc = true, .dst_sgl = true, .numf = from->bytes / 64, .frame_size = 1,
	};
	xt->sgl[0] = (struct data_chunk) { .size = 32, .icg = 32 };
	tx = dmaengine_prep_interleaved_dma(chan, xt, DMA_CTRL_ACK);
	kfree(xt);
	return tx;
}

/*
 * Nobody but who asks takes completions of a transfer without an interrupt, and asking once takes no more than the
 * queue holds. So it cannot be done without having been seen on the way.
 */
static int residue_sinks(struct selftest *t)
{
	struct dma_chan *chan = ds_channel(t);
	struct pushbell_memory *from = ds_buffer(t, SZ_128K), *to = ds_buffer(t, SZ_128K);
	unsigned long end = jiffies + msecs_to_jiffies(DS_DEADLINE_MS);
	u32 total = SZ_128K / 2, last = total, between = 0;
	struct dma_async_tx_descriptor *tx;
	struct dma_tx_state state;
	dma_cookie_t cookie;

	if (!chan || !from || !to)
		return -EIO;
	tx = long_transfer(chan, from, to);
	ST_EXPECT(t, tx, "no descriptor");
	cookie = dmaengine_submit(tx);
	dma_async_issue_pending(chan);
	while (dmaengine_tx_status(chan, cookie, &state) != DMA_COMPLETE) {
		ST_EXPECT(t, time_before(jiffies, end), "%u bytes are left", state.residue);
		ST_EXPECT(t, state.residue <= last, "%u bytes are left, %u were", state.residue, last);
		between += state.residue != last;
		last = state.residue;
		cond_resched();
	}
	ST_EXPECT(t, between, "all at once");
	ST_EQUAL(t, state.residue, 0);
	return 0;
}

const struct st_case ds_end_cases[] = {
	{ "terminate", "terminated transfers do not run, do not call back, and say so", terminate_all },
	{ "terminate-running", "termination in the middle: nobody writes after it", terminate_running },
	{ "terminate-go-on", "what is submitted after a termination runs", terminate_and_go_on },
	{ "residue", "what is left of a transfer", residue },
	{ "residue-sinks", "what is left of a long transfer becomes less", residue_sinks },
	{ }
};
