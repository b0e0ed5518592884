// SPDX-License-Identifier: GPL-2.0
/* Channels, buffers and transfers of the cases. */
#include <linux/prandom.h>
#include "dma_selftest.h"

bool ds_ours(struct dma_chan *chan, void *t)
{
	return chan->device->dev == &((struct selftest *)t)->pb->pdev->dev;
}

struct dma_chan *ds_channel(struct selftest *t)
{
	struct dma_chan *chan = NULL;
	dma_cap_mask_t mask;

	dma_cap_zero(mask);
	dma_cap_set(DMA_MEMCPY, mask);
	if (t->channel_count < DS_CHANNELS)
		chan = dma_request_channel(mask, ds_ours, t);
	if (chan)
		t->channels[t->channel_count++] = chan;
	else
		st_note(t, "no channel %u", t->channel_count);
	return chan;
}

struct pushbell_memory *ds_buffer(struct selftest *t, size_t bytes)
{
	struct pushbell_memory *buffer = &t->buffers[t->buffer_count];

	if (t->buffer_count == DS_BUFFERS || pushbell_memory_alloc(t->pb, bytes, buffer)) {
		st_note(t, "no buffer of %zu bytes", bytes);
		return NULL;
	}
	t->buffer_count++;
	return buffer;
}

/* Channels first: nobody writes to the buffers after that. */
void ds_close(struct selftest *t)
{
	while (t->channel_count) {
		struct dma_chan *chan = t->channels[--t->channel_count];

		dmaengine_terminate_sync(chan);
		dma_release_channel(chan);
	}
	while (t->buffer_count)
		pushbell_memory_free(t->pb, &t->buffers[--t->buffer_count]);
	t->transfer_count = 0;
}

void ds_scramble(struct pushbell_memory *buffer, u32 seed)
{
	struct rnd_state state;

	prandom_seed_state(&state, seed);
	prandom_bytes_state(&state, buffer->cpu, buffer->bytes);
}

static void called(void *parameter, const struct dmaengine_result *result)
{
	struct ds_transfer *x = parameter;

	x->calls++;
	x->place = atomic_inc_return(&x->t->calls);
	x->result = *result;
	complete(&x->done);
}

/* NULL: it could not be prepared or submitted, and that has been noted. */
struct ds_transfer *ds_submit(struct selftest *t, struct dma_async_tx_descriptor *tx)
{
	struct ds_transfer *x = &t->transfers[t->transfer_count];

	if (!tx || t->transfer_count == DS_TRANSFERS) {
		st_note(t, "transfer %u cannot be prepared", t->transfer_count);
		return NULL;
	}
	t->transfer_count++;
	*x = (struct ds_transfer) { .t = t };
	init_completion(&x->done);
	tx->callback_result = called;
	tx->callback_param = x;
	x->cookie = dmaengine_submit(tx);
	return dma_submit_error(x->cookie) ? NULL : x;
}

struct ds_transfer *ds_copy(struct selftest *t, struct dma_chan *chan, dma_addr_t to, dma_addr_t from,
			    size_t bytes)
{
	return ds_submit(t, dmaengine_prep_dma_memcpy(chan, to, from, bytes, DS_LOUD));
}

int ds_wait(struct ds_transfer *x, enum dmaengine_tx_result wanted)
{
	struct selftest *t;

	if (!x)
		return -EIO;
	t = x->t;
	ST_EXPECT(t, wait_for_completion_timeout(&x->done, msecs_to_jiffies(DS_DEADLINE_MS)), "cookie %d", x->cookie);
	ST_EQUAL(t, x->result.result, wanted);
	return 0;
}

int ds_done(struct ds_transfer *x)
{
	int ret = ds_wait(x, DMA_TRANS_NOERROR);

	if (ret)
		return ret;
	ST_EQUAL(x->t, x->result.residue, 0);
	return 0;
}

enum dma_status ds_status(struct dma_chan *chan, const struct ds_transfer *x, u32 *residue)
{
	struct dma_tx_state state;
	enum dma_status status = dmaengine_tx_status(chan, x->cookie, &state);

	if (residue)
		*residue = state.residue;
	return status;
}

int ds_all_bytes(struct selftest *t, const void *bytes, u8 value, size_t count)
{
	const u8 *other = memchr_inv(bytes, value, count);

	ST_EXPECT(t, !other, "byte %zu of %zu is 0x%x, not 0x%x", other - (const u8 *)bytes, count, *other, value);
	return 0;
}

/* The channel does what it should. */
int ds_works(struct selftest *t, struct dma_chan *chan)
{
	struct pushbell_memory *from = ds_buffer(t, 2 * PAGE_SIZE), *to = ds_buffer(t, 2 * PAGE_SIZE);
	struct ds_transfer *head, *tail;

	if (!from || !to)
		return -EIO;
	ds_scramble(from, 77);
	memset(to->cpu, 0, to->bytes);
	head = ds_copy(t, chan, to->bus, from->bus, 100);
	tail = ds_copy(t, chan, to->bus + 100, from->bus + 100, to->bytes - 100);
	dma_async_issue_pending(chan);
	if (ds_done(head) || ds_done(tail))
		return -EIO;
	ST_EXPECT(t, !memcmp(to->cpu, from->cpu, to->bytes), "it copies something else");
	ST_EQUAL(t, ds_status(chan, tail, NULL), DMA_COMPLETE);
	return 0;
}

int ds_hold(struct selftest *t, bool hold)
{
	return pushbell_set_link(t->pb, hold ? PB_HOLD_ENGINE : 0, 0);
}

u64 ds_interrupts(struct selftest *t)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < t->pb->eq_count; i++)
		sum += READ_ONCE(t->pb->eqs[i].interrupts);
	return sum;
}
