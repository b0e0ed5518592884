// SPDX-License-Identifier: GPL-2.0
/*
 * The way of a transfer through its channel: submit, issue, post, take completions, call back.
 *
 * Everything happens under the channel's lock, with interrupts off, but for the callbacks, which the tasklet makes one
 * after the other. The completion queue is armed only while somebody waits for an interrupt, or while there is more to
 * post than fits: a client that polls causes none.
 */
#include <linux/slab.h>
#include "dma.h"

void pbdma_free(struct list_head *list)
{
	struct pbdma_desc *desc, *next;

	list_for_each_entry_safe(desc, next, list, node) {
		dma_descriptor_unmap(&desc->tx);
		kfree(desc);
	}
	INIT_LIST_HEAD(list);
}

/* Ended transfers that their clients have let go of since. */
void pbdma_sweep(struct pbdma_channel *ch, struct list_head *freed)
{
	struct pbdma_desc *desc, *next;

	list_for_each_entry_safe(desc, next, &ch->unacked, node)
		if (async_tx_test_ack(&desc->tx))
			list_move_tail(&desc->node, freed);
}

dma_cookie_t pbdma_submit(struct dma_async_tx_descriptor *tx)
{
	struct pbdma_channel *ch = pbdma_of(tx->chan);
	dma_cookie_t cookie;
	unsigned long flags;

	spin_lock_irqsave(&ch->lock, flags);
	cookie = ch->chan.cookie + 1;
	if (cookie < DMA_MIN_COOKIE)
		cookie = DMA_MIN_COOKIE;
	ch->chan.cookie = tx->cookie = cookie;
	list_move_tail(&pbdma_desc_of(tx)->node, &ch->submitted);
	spin_unlock_irqrestore(&ch->lock, flags);
	return cookie;
}

/* Its memory is the client's again before anybody can see that it has ended. */
void pbdma_finish(struct pbdma_channel *ch, struct pbdma_desc *desc, enum dmaengine_tx_result result)
{
	desc->result = result;
	if (result != DMA_TRANS_NOERROR)
		pbdma_failed(ch, desc->tx.cookie, desc->tx.cookie);
	ch->loud -= desc->counted;
	desc->counted = false;
	dma_descriptor_unmap(&desc->tx);
	list_move_tail(&desc->node, &ch->ended);
	ch->chan.completed_cookie = desc->tx.cookie;
	tasklet_schedule(&ch->tasklet);
}

/* There is nobody to execute them. */
void pbdma_finish_all(struct pbdma_channel *ch, struct list_head *list)
{
	struct pbdma_desc *desc, *next;

	list_for_each_entry_safe(desc, next, list, node)
		pbdma_finish(ch, desc, DMA_TRANS_ABORTED);
}

/* What is active begins anew: it may, since source and target are still ours. */
void pbdma_rewind(struct pbdma_channel *ch)
{
	struct pbdma_desc *desc;

	list_for_each_entry(desc, &ch->active, node) {
		desc->next = desc->start;
		desc->pieces = 0;
		desc->done = 0;
	}
	list_splice_init(&ch->active, &ch->issued);
}

/* The worker takes it from here; nothing is posted or taken until it is done. */
void pbdma_break(struct pbdma_channel *ch)
{
	ch->state = PBDMA_BROKEN;
	mod_delayed_work(system_long_wq, &ch->work, 0);
}

static void take_one(struct pbdma_channel *ch, const struct pushbell_wc *wc)
{
	struct pbdma_desc *desc = list_first_entry_or_null(&ch->active, struct pbdma_desc, node);

	/* A descriptor that cannot be read has no wr_id; none of ours is zero. */
	bool unread = wc->status != PB_WC_STATUS_SUCCESS && !wc->wr_id;

	if (ch->state != PBDMA_READY || (upper_32_bits(wc->wr_id) != ch->generation && !unread))
		return;		/* behind one that failed, or from before a restart */
	if (!desc || (lower_32_bits(wc->wr_id) != ch->taken && !unread)) {
		dev_err_ratelimited(ch->dma->device.dev, "%s: completion 0x%llx is not the next\n",
				    dma_chan_name(&ch->chan), wc->wr_id);
		pbdma_break(ch);
		return;
	}
	if (wc->status != PB_WC_STATUS_SUCCESS) {
		ch->blamed = true;
		pbdma_break(ch);
		return;
	}
	ch->taken++;
	desc->pieces--;
	desc->done += desc->opcode == PB_OPCODE_NOP ? 0 : wc->byte_count;
	if (!desc->pieces && pbdma_all_posted(desc))
		pbdma_finish(ch, desc, desc->done == desc->total ? DMA_TRANS_NOERROR : DMA_TRANS_ABORTED);
}

/* No more than was posted can come, and nothing is posted in between. */
static void take(struct pbdma_channel *ch)
{
	struct pushbell_wc wc[PBDMA_BATCH];
	int taken, i;

	do {
		taken = pushbell_cq_poll(ch->cq, wc, PBDMA_BATCH);
		for (i = 0; i < taken; i++)
			take_one(ch, &wc[i]);
	} while (taken == PBDMA_BATCH);
}

/* The transfer that the next piece comes from. */
static struct pbdma_desc *next_to_post(struct pbdma_channel *ch)
{
	struct pbdma_desc *desc;

	if (!list_empty(&ch->active)) {
		desc = list_last_entry(&ch->active, struct pbdma_desc, node);
		if (!pbdma_all_posted(desc))
			return desc;
	}
	return list_first_entry_or_null(&ch->issued, struct pbdma_desc, node);
}

/* A short piece that finds the queue empty goes by push; one doorbell tells of all the others that are posted together. */
static int post_one(struct pbdma_channel *ch, struct pbdma_desc *desc)
{
	struct pbdma_cursor before = desc->next;
	struct pbdma_piece piece;
	enum pushbell_how how;
	bool more;
	int ret;

	pbdma_piece_next(desc, ch->dma->pb->mr.object.handle, &piece);
	piece.wr.wr_id = (u64)ch->generation << 32 | ch->posted;
	list_move_tail(&desc->node, &ch->active);
	more = ch->posted + 1 - ch->taken < PBDMA_DEPTH && next_to_post(ch);
	how = more ? PUSHBELL_QUIET : PUSHBELL_DOORBELL;
	if (ch->posted == ch->taken && pbdma_piece_short(&piece))
		how = PUSHBELL_PUSH;
	ret = pushbell_post_send(ch->qp, &piece.wr, how);
	if (ret) {
		desc->next = before;
		return ret;
	}
	ch->posted++;
	desc->pieces++;
	return 0;
}

/*
 * -EAGAIN: it sleeps, and hears of what is in its queue with the next doorbell. -ENODEV: it is being reset or gone,
 * and we are about to be told.
 */
static void post(struct pbdma_channel *ch)
{
	struct pbdma_desc *desc;
	int ret = 0;

	while (!ret && ch->posted - ch->taken < PBDMA_DEPTH) {
		desc = next_to_post(ch);
		if (!desc)
			break;
		ret = post_one(ch, desc);
	}
	if (ret == -EAGAIN)
		mod_delayed_work(system_long_wq, &ch->work, msecs_to_jiffies(PBDMA_RETRY_MS));
	else if (ret && ret != -ENODEV)
		pbdma_break(ch);
}

static void arm(struct pbdma_channel *ch)
{
	if (ch->armed || (!ch->loud && list_empty(&ch->issued)))
		return;
	ch->armed = true;
	pushbell_cq_arm(ch->cq, false);
}

void pbdma_go_on(struct pbdma_channel *ch)
{
	if (ch->state != PBDMA_READY)
		return;
	take(ch);
	if (ch->state == PBDMA_READY)
		post(ch);
	if (ch->state == PBDMA_READY)
		arm(ch);
}

static bool is_loud(const struct pbdma_desc *desc)
{
	return desc->tx.flags & DMA_PREP_INTERRUPT || desc->tx.callback || desc->tx.callback_result;
}

void pbdma_issue_pending(struct dma_chan *chan)
{
	struct pbdma_channel *ch = pbdma_of(chan);
	struct pbdma_desc *desc;
	unsigned long flags;

	spin_lock_irqsave(&ch->lock, flags);
	list_for_each_entry(desc, &ch->submitted, node) {
		desc->counted = is_loud(desc);
		ch->loud += desc->counted;
	}
	list_splice_tail_init(&ch->submitted, &ch->issued);
	if (ch->state == PBDMA_DOWN) {
		pbdma_finish_all(ch, &ch->issued);
		if (!READ_ONCE(ch->dma->gone))
			queue_delayed_work(system_long_wq, &ch->work, 0);	/* perhaps it can be opened now */
	}
	pbdma_go_on(ch);
	spin_unlock_irqrestore(&ch->lock, flags);
}

void pbdma_event(struct pushbell_cq *cq, void *context)
{
	struct pbdma_channel *ch = context;
	unsigned long flags;

	spin_lock_irqsave(&ch->lock, flags);
	ch->armed = false;
	spin_unlock_irqrestore(&ch->lock, flags);
	tasklet_schedule(&ch->tasklet);
}

void pbdma_cq_failed(struct pushbell_cq *cq, void *context)
{
	struct pbdma_channel *ch = context;
	unsigned long flags;

	spin_lock_irqsave(&ch->lock, flags);
	if (ch->state == PBDMA_READY)
		take(ch);	/* what came before counts */
	if (ch->state != PBDMA_DOWN) {
		ch->cq_failed = ch->blamed = true;	/* so that it does not go on for ever, the first one pays */
		pbdma_break(ch);
	}
	spin_unlock_irqrestore(&ch->lock, flags);
}

static void call_back(struct pbdma_desc *desc)
{
	struct dma_async_tx_descriptor *tx = &desc->tx;
	struct dmaengine_result result = {
		.result = desc->result,
		.residue = min_t(size_t, desc->total - desc->done, U32_MAX),
	};

	if (tx->callback_result)
		tx->callback_result(tx->callback_param, &result);
	else if (tx->callback)
		tx->callback(tx->callback_param);
	dma_run_dependencies(tx);
}

void pbdma_tasklet(struct tasklet_struct *tasklet)
{
	struct pbdma_channel *ch = from_tasklet(ch, tasklet, tasklet);
	struct pbdma_desc *desc;
	unsigned long flags;
	LIST_HEAD(freed);
	LIST_HEAD(ended);

	spin_lock_irqsave(&ch->lock, flags);
	pbdma_go_on(ch);
	list_splice_init(&ch->ended, &ended);
	spin_unlock_irqrestore(&ch->lock, flags);
	list_for_each_entry(desc, &ended, node)
		call_back(desc);
	spin_lock_irqsave(&ch->lock, flags);
	list_splice_tail(&ended, &ch->unacked);
	pbdma_sweep(ch, &freed);
	spin_unlock_irqrestore(&ch->lock, flags);
	pbdma_free(&freed);
}
