// SPDX-License-Identifier: GPL-2.0
/*
 * Pushbell adapter: the PCI function. Probe, remove and reset.
 *
 *   probe   map BARs, check identity -> stop (device reset) -> start -> children
 *   reset   tell children -> stop -> [function reset, if that is what happens] -> start -> tell children
 *   remove  children -> stop -> free
 *
 * Between stop and start the adapter knows no object and does no DMA and no interrupt.
 */
#include <linux/bitfield.h>
#include <linux/dma-mapping.h>
#include <linux/idr.h>
#include <linux/iopoll.h>
#include <linux/module.h>
#include "core.h"

#define READY_POLL_US 100
#define READY_TIMEOUT_US (10 * USEC_PER_SEC)

static DEFINE_IDA(ids);

static int check_identity(struct pushbell_device *pb)
{
	u32 id = pushbell_read(pb, PB_REG_ID);
	u32 version = pushbell_read(pb, PB_REG_ABI_VERSION);
	u32 major = FIELD_GET(PB_REG_ABI_VERSION_MAJOR, version);
	u32 minor = FIELD_GET(PB_REG_ABI_VERSION_MINOR, version);

	if (id != PB_DEVICE_MAGIC)
		return dev_err_probe(&pb->pdev->dev, -ENODEV, "ID is 0x%08x, no Pushbell adapter\n", id);
	if (major != PB_ABI_MAJOR)
		return dev_err_probe(&pb->pdev->dev, -ENODEV, "adapter speaks version %u.%u, this driver %u.%u\n",
				     major, minor, PB_ABI_MAJOR, PB_ABI_MINOR);
	return 0;
}

/* Takes the objects away from their owners: they keep the memory and learn of it when they next use it. */
static void forget_objects(struct pushbell_device *pb)
{
	struct pushbell_cq *cq;
	struct pushbell_qp *qp;
	unsigned long number;

	xa_for_each(&pb->cqs, number, cq)
		xa_erase(&pb->cqs, number);
	xa_for_each(&pb->qps, number, qp)
		xa_erase(&pb->qps, number);
}

/* No command and no post gets through from here on, and no handler runs. */
static void quiesce(struct pushbell_device *pb)
{
	mutex_lock(&pb->command_lock);
	pb->up = false;
	WRITE_ONCE(pb->epoch, pb->epoch + 1);
	if (pb->running)
		pushbell_eqs_quiet(pb);
	pb->running = false;
	forget_objects(pb);
	mutex_unlock(&pb->command_lock);
}

static void stop(struct pushbell_device *pb)
{
	quiesce(pb);
	writel(PB_RESET_MAGIC, pb->registers + PB_REG_RESET);
	/* A read is answered after every earlier write took effect: the adapter has stopped when this returns. */
	pushbell_read(pb, PB_REG_STATUS);
}

static int start_locked(struct pushbell_device *pb)
{
	u32 status;
	int ret = readl_poll_timeout(pb->registers + PB_REG_STATUS, status,
				     status != ~0U && (status & PB_STATUS_BIT_READY), READY_POLL_US, READY_TIMEOUT_US);

	if (ret)
		return ret;
	pushbell_page_start(&pb->page);
	pb->page.object = (struct pushbell_object) { .pb = pb, .handle = 0, .epoch = pb->epoch };
	writel(PB_REG_CONTROL_ENABLE, pb->registers + PB_REG_CONTROL);
	ret = pushbell_commands_start(pb);
	if (!ret)
		ret = pushbell_kernel_mr_create(pb);
	if (!ret)
		ret = pushbell_eqs_start(pb);
	pb->running = !ret;
	pb->up = !ret;
	return ret;
}

static int start(struct pushbell_device *pb)
{
	int ret;

	mutex_lock(&pb->command_lock);
	ret = start_locked(pb);
	mutex_unlock(&pb->command_lock);
	if (ret)
		dev_err(&pb->pdev->dev, "adapter does not start: %d\n", ret);
	return ret;
}

static void reset_begin(struct pushbell_device *pb)
{
	blocking_notifier_call_chain(&pb->resets, PUSHBELL_RESET_PREPARE, pb);
	stop(pb);
}

static int reset_end(struct pushbell_device *pb)
{
	int ret = start(pb);

	blocking_notifier_call_chain(&pb->resets, PUSHBELL_RESET_DONE, pb);
	mutex_unlock(&pb->reset_lock);
	return ret;
}

/* -EBUSY: the adapter is being reset or removed. Never waits, so that it may be called under a child's own lock. */
int pushbell_reset(struct pushbell_device *pb)
{
	if (!mutex_trylock(&pb->reset_lock))
		return -EBUSY;
	reset_begin(pb);
	return reset_end(pb);
}
EXPORT_SYMBOL_GPL(pushbell_reset);

/* Function-level reset, for example through the reset attribute in sysfs; PCI core saves and restores its own part. */
static void reset_prepare(struct pci_dev *pdev)
{
	struct pushbell_device *pb = pci_get_drvdata(pdev);

	mutex_lock(&pb->reset_lock);
	reset_begin(pb);
}

static void reset_done(struct pci_dev *pdev)
{
	reset_end(pci_get_drvdata(pdev));
}

static const struct pci_error_handlers error_handlers = {
	.reset_prepare = reset_prepare,
	.reset_done = reset_done,
};

static int map_bars(struct pushbell_device *pb)
{
	struct pci_dev *pdev = pb->pdev;
	resource_size_t doorbells = (resource_size_t)PB_DOORBELL_PAGES * PB_DOORBELL_PAGE_BYTES;
	int ret;

	if (pci_resource_len(pdev, PB_REGISTER_BAR) < PB_REGISTER_BAR_BYTES ||
	    pci_resource_len(pdev, PB_DOORBELL_BAR) < doorbells)
		return dev_err_probe(&pdev->dev, -ENODEV, "BAR 0 or BAR 2 is missing or too small\n");
	ret = pci_request_regions(pdev, KBUILD_MODNAME);
	if (ret)
		return ret;
	pb->registers = pci_iomap(pdev, PB_REGISTER_BAR, PB_REGISTER_BAR_BYTES);
	ret = pb->registers ? pushbell_page_map(pb, &pb->page, 0) : -ENOMEM;
	if (ret) {
		if (pb->registers)
			pci_iounmap(pdev, pb->registers);
		pci_release_regions(pdev);
	}
	return ret;
}

static void unmap_bars(struct pushbell_device *pb)
{
	iounmap(pb->page.base);
	pci_iounmap(pb->pdev, pb->registers);
	pci_release_regions(pb->pdev);
}

static int bring_up(struct pushbell_device *pb)
{
	int ret = check_identity(pb);

	if (ret)
		return ret;
	pci_set_master(pb->pdev);
	stop(pb);
	ret = pushbell_memory_alloc(pb, PB_MAILBOX_BYTES, &pb->mailbox);
	if (ret)
		return ret;
	ret = pushbell_eqs_alloc(pb);
	if (ret)
		goto free_mailbox;
	ret = start(pb);
	if (ret)
		goto free_eqs;
	return 0;

free_eqs:
	stop(pb);
	pushbell_eqs_free(pb);
free_mailbox:
	pushbell_memory_free(pb, &pb->mailbox);
	return ret;
}

static void take_down(struct pushbell_device *pb)
{
	stop(pb);
	pushbell_eqs_free(pb);
	pushbell_memory_free(pb, &pb->mailbox);
}

static struct pushbell_device *pushbell_alloc(struct pci_dev *pdev)
{
	struct pushbell_device *pb = devm_kzalloc(&pdev->dev, sizeof(*pb), GFP_KERNEL);

	if (!pb)
		return NULL;
	pb->pdev = pdev;
	mutex_init(&pb->reset_lock);
	mutex_init(&pb->command_lock);
	xa_init(&pb->cqs);
	xa_init(&pb->qps);
	BLOCKING_INIT_NOTIFIER_HEAD(&pb->resets);
	pci_set_drvdata(pdev, pb);
	return pb;
}

static int probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct pushbell_device *pb = pushbell_alloc(pdev);
	int ret;

	if (!pb)
		return -ENOMEM;
	ret = pcim_enable_device(pdev);
	if (!ret)
		ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;
	pb->id = ida_alloc(&ids, GFP_KERNEL);
	if (pb->id < 0)
		return pb->id;
	ret = map_bars(pb);
	if (ret)
		goto free_id;
	ret = bring_up(pb);
	if (ret)
		goto unmap;
	pushbell_debugfs_add(pb);
	ret = pushbell_children_add(pb);
	if (ret)
		goto down;
	dev_info(&pdev->dev, "Pushbell adapter with %u event queues\n", pb->eq_count);
	return 0;

down:
	pushbell_debugfs_remove(pb);
	take_down(pb);
unmap:
	pci_clear_master(pdev);
	unmap_bars(pb);
free_id:
	ida_free(&ids, pb->id);
	return ret;
}

static void remove(struct pci_dev *pdev)
{
	struct pushbell_device *pb = pci_get_drvdata(pdev);

	mutex_lock(&pb->reset_lock);	/* a reset under way ends, no other begins */
	if (!pb->up)
		stop(pb);	/* a silent adapter must not keep children from freeing what it may write to */
	pushbell_children_remove(pb);
	pushbell_debugfs_remove(pb);
	take_down(pb);
	pci_clear_master(pdev);
	unmap_bars(pb);
	ida_free(&ids, pb->id);
	mutex_unlock(&pb->reset_lock);
	xa_destroy(&pb->cqs);
	xa_destroy(&pb->qps);
}

/* Before power-off and kexec: whoever has the memory next does not want our DMA in it. */
static void shutdown(struct pci_dev *pdev)
{
	stop(pci_get_drvdata(pdev));
	pci_clear_master(pdev);
}

static const struct pci_device_id pushbell_ids[] = {
	{ PCI_DEVICE(PB_PCI_VENDOR, PB_PCI_DEVICE) },
	{ }
};
MODULE_DEVICE_TABLE(pci, pushbell_ids);

static struct pci_driver pushbell_driver = {
	.name = KBUILD_MODNAME,
	.id_table = pushbell_ids,
	.probe = probe,
	.remove = remove,
	.shutdown = shutdown,
	.err_handler = &error_handlers,
};

static int __init pushbell_init(void)
{
	int ret;

	pushbell_debugfs_init();
	ret = pci_register_driver(&pushbell_driver);
	if (ret)
		pushbell_debugfs_exit();
	return ret;
}
module_init(pushbell_init);

static void __exit pushbell_exit(void)
{
	pci_unregister_driver(&pushbell_driver);
	pushbell_debugfs_exit();
}
module_exit(pushbell_exit);

MODULE_DESCRIPTION("Pushbell adapter");
MODULE_LICENSE("GPL");
