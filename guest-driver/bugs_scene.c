// SPDX-License-Identifier: GPL-2.0
/* What a planted bug works with. Its memory stays the module's own, so that no bug harms anybody else. */
#include <linux/dma-mapping.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "bugs.h"

#define LOG_DEPTH 4
#define LOG_STRIDE 6

static void on_event(struct pushbell_cq *cq, void *context)
{
	struct bug_scene *scene = context;

	complete(&scene->event);
}

static void on_cq_failed(struct pushbell_cq *cq, void *context)
{
	struct bug_scene *scene = context;

	scene->event_name = "cq_error";
	scene->event_number = cq->object.handle;
	complete(&scene->failed);
}

static void on_fatal(struct pushbell_qp *qp, u32 status, void *context)
{
	struct bug_scene *scene = context;

	if (qp != scene->qp)
		return;
	scene->event_name = "qp_fatal";
	scene->event_number = qp->object.handle;
	scene->event_status = status;
	complete(&scene->failed);
}

int bugs_scene_open(struct bug_scene *scene, struct pushbell_device *pb)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(&pb->pdev->dev);

	*scene = (struct bug_scene) { .pb = pb, .event_name = "none" };
	scene->iommu = domain && (domain->type & __IOMMU_DOMAIN_PAGING);
	scene->faults_before = pushbell_read(pb, PB_REG_COUNT_DMA_FAULTS);
	init_completion(&scene->event);
	init_completion(&scene->failed);
	scene->cq = pushbell_cq_create(pb, LOG_DEPTH, NULL, on_event, scene);
	if (IS_ERR(scene->cq))
		return PTR_ERR(scene->cq);
	scene->cq->failed = on_cq_failed;
	return 0;
}

static void free_pages_of(struct bug_scene *scene, struct bug_pages *pages)
{
	bugs_unmap(scene, pages);
	if (pages->cpu)
		free_pages((unsigned long)pages->cpu, pages->order);
	pages->cpu = NULL;
}

/* Queues first: what they used is free when they are gone. */
int bugs_scene_close(struct bug_scene *scene)
{
	int ret = 0;
	unsigned int i;

	if (scene->qp)
		ret |= pushbell_qp_destroy(scene->qp);
	if (scene->peer)
		ret |= pushbell_qp_destroy(scene->peer);
	if (!IS_ERR_OR_NULL(scene->cq))
		ret |= pushbell_cq_destroy(scene->cq);
	if (ret)
		return -EBUSY;	/* it may still reach the pages: they are left alone */
	for (i = 0; i < ARRAY_SIZE(scene->pages); i++)
		free_pages_of(scene, &scene->pages[i]);
	return 0;
}

int bugs_pages(struct bug_scene *scene, struct bug_pages *pages, unsigned int order)
{
	pages->cpu = (u8 *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, order);
	pages->order = order;
	return pages->cpu ? 0 : -ENOMEM;
}

int bugs_map(struct bug_scene *scene, struct bug_pages *pages, size_t bytes, enum dma_data_direction direction)
{
	struct device *dev = &scene->pb->pdev->dev;

	pages->bus = dma_map_single(dev, pages->cpu, bytes, direction);
	if (dma_mapping_error(dev, pages->bus))
		return -ENOMEM;
	pages->mapped = bytes;
	pages->direction = direction;
	return 0;
}

void bugs_unmap(struct bug_scene *scene, struct bug_pages *pages)
{
	if (pages->mapped)
		dma_unmap_single(&scene->pb->pdev->dev, pages->bus, pages->mapped, pages->direction);
	pages->mapped = 0;
}

/* From now on these bytes are the processor's. */
void bugs_watch(struct bug_scene *scene, u8 *bytes, size_t count)
{
	memset(bytes, BUGS_POISON, count);
	scene->watched = bytes;
	scene->watched_bytes = count;
}

static struct pushbell_qp *make(struct bug_scene *scene, u8 type, u64 send_address)
{
	struct pushbell_qp *qp = pushbell_qp_create(scene->pb, &(struct pushbell_qp_parameters) {
		.type = type, .send_cq = scene->cq, .recv_cq = scene->cq,
		.send_log_depth = LOG_DEPTH, .send_log_stride = LOG_STRIDE,
		.recv_log_depth = LOG_DEPTH, .recv_log_stride = LOG_STRIDE,
		.send_mr = send_address ? &scene->pb->mr : NULL, .send_address = send_address,
	});

	if (!IS_ERR(qp)) {
		qp->context = scene;
		qp->fatal = on_fatal;
	}
	return qp;
}

/* A DMA channel; with an address, the adapter looks there for its descriptors. */
int bugs_channel(struct bug_scene *scene, u64 send_address)
{
	struct pushbell_qp *qp = make(scene, PB_QP_TYPE_DMA, send_address);

	if (IS_ERR(qp))
		return PTR_ERR(qp);
	scene->qp = qp;
	return pushbell_qp_connect(qp, 0, 0, 0, 0);
}

/* qp receives what peer sends. */
int bugs_pair(struct bug_scene *scene)
{
	struct pushbell_qp *qp = make(scene, PB_QP_TYPE_RC, 0), *peer;
	int ret;

	if (IS_ERR(qp))
		return PTR_ERR(qp);
	scene->qp = qp;
	peer = make(scene, PB_QP_TYPE_RC, 0);
	if (IS_ERR(peer))
		return PTR_ERR(peer);
	scene->peer = peer;
	ret = pushbell_qp_connect(qp, peer->object.handle, PB_MTU_MTU_1024, 1, 2);
	return ret ? ret : pushbell_qp_connect(peer, qp->object.handle, PB_MTU_MTU_1024, 2, 1);
}

/*
 * Until the work request has completed, well or badly; -ETIMEDOUT if it does not. An adapter that could not read the
 * descriptor does not know its wr_id.
 */
int bugs_wait(struct bug_scene *scene, u64 wr_id)
{
	unsigned long end = jiffies + msecs_to_jiffies(BUGS_WAIT_MS);
	struct pushbell_wc wc;

	for (;;) {
		while (pushbell_cq_poll(scene->cq, &wc, 1))
			if (wc.wr_id == wr_id || (wc.status && wc.qpn == scene->qp->object.handle)) {
				scene->wc = wc;
				scene->completed = wr_id == BUGS_FAULTY_ID;
				return 0;
			}
		reinit_completion(&scene->event);
		pushbell_cq_arm(scene->cq, false);
		if (time_after(jiffies, end) || pushbell_away(scene->pb))
			return -ETIMEDOUT;
		wait_for_completion_timeout(&scene->event, HZ / 10);
	}
}

/* Nothing is mapped behind the last page of the mapping: a stray access there meets no other mapping of ours. */
bool bugs_hole_behind(struct bug_scene *scene, const struct bug_pages *pages)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(&scene->pb->pdev->dev);

	return !iommu_iova_to_phys(domain, pages->bus + pages->mapped);
}

/* Frees memory that the adapter still uses, and makes its owner forget it. Only behind an IOMMU. */
void bugs_free_under(struct bug_scene *scene, struct pushbell_memory *memory)
{
	scene->first = memory->bus;
	scene->last = memory->bus + memory->bytes - 1;
	pushbell_memory_free(scene->pb, memory);
}
