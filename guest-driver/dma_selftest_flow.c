// SPDX-License-Identifier: GPL-2.0
/* Channels and the order of things: who comes before whom, on a channel and between two. */
#include <linux/sizes.h>
#include "dma_selftest.h"

#define MANY 200	/* more than the queue of a channel holds */
#define RACERS 4

/* Callbacks come in the order of submission, whichever way the descriptors went. */
static int order(struct selftest *t)
{
	struct dma_chan *chan = ds_channel(t);
	struct pushbell_memory *from = ds_buffer(t, SZ_64K), *to = ds_buffer(t, SZ_64K);
	struct ds_transfer *x[MANY];
	unsigned int i;

	if (!chan || !from || !to)
		return -EIO;
	for (i = 0; i < MANY; i++) {
		x[i] = ds_copy(t, chan, to->bus, from->bus, i % 3 ? 100 + i : 5000 + 200 * i);
		if (!x[i])
			return -EIO;
		if (i % 7 == 6)
			dma_async_issue_pending(chan);
	}
	dma_async_issue_pending(chan);
	for (i = 0; i < MANY; i++) {
		if (ds_done(x[i]))
			return -EIO;
		ST_EQUAL(t, x[i]->place, i + 1);
		ST_EQUAL(t, x[i]->calls, 1);
	}
	ST_EQUAL(t, ds_status(chan, x[0], NULL), DMA_COMPLETE);
	return 0;
}

/* Each transfer sees memory as the one before has left it. */
static int chain(struct selftest *t)
{
	struct dma_chan *chan = ds_channel(t);
	struct pushbell_memory *a = ds_buffer(t, SZ_16K), *b = ds_buffer(t, SZ_16K);
	struct ds_transfer *last = NULL;
	unsigned int i;

	if (!chan || !a || !b)
		return -EIO;
	for (i = 0; i <= 60; i++) {
		size_t bytes = i % 2 ? SZ_16K : SZ_1K;

		if (!ds_submit(t, chan->device->device_prep_dma_memset(chan, a->bus, i, bytes, DS_LOUD)) ||
		    !ds_copy(t, chan, b->bus, a->bus, SZ_16K))
			return -EIO;
		last = ds_submit(t, chan->device->device_prep_dma_memset(chan, a->bus, 0xee, SZ_4K, DS_LOUD));
	}
	dma_async_issue_pending(chan);
	if (ds_done(last) || ds_all_bytes(t, b->cpu, 60, SZ_1K) ||
	    ds_all_bytes(t, b->cpu + SZ_1K, 0xee, SZ_4K - SZ_1K) ||
	    ds_all_bytes(t, b->cpu + SZ_4K, 59, SZ_16K - SZ_4K))
		return -EIO;
	return ds_all_bytes(t, a->cpu, 0xee, SZ_4K);
}

struct race {
	struct pushbell_memory *fresh, *target, *seen;
};

/* One channel's pushed copy reads what all the others, rung before it, are to write: so it tells who ran first. */
static int one_race(struct selftest *t, const struct race *race, unsigned int quick)
{
	struct ds_transfer *last[RACERS] = { }, *pushed;
	unsigned int i;

	memset(race->target->cpu, 'o', SZ_64K);
	ST_TRY(t, ds_hold(t, true));
	for (i = 0; i < 4 * RACERS; i++) {
		struct dma_chan *chan = t->channels[i % RACERS];

		if (i % RACERS == quick)
			continue;
		last[i % RACERS] = ds_copy(t, chan, race->target->bus, race->fresh->bus, SZ_64K);
		dma_async_issue_pending(chan);
	}
	pushed = ds_copy(t, t->channels[quick], race->seen->bus, race->target->bus, 64);
	dma_async_issue_pending(t->channels[quick]);
	ST_EQUAL(t, ds_status(t->channels[quick], pushed, NULL), DMA_IN_PROGRESS);
	ST_TRY(t, ds_hold(t, false));
	for (i = 0; i < RACERS; i++)
		if (ds_done(i == quick ? pushed : last[i]))
			return -EIO;
	if (ds_all_bytes(t, race->seen->cpu, 'o', 64))
		return -EIO;
	return ds_all_bytes(t, race->target->cpu, 'n', SZ_64K);
}

/* Each channel's turn to be the quick one, so that it is not the place in the line that makes it the first. */
static int overtake(struct selftest *t)
{
	struct race race = { ds_buffer(t, SZ_64K), ds_buffer(t, SZ_64K), ds_buffer(t, SZ_4K) };
	unsigned int i;

	if (!race.fresh || !race.target || !race.seen)
		return -EIO;
	while (t->channel_count < RACERS)
		if (!ds_channel(t))
			return -EIO;
	memset(race.fresh->cpu, 'n', SZ_64K);
	for (i = 0; i < RACERS; i++)
		if (one_race(t, &race, i))
			return -EIO;
	return 0;
}

/* Nobody is interrupted for a client that polls. */
static int polled(struct selftest *t)
{
	struct dma_chan *chan = ds_channel(t);
	struct pushbell_memory *from = ds_buffer(t, SZ_16K), *to = ds_buffer(t, SZ_16K);
	u64 interrupts = ds_interrupts(t);
	unsigned int i;

	if (!chan || !from || !to)
		return -EIO;
	ds_scramble(from, 5);
	for (i = 0; i < 50; i++) {
		size_t bytes = i % 2 ? 64 + i : 8192 + i;
		struct dma_async_tx_descriptor *tx;
		dma_cookie_t cookie;

		memset(to->cpu, 0, to->bytes);
		tx = dmaengine_prep_dma_memcpy(chan, to->bus, from->bus + i, bytes, DMA_CTRL_ACK);
		ST_EXPECT(t, tx, "transfer %u", i);
		cookie = dmaengine_submit(tx);
		ST_EQUAL(t, dma_sync_wait(chan, cookie), DMA_COMPLETE);
		ST_EXPECT(t, !memcmp(to->cpu, from->cpu + i, bytes), "transfer %u", i);
	}
	ST_EQUAL(t, ds_interrupts(t) - interrupts, 0);
	return 0;
}

/* An empty operation tells when everything before it has ended. */
static int interrupt(struct selftest *t)
{
	struct dma_chan *chan = ds_channel(t);
	struct pushbell_memory *from = ds_buffer(t, SZ_64K), *to = ds_buffer(t, SZ_64K);
	struct dma_async_tx_descriptor *tx;
	struct ds_transfer *x;
	dma_cookie_t silent;

	if (!chan || !from || !to)
		return -EIO;
	ds_scramble(from, 6);
	tx = dmaengine_prep_dma_memcpy(chan, to->bus, from->bus, SZ_64K, DMA_CTRL_ACK);
	ST_EXPECT(t, tx, "no descriptor");
	silent = dmaengine_submit(tx);
	x = ds_submit(t, chan->device->device_prep_dma_interrupt(chan, DS_LOUD));
	dma_async_issue_pending(chan);
	if (ds_done(x))
		return -EIO;
	ST_EQUAL(t, dma_async_is_tx_complete(chan, silent, NULL, NULL), DMA_COMPLETE);
	ST_EXPECT(t, !memcmp(to->cpu, from->cpu, SZ_64K), "it has not been copied");
	return 0;
}

/* The queue pairs of the adapter's DMA channels, and whether each has a doorbell page that no other queue pair has. */
static unsigned int own_pages(struct selftest *t, bool *own)
{
	DECLARE_BITMAP(pages, PB_DOORBELL_PAGES);
	unsigned int found = 0;
	struct pushbell_qp *qp;
	unsigned long number;

	bitmap_zero(pages, PB_DOORBELL_PAGES);
	*own = true;
	mutex_lock(&t->pb->command_lock);
	xa_for_each(&t->pb->qps, number, qp) {
		found += qp->type == PB_QP_TYPE_DMA;
		*own = *own && qp->page->object.handle && !test_and_set_bit(qp->page->object.handle, pages);
	}
	mutex_unlock(&t->pb->command_lock);
	return found;
}

/* Every channel there is, at work at the same time; one more there is not. */
static int channels(struct selftest *t)
{
	struct pushbell_memory *from = ds_buffer(t, SZ_64K), *to = ds_buffer(t, SZ_128K);
	struct dma_chan *chan = ds_channel(t);
	struct ds_transfer *x[DS_CHANNELS];
	unsigned int i, count;
	dma_cap_mask_t mask;
	bool own;

	if (!from || !to || !chan)
		return -EIO;
	count = chan->device->chancnt;
	ST_EXPECT(t, count >= 4 && count * SZ_8K <= SZ_128K, "%u channels", count);
	while (t->channel_count < count)
		if (!ds_channel(t))
			return -EIO;
	dma_cap_zero(mask);
	dma_cap_set(DMA_MEMCPY, mask);
	chan = dma_request_channel(mask, ds_ours, t);
	if (chan)
		dma_release_channel(chan);
	ST_EXPECT(t, !chan, "one channel too many");
	ST_EQUAL(t, own_pages(t, &own), count);
	ST_EXPECT(t, own, "channels share a doorbell page");
	ds_scramble(from, 8);
	for (i = 0; i < count; i++) {
		x[i] = ds_copy(t, t->channels[i], to->bus + i * SZ_8K, from->bus + i, SZ_8K);
		dma_async_issue_pending(t->channels[i]);
	}
	for (i = 0; i < count; i++) {
		if (ds_done(x[i]))
			return -EIO;
		ST_EXPECT(t, !memcmp(to->cpu + i * SZ_8K, from->cpu + i, SZ_8K), "channel %u", i);
	}
	return 0;
}

/* Whoever wants any channel gets one of ours. */
static int find_any(struct selftest *t)
{
	struct dma_chan *chan;
	int ret = 0;

	dmaengine_get();
	chan = dma_find_channel(DMA_MEMCPY);
	if (!chan || !ds_ours(chan, t)) {
		st_note(t, "dma_find_channel finds %s", chan ? dma_chan_name(chan) : "none");
		ret = -EIO;
	}
	if (!ret)
		ret = ds_works(t, chan);
	dmaengine_put();
	return ret;
}

const struct st_case ds_flow_cases[] = {
	{ "order", "callbacks come once each and in order, pushed and rung mixed, more than the queue holds [claims 12, 27]",
	  order },
	{ "chain", "transfers of one channel see what those before them wrote [claims 10, 25]", chain },
	{ "overtake", "a pushed copy goes before copies rung on other channels [claims 12, 27]", overtake },
	{ "polled", "a client that polls causes no interrupt", polled },
	{ "interrupt", "an empty operation ends after those before it", interrupt },
	{ "channels", "every channel works, each on a doorbell page of its own [claims 11, 26]", channels },
	{ "any-channel", "the channels are public: dma_find_channel finds them", find_any },
	{ }
};
