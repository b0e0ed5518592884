// SPDX-License-Identifier: GPL-2.0
/*
 * Queues of a channel that break under it: what was under way ends, once and with a result, nothing is left behind, and
 * the channel works again or refuses in words. A client has no way to break them, so these cases reach into the driver.
 */
#include <linux/iommu.h>
#include <linux/sizes.h>
#include "dma.h"
#include "dma_selftest.h"

#define MANY 20
#define BYTES SZ_8K	/* too long for a push */
#define LOG_FEW 2
#define FEW BIT(LOG_FEW)	/* completions that fit before the queue overflows */
#define RING_PAGES (PBDMA_DEPTH * BIT(PBDMA_LOG_STRIDE) / PAGE_SIZE)

struct broken {
	struct selftest *t;
	struct dma_chan *chan;
	struct pbdma_channel *ch;
	struct pushbell_memory *from, *to;
	struct ds_transfer *x[MANY];
	unsigned int objects;
};

static unsigned int count_objects(struct pushbell_device *pb)
{
	unsigned int count = 0;
	unsigned long number;
	void *object;

	mutex_lock(&pb->command_lock);
	xa_for_each(&pb->qps, number, object)
		count++;
	xa_for_each(&pb->cqs, number, object)
		count++;
	mutex_unlock(&pb->command_lock);
	return count;
}

/* A channel with MANY copies, each to a place of its own, all rung; the engine is held. */
static int open_broken(struct broken *b, struct selftest *t)
{
	unsigned int i;

	*b = (struct broken) { .t = t, .objects = count_objects(t->pb) };
	b->chan = ds_channel(t);
	b->from = ds_buffer(t, MANY * BYTES);
	b->to = ds_buffer(t, MANY * BYTES);
	if (!b->chan || !b->from || !b->to)
		return -EIO;
	b->ch = pbdma_of(b->chan);
	ds_scramble(b->from, 21);
	memset(b->to->cpu, 0, b->to->bytes);
	ST_TRY(t, ds_hold(t, true));
	for (i = 0; i < MANY; i++) {
		b->x[i] = ds_copy(t, b->chan, b->to->bus + i * BYTES, b->from->bus + i * BYTES, BYTES);
		if (!b->x[i])
			return -EIO;
	}
	dma_async_issue_pending(b->chan);
	return 0;
}

/* Each in order and once; those from `first` up to `last` failed, the others have copied. */
static int all_ended(struct broken *b, unsigned int first, unsigned int last)
{
	struct selftest *t = b->t;
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		bool bad = i >= first && i <= last;

		if (ds_wait(b->x[i], bad ? DMA_TRANS_ABORTED : DMA_TRANS_NOERROR)) {
			st_note(t, "transfer %u of %u", i, MANY);
			return -EIO;
		}
		ST_EQUAL(t, b->x[i]->place, i + 1);
		ST_EQUAL(t, ds_status(b->chan, b->x[i], NULL), bad ? DMA_ERROR : DMA_COMPLETE);
		ST_EXPECT(t, bad || !memcmp(b->to->cpu + i * BYTES, b->from->cpu + i * BYTES, BYTES), "transfer %u", i);
	}
	dmaengine_synchronize(b->chan);
	for (i = 0; i < MANY; i++)
		ST_EQUAL(t, b->x[i]->calls, 1);
	return 0;
}

static int works_and_leaves_nothing(struct broken *b)
{
	struct selftest *t = b->t;

	if (ds_works(t, b->chan))
		return -EIO;
	ds_close(t);
	ST_EQUAL(t, count_objects(t->pb), b->objects);
	return 0;
}

/* One transfer, which the channel cannot execute. */
static int refused(struct broken *b)
{
	struct ds_transfer *x = ds_copy(b->t, b->chan, b->to->bus, b->from->bus, 64);

	dma_async_issue_pending(b->chan);
	if (ds_wait(x, DMA_TRANS_ABORTED))
		return -EIO;
	ST_EQUAL(b->t, ds_status(b->chan, x, NULL), DMA_ERROR);
	return 0;
}

/* Nobody takes completions, and only a few fit. */
static int overflow(struct broken *b)
{
	struct selftest *t = b->t;

	b->ch->cq->event = NULL;
	ST_TRY(t, pushbell_cq_resize(b->ch->cq, LOG_FEW));
	ST_TRY(t, ds_hold(t, false));
	return 0;
}

/* The one whose completion did not fit fails; those behind it run on new queues. */
static int cq_fails(struct selftest *t)
{
	struct broken b;

	if (open_broken(&b, t) || overflow(&b) || all_ended(&b, FEW, FEW))
		return -EIO;
	return works_and_leaves_nothing(&b);
}

/* The failed queue cannot be replaced, because somebody else uses it too: everything ends, now and later. */
static int cq_stays_failed(struct selftest *t)
{
	struct pushbell_qp *guest;
	struct broken b;
	int ret;

	if (open_broken(&b, t))
		return -EIO;
	guest = pushbell_qp_create(t->pb, &(struct pushbell_qp_parameters) { .type = PB_QP_TYPE_DMA,
		.send_cq = b.ch->cq, .page = b.ch->page, .send_log_depth = 2, .send_log_stride = 6 });
	ST_EXPECT(t, !IS_ERR(guest), "%ld", PTR_ERR(guest));
	ret = overflow(&b) || all_ended(&b, FEW, MANY) || refused(&b) ? -EIO : 0;
	ST_TRY(t, pushbell_qp_destroy(guest));
	if (ret || refused(&b))
		return -EIO;
	dmaengine_synchronize(b.chan);	/* what was refused has had it opened again */
	return works_and_leaves_nothing(&b);
}

/* The first pays, those behind it run; and so it is for one that finds the queue pair in the error state. */
static int qp_fails(struct selftest *t)
{
	struct broken b;

	if (open_broken(&b, t))
		return -EIO;
	ST_TRY(t, pushbell_qp_step(b.ch->qp, PB_QP_STATE_ERR, 0, NULL));
	ST_TRY(t, ds_hold(t, false));
	if (all_ended(&b, 0, 0))
		return -EIO;
	ST_TRY(t, pushbell_qp_step(b.ch->qp, PB_QP_STATE_ERR, 0, NULL));
	return refused(&b) ? -EIO : works_and_leaves_nothing(&b);
}

/* Takes the descriptors of a channel out of the adapter's reach, and puts them back. */
static int hide_ring(struct iommu_domain *domain, struct pushbell_memory *ring, phys_addr_t pages[RING_PAGES])
{
	unsigned int i;

	for (i = 0; i < RING_PAGES; i++)
		pages[i] = iommu_iova_to_phys(domain, ring->bus + i * PAGE_SIZE);
	return iommu_unmap(domain, ring->bus, RING_PAGES * PAGE_SIZE) == RING_PAGES * PAGE_SIZE ? 0 : -EIO;
}

static int show_ring(struct iommu_domain *domain, struct pushbell_memory *ring, const phys_addr_t pages[RING_PAGES])
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < RING_PAGES && !ret; i++)
		ret = iommu_map(domain, ring->bus + i * PAGE_SIZE, pages[i], PAGE_SIZE,
				IOMMU_READ | IOMMU_WRITE PUSHBELL_MAP_GFP);
	return ret;
}

/* No descriptor can be read, so no completion tells whose it is: each transfer fails in its turn, and no one waits. */
static int ring_fails(struct selftest *t)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(&t->pb->pdev->dev);
	phys_addr_t pages[RING_PAGES];
	struct broken b;
	int ret;

	if (!domain || !(domain->type & __IOMMU_DOMAIN_PAGING))
		ST_SKIP(t, "without an IOMMU all descriptors can be read");
	if (open_broken(&b, t))
		return -EIO;
	ST_TRY(t, hide_ring(domain, &b.ch->qp->send.ring, pages));
	ret = ds_hold(t, false);
	if (!ret)
		ret = all_ended(&b, 0, MANY);
	ST_TRY(t, show_ring(domain, &b.ch->qp->send.ring, pages));
	return ret ? ret : works_and_leaves_nothing(&b);
}

const struct st_case ds_broken_cases[] = {
	{ "cq-fails", "a channel whose completion queue overflows fails one transfer and goes on", cq_fails },
	{ "cq-stays-failed", "a channel that gets no new queues ends what it gets, until it gets them", cq_stays_failed },
	{ "qp-fails", "a channel whose queue pair fails ends one transfer and goes on", qp_fails },
	{ "ring-fails", "a channel whose descriptors cannot be read ends them all, and goes on when they can", ring_fails },
	{ }
};
