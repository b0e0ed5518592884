// SPDX-License-Identifier: GPL-2.0
/*
 * pushbell_dma: registration with dmaengine.
 *
 * The channels are public: any client finds them by what they can do. They can be taken away under a client's hands
 * (hot-unplug): then what was issued ends with an error, nothing more is prepared, and the memory of the channels
 * stays until the last client has let go.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include "dma.h"

#define CHANNELS_MAX 16U

static unsigned int channels = 4;
module_param(channels, uint, 0444);
MODULE_PARM_DESC(channels, "channels of an adapter, 1 to 16 (default 4)");

static struct workqueue_struct *releases;
static atomic_t devices = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(no_devices);

static void discard(struct pbdma *dma)
{
	put_device(dma->device.dev);
	kfree(dma);
}

static bool nobody(struct dma_chan *chan, void *unused)
{
	return false;
}

/*
 * Whoever let go last did so under dmaengine's lock, and looks at the device until it gives that back. Asking for a
 * channel that there is not is the way through this lock for those who do not have it.
 */
static void pass_lock_of_dmaengine(void)
{
	dma_cap_mask_t any;

	dma_cap_zero(any);
	dma_request_channel(any, nobody, NULL);
}

static void release_work(struct work_struct *work)
{
	struct pbdma *dma = container_of(work, struct pbdma, release);

	pass_lock_of_dmaengine();
	synchronize_rcu();	/* and those who walk its lists without the lock */
	discard(dma);
	if (atomic_dec_and_test(&devices))
		wake_up(&no_devices);
}

/* With dmaengine's lock held. */
static void release(struct dma_device *device)
{
	struct pbdma *dma = container_of(device, struct pbdma, device);

	queue_work(releases, &dma->release);
}

static int on_reset(struct notifier_block *block, unsigned long phase, void *data)
{
	struct pbdma *dma = container_of(block, struct pbdma, resets);
	unsigned int i;

	for (i = 0; i < dma->count; i++) {
		if (phase == PUSHBELL_RESET_PREPARE)
			pbdma_channel_down(&dma->channels[i], false);
		else
			pbdma_channel_up(&dma->channels[i]);
	}
	return NOTIFY_OK;
}

static void init_channel(struct pbdma *dma, struct pbdma_channel *ch)
{
	mutex_init(&ch->life);
	spin_lock_init(&ch->lock);
	INIT_LIST_HEAD(&ch->prepared);
	INIT_LIST_HEAD(&ch->submitted);
	INIT_LIST_HEAD(&ch->issued);
	INIT_LIST_HEAD(&ch->active);
	INIT_LIST_HEAD(&ch->ended);
	INIT_LIST_HEAD(&ch->unacked);
	INIT_LIST_HEAD(&ch->dropped);
	INIT_DELAYED_WORK(&ch->work, pbdma_work);
	tasklet_setup(&ch->tasklet, pbdma_tasklet);
	ch->dma = dma;
	ch->chan.device = &dma->device;
	list_add_tail(&ch->chan.device_node, &dma->device.channels);
}

/*
 * Memory is mapped for dma_device.dev, so that is the PCI function. There is no pause: what a client may call in any
 * context would have to stop an adapter that takes commands only from those who can sleep, and the channels are shared.
 */
static void init_device(struct pbdma *dma)
{
	struct dma_device *device = &dma->device;

	device->dev = &dma->pb->pdev->dev;
	INIT_LIST_HEAD(&device->channels);
	dma_cap_set(DMA_MEMCPY, device->cap_mask);
	dma_cap_set(DMA_MEMSET, device->cap_mask);
	dma_cap_set(DMA_INTERLEAVE, device->cap_mask);
	dma_cap_set(DMA_INTERRUPT, device->cap_mask);
	device->copy_align = DMAENGINE_ALIGN_1_BYTE;
	device->fill_align = DMAENGINE_ALIGN_1_BYTE;
	device->directions = BIT(DMA_MEM_TO_MEM);
	device->residue_granularity = DMA_RESIDUE_GRANULARITY_SEGMENT;
	device->device_alloc_chan_resources = pbdma_alloc_chan_resources;
	device->device_free_chan_resources = pbdma_free_chan_resources;
	device->device_prep_dma_memcpy = pbdma_prep_memcpy;
	device->device_prep_dma_memset = pbdma_prep_memset;
	device->device_prep_interleaved_dma = pbdma_prep_interleaved;
	device->device_prep_dma_interrupt = pbdma_prep_interrupt;
	device->device_terminate_all = pbdma_terminate_all;
	device->device_synchronize = pbdma_synchronize;
	device->device_tx_status = pbdma_tx_status;
	device->device_issue_pending = pbdma_issue_pending;
	device->device_release = release;
}

static struct pbdma *make(struct pushbell_device *pb)
{
	unsigned int count = clamp(channels, 1U, CHANNELS_MAX), i;
	struct pbdma *dma = kzalloc(struct_size(dma, channels, count), GFP_KERNEL);

	if (!dma)
		return NULL;
	dma->pb = pb;
	get_device(&pb->pdev->dev);	/* clients map memory for it as long as they have a channel */
	dma->count = count;
	dma->resets.notifier_call = on_reset;
	INIT_WORK(&dma->release, release_work);
	init_device(dma);
	for (i = 0; i < count; i++)
		init_channel(dma, &dma->channels[i]);
	return dma;
}

static int probe(struct auxiliary_device *auxiliary, const struct auxiliary_device_id *id)
{
	struct pbdma *dma = make(pushbell_of(auxiliary));
	int ret;

	if (!dma)
		return -ENOMEM;
	/* First, so that no reset goes unheard once there are channels. */
	ret = blocking_notifier_chain_register(&dma->pb->resets, &dma->resets);
	if (ret) {
		discard(dma);
		return ret;
	}
	ret = dma_async_device_register(&dma->device);
	if (ret) {
		blocking_notifier_chain_unregister(&dma->pb->resets, &dma->resets);
		discard(dma);
		return ret;
	}
	atomic_inc(&devices);
	auxiliary_set_drvdata(auxiliary, dma);
	return 0;
}

static void remove(struct auxiliary_device *auxiliary)
{
	struct pbdma *dma = auxiliary_get_drvdata(auxiliary);
	unsigned int i;

	blocking_notifier_chain_unregister(&dma->pb->resets, &dma->resets);
	WRITE_ONCE(dma->gone, true);
	for (i = 0; i < dma->count; i++)
		pbdma_channel_down(&dma->channels[i], true);
	dma_async_device_unregister(&dma->device);
}

static const struct auxiliary_device_id dma_ids[] = {
	{ .name = "pushbell.dma" },
	{ }
};
MODULE_DEVICE_TABLE(auxiliary, dma_ids);

static struct auxiliary_driver dma_driver = {
	.name = "dma",
	.id_table = dma_ids,
	.probe = probe,
	.remove = remove,
};

static int __init pushbell_dma_init(void)
{
	int ret;

	releases = alloc_workqueue("pushbell_dma", 0, 0);
	if (!releases)
		return -ENOMEM;
	ret = auxiliary_driver_register(&dma_driver);
	if (ret)
		destroy_workqueue(releases);
	return ret;
}
module_init(pushbell_dma_init);

/* No client is left, or the module could not go; the last one may be on its way out. */
static void __exit pushbell_dma_exit(void)
{
	auxiliary_driver_unregister(&dma_driver);
	wait_event(no_devices, !atomic_read(&devices));
	destroy_workqueue(releases);
}
module_exit(pushbell_dma_exit);

MODULE_DESCRIPTION("Pushbell adapter: DMA engine");
MODULE_LICENSE("GPL");
