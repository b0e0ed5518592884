// SPDX-License-Identifier: GPL-2.0
/* Ends: what became of a transfer, by its cookie, long after it has been freed; and terminating what has not ended. */
#include <linux/delay.h>
#include "dma.h"

/* Neighbours become one entry. The oldest is forgotten: it reads as done, as all that is far back. */
void pbdma_failed(struct pbdma_channel *ch, dma_cookie_t first, dma_cookie_t last)
{
	struct pbdma_failure *latest = &ch->failures[(ch->failure_count - 1) % PBDMA_FAILURES];

	if (ch->failure_count && latest->last + 1 == first)
		latest->last = last;
	else
		ch->failures[ch->failure_count++ % PBDMA_FAILURES] = (struct pbdma_failure) { first, last };
}

static bool has_failed(const struct pbdma_channel *ch, dma_cookie_t cookie)
{
	unsigned int i, count = min(ch->failure_count, (unsigned int)PBDMA_FAILURES);

	for (i = 0; i < count; i++)
		if (cookie >= ch->failures[i].first && cookie <= ch->failures[i].last)
			return true;
	return false;
}

static u32 residue(struct pbdma_channel *ch, dma_cookie_t cookie)
{
	struct list_head *const lists[] = { &ch->active, &ch->issued, &ch->submitted };
	struct pbdma_desc *desc;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lists); i++)
		list_for_each_entry(desc, lists[i], node)
			if (desc->tx.cookie == cookie)
				return min_t(size_t, desc->total - desc->done, U32_MAX);
	return 0;
}

enum dma_status pbdma_tx_status(struct dma_chan *chan, dma_cookie_t cookie, struct dma_tx_state *state)
{
	struct pbdma_channel *ch = pbdma_of(chan);
	enum dma_status status;
	unsigned long flags;
	u32 left = 0;

	spin_lock_irqsave(&ch->lock, flags);
	status = dma_async_is_complete(cookie, chan->completed_cookie, chan->cookie);
	if (status != DMA_COMPLETE) {
		pbdma_go_on(ch);
		status = dma_async_is_complete(cookie, chan->completed_cookie, chan->cookie);
	}
	if (status == DMA_COMPLETE && has_failed(ch, cookie))
		status = DMA_ERROR;
	else if (status != DMA_COMPLETE)
		left = residue(ch, cookie);
	dma_set_tx_state(state, chan->completed_cookie, chan->cookie, left);
	spin_unlock_irqrestore(&ch->lock, flags);
	return status;
}

/* In any context: what the adapter works on stays mapped until the worker has stopped it. No more callbacks begin. */
int pbdma_terminate_all(struct dma_chan *chan)
{
	struct pbdma_channel *ch = pbdma_of(chan);
	unsigned long flags;
	LIST_HEAD(freed);

	spin_lock_irqsave(&ch->lock, flags);
	list_splice_tail_init(&ch->ended, &freed);
	list_splice_tail_init(&ch->issued, &freed);
	list_splice_tail_init(&ch->submitted, &freed);
	if (!list_empty(&ch->active) && ch->state == PBDMA_READY)
		pbdma_break(ch);
	list_splice_tail_init(&ch->active, &ch->dropped);
	if (chan->cookie != chan->completed_cookie)
		pbdma_failed(ch, chan->completed_cookie + 1, chan->cookie);
	chan->completed_cookie = chan->cookie;
	ch->loud = 0;
	ch->blamed = false;
	spin_unlock_irqrestore(&ch->lock, flags);
	pbdma_free(&freed);
	return 0;
}

static bool has_dropped(struct pbdma_channel *ch)
{
	unsigned long flags;
	bool dropped;

	spin_lock_irqsave(&ch->lock, flags);
	dropped = !list_empty(&ch->dropped);
	spin_unlock_irqrestore(&ch->lock, flags);
	return dropped;
}

/* When it returns nobody writes to the memory of a terminated transfer, and no callback runs. */
void pbdma_synchronize(struct dma_chan *chan)
{
	struct pbdma_channel *ch = pbdma_of(chan);

	for (flush_delayed_work(&ch->work); has_dropped(ch); flush_delayed_work(&ch->work))
		msleep(PBDMA_RETRY_MS);	/* it sleeps, or is about to be reset */
	tasklet_kill(&ch->tasklet);
}
