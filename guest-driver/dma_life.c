// SPDX-License-Identifier: GPL-2.0
/*
 * Queues of a channel: made, restarted after an error or a termination, and unmade.
 *
 * All of it takes commands, and these sleep, so whoever needs it in another context leaves it to the worker. `life`
 * keeps those apart who change the queues; `state` tells everybody else to leave them alone.
 */
#include <linux/bitfield.h>
#include <linux/module.h>
#include "dma.h"

static void set_state(struct pbdma_channel *ch, enum pbdma_state state)
{
	unsigned long flags;

	spin_lock_irqsave(&ch->lock, flags);
	ch->state = state;
	spin_unlock_irqrestore(&ch->lock, flags);
}

/* After it nobody reads or writes for this channel. Fails when the adapter sleeps, and can be tried again. */
static int unmake(struct pbdma_channel *ch)
{
	int ret = 0;

	if (ch->qp)
		ret = pushbell_qp_destroy(ch->qp);
	if (ret)
		return ret;
	ch->qp = NULL;
	if (ch->cq)
		ret = pushbell_cq_destroy(ch->cq);
	if (ret)
		return ret;
	ch->cq = NULL;
	if (ch->page)
		ret = pushbell_page_destroy(ch->page);
	if (!ret)
		ch->page = NULL;
	return ret;
}

static int make_queues(struct pbdma_channel *ch)
{
	struct pushbell_device *pb = ch->dma->pb;
	struct pushbell_page *page = pushbell_page_create(pb);
	struct pushbell_cq *cq;
	struct pushbell_qp *qp;

	if (IS_ERR(page))
		return PTR_ERR(page);
	ch->page = page;
	/* Twice as deep as the queue: what an earlier generation has left never fills it. */
	cq = pushbell_cq_create(pb, PBDMA_LOG_DEPTH + 1, page, pbdma_event, ch);
	if (IS_ERR(cq))
		return PTR_ERR(cq);
	cq->failed = pbdma_cq_failed;
	ch->cq = cq;
	qp = pushbell_qp_create(pb, &(struct pushbell_qp_parameters) {
		.type = PB_QP_TYPE_DMA, .page = page, .send_cq = cq,
		.send_log_depth = PBDMA_LOG_DEPTH, .send_log_stride = PBDMA_LOG_STRIDE,
	});
	if (IS_ERR(qp))
		return PTR_ERR(qp);
	ch->qp = qp;
	return pushbell_qp_connect(qp, 0, 0, 0, 0);
}

/* A failure that cannot be undone because the adapter sleeps leaves objects behind; the next try unmakes them. */
static int make(struct pbdma_channel *ch)
{
	int ret = unmake(ch);

	if (!ret)
		ret = make_queues(ch);
	if (ret)
		unmake(ch);
	return ret;
}

/* The queue pair is as new. What was under way and is not to blame is posted again. */
static void ready(struct pbdma_channel *ch, enum dmaengine_tx_result why)
{
	struct pushbell_wc wc[PBDMA_BATCH];
	unsigned long flags;
	LIST_HEAD(freed);

	spin_lock_irqsave(&ch->lock, flags);
	while (pushbell_cq_poll(ch->cq, wc, PBDMA_BATCH) == PBDMA_BATCH)
		;
	ch->generation++;
	ch->posted = ch->taken = 0;
	ch->armed = ch->cq_failed = false;
	if (ch->blamed && !list_empty(&ch->active))
		pbdma_finish(ch, list_first_entry(&ch->active, struct pbdma_desc, node), why);
	ch->blamed = false;
	pbdma_rewind(ch);
	list_splice_init(&ch->dropped, &freed);
	ch->state = PBDMA_READY;
	pbdma_go_on(ch);
	spin_unlock_irqrestore(&ch->lock, flags);
	pbdma_free(&freed);
}

/* There are no queues. What was issued ends with an error. */
static void come_down(struct pbdma_channel *ch)
{
	unsigned long flags;
	LIST_HEAD(freed);

	spin_lock_irqsave(&ch->lock, flags);
	ch->state = PBDMA_DOWN;
	ch->blamed = ch->cq_failed = false;
	pbdma_rewind(ch);
	pbdma_finish_all(ch, &ch->issued);
	list_splice_init(&ch->dropped, &freed);
	spin_unlock_irqrestore(&ch->lock, flags);
	pbdma_free(&freed);
}

static int open(struct pbdma_channel *ch)
{
	int ret;

	if (pushbell_away(ch->dma->pb))
		return -ENODEV;		/* PUSHBELL_RESET_DONE will tell */
	ret = make(ch);
	if (!ret)
		ready(ch, DMA_TRANS_NOERROR);
	return ret;
}

static int close(struct pbdma_channel *ch)
{
	int ret;

	set_state(ch, PBDMA_BROKEN);
	ret = unmake(ch);
	if (!ret)
		come_down(ch);
	return ret;
}

/* Which side of the transfer failed, while the queue pair still knows. */
static enum dmaengine_tx_result ask_why(struct pbdma_channel *ch)
{
	struct pb_cmd_qp_out out;

	if (!READ_ONCE(ch->blamed) || pushbell_qp_query(ch->qp, &out))
		return DMA_TRANS_ABORTED;
	switch (FIELD_GET(PB_REG_FAULT_INFO_OBJECT, le32_to_cpu(out.fault_info))) {
	case PB_FAULT_OBJECT_GATHER:
		return DMA_TRANS_READ_FAILED;
	case PB_FAULT_OBJECT_SCATTER:
		return DMA_TRANS_WRITE_FAILED;
	default:
		return DMA_TRANS_ABORTED;
	}
}

static bool again_later(int ret)
{
	/* It sleeps. Or it is being reset or gone: then we are about to be told. */
	return ret == -EAGAIN || ret == -ENODEV;
}

static int restart(struct pbdma_channel *ch)
{
	enum dmaengine_tx_result why;
	int ret = ch->qp ? 0 : -EIO;

	why = ret ? DMA_TRANS_ABORTED : ask_why(ch);
	if (!ret)
		ret = READ_ONCE(ch->cq_failed) ? -EIO : pushbell_qp_reset(ch->qp);
	if (!ret)
		ret = pushbell_qp_connect(ch->qp, 0, 0, 0, 0);
	if (ret && !again_later(ret)) {
		ret = make(ch);
		if (ret && !again_later(ret))
			come_down(ch);
	}
	if (!ret)
		ready(ch, why);
	return ret;
}

static int go_on(struct pbdma_channel *ch)
{
	unsigned long flags;

	spin_lock_irqsave(&ch->lock, flags);
	pbdma_go_on(ch);
	spin_unlock_irqrestore(&ch->lock, flags);
	return 0;
}

static int do_work(struct pbdma_channel *ch)
{
	if (!ch->allocated)
		return ch->page ? close(ch) : 0;
	switch (READ_ONCE(ch->state)) {
	case PBDMA_BROKEN:
		return restart(ch);
	case PBDMA_DOWN:
		return open(ch);
	default:
		return go_on(ch);
	}
}

void pbdma_work(struct work_struct *work)
{
	struct pbdma_channel *ch = container_of(to_delayed_work(work), struct pbdma_channel, work);
	int ret;

	mutex_lock(&ch->life);
	ret = ch->dma->gone ? 0 : do_work(ch);
	if (ret == -EAGAIN)
		mod_delayed_work(system_long_wq, &ch->work, msecs_to_jiffies(PBDMA_RETRY_MS));
	else if (ret && ret != -ENODEV)
		dev_err_ratelimited(ch->dma->device.dev, "%s: it does not start: %d\n", dma_chan_name(&ch->chan), ret);
	mutex_unlock(&ch->life);
}

/* Before a reset, and for ever when the adapter is removed. */
void pbdma_channel_down(struct pbdma_channel *ch, bool forever)
{
	int ret;

	mutex_lock(&ch->life);
	ret = close(ch);
	mutex_unlock(&ch->life);
	if (ret)
		dev_err(ch->dma->device.dev, "%s: it does not end: %d\n", dma_chan_name(&ch->chan), ret);
	if (forever)
		cancel_delayed_work_sync(&ch->work);
}

void pbdma_channel_up(struct pbdma_channel *ch)
{
	int ret = 0;

	mutex_lock(&ch->life);
	if (ch->allocated && READ_ONCE(ch->state) == PBDMA_DOWN)
		ret = open(ch);
	mutex_unlock(&ch->life);
	if (ret)
		dev_err(ch->dma->device.dev, "%s: it does not start again: %d\n", dma_chan_name(&ch->chan), ret);
}

static int allocate(struct pbdma_channel *ch)
{
	int ret;

	if (ch->dma->gone)
		return -ENODEV;
	ch->chan.cookie = ch->chan.completed_cookie = DMA_MIN_COOKIE;
	ch->failure_count = 0;
	ret = open(ch);
	/* -ENODEV would make dmaengine forget the device for ever. A channel that is down ends what it gets. */
	if (again_later(ret))
		ret = 0;
	ch->allocated = !ret;
	return ret;
}

/* Holds the module, for as long as somebody may call into it: dmaengine itself holds only the PCI function's driver. */
int pbdma_alloc_chan_resources(struct dma_chan *chan)
{
	struct pbdma_channel *ch = pbdma_of(chan);
	int ret;

	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	mutex_lock(&ch->life);
	ret = allocate(ch);
	mutex_unlock(&ch->life);
	if (ret)
		module_put(THIS_MODULE);
	return ret;
}

void pbdma_free_chan_resources(struct dma_chan *chan)
{
	struct pbdma_channel *ch = pbdma_of(chan);
	unsigned long flags;
	LIST_HEAD(freed);
	int ret;

	pbdma_terminate_all(chan);
	mutex_lock(&ch->life);
	ch->allocated = false;
	ret = close(ch);
	if (ret)
		mod_delayed_work(system_long_wq, &ch->work, msecs_to_jiffies(PBDMA_RETRY_MS));
	mutex_unlock(&ch->life);
	tasklet_kill(&ch->tasklet);
	spin_lock_irqsave(&ch->lock, flags);
	list_splice_init(&ch->prepared, &freed);
	list_splice_init(&ch->unacked, &freed);
	spin_unlock_irqrestore(&ch->lock, flags);
	pbdma_free(&freed);
	module_put(THIS_MODULE);
}
