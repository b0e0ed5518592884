// SPDX-License-Identifier: GPL-2.0
/*
 * Pushbell adapter: the PCI function. Probe and remove; what lies between is in life.c.
 *
 *   probe   map BARs, check identity -> halt (device reset) -> start -> children -> watch
 *   remove  children -> halt -> free
 *
 * Between halt and start the adapter knows no object and does no DMA and no interrupt.
 */
#include <linux/bitfield.h>
#include <linux/dma-mapping.h>
#include <linux/idr.h>
#include <linux/module.h>
#include "core.h"

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

/* Function-level reset, for example through the reset attribute in sysfs; PCI core saves and restores its own part. */
static void reset_prepare(struct pci_dev *pdev)
{
	struct pushbell_device *pb = pci_get_drvdata(pdev);

	mutex_lock(&pb->reset_lock);
	if (pb->asleep) {	/* PCI core wakes it up for the reset */
		pb->running = false;
		WRITE_ONCE(pb->asleep, false);
	}
	pushbell_go_down(pb);
	pushbell_halt(pb);
}

static void reset_done(struct pci_dev *pdev)
{
	struct pushbell_device *pb = pci_get_drvdata(pdev);

	pushbell_come_up(pb);
	mutex_unlock(&pb->reset_lock);
}

static const struct pci_error_handlers error_handlers = {
	.reset_prepare = reset_prepare,
	.reset_done = reset_done,
};

/*
 * A function that was reset while it had no driver (its process was away) has lost its addresses, and PCI core has not
 * noticed: it believes that they are still assigned.
 */
static void repair_bars(struct pci_dev *pdev)
{
	unsigned int bar;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		u64 wanted = pci_bus_address(pdev, bar);
		int at = PCI_BASE_ADDRESS_0 + 4 * bar;
		u32 seen;

		if (!(pci_resource_flags(pdev, bar) & IORESOURCE_MEM) || !pci_resource_len(pdev, bar))
			continue;
		pci_read_config_dword(pdev, at, &seen);
		if ((seen & (u32)PCI_BASE_ADDRESS_MEM_MASK) == lower_32_bits(wanted))
			continue;
		pci_write_config_dword(pdev, at, lower_32_bits(wanted));
		if (pci_resource_flags(pdev, bar) & IORESOURCE_MEM_64)
			pci_write_config_dword(pdev, at + 4, upper_32_bits(wanted));
	}
}

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
	pushbell_halt(pb);
	ret = pushbell_memory_alloc(pb, PB_MAILBOX_BYTES, &pb->mailbox);
	if (ret)
		return ret;
	ret = pushbell_eqs_alloc(pb);
	if (ret)
		goto free_mailbox;
	ret = pushbell_start(pb);
	if (ret) {
		dev_err_probe(&pb->pdev->dev, ret, "adapter does not start\n");
		goto free_eqs;
	}
	return 0;

free_eqs:
	pushbell_halt(pb);
	pushbell_eqs_free(pb);
free_mailbox:
	pushbell_memory_free(pb, &pb->mailbox);
	return ret;
}

static void take_down(struct pushbell_device *pb)
{
	pushbell_halt(pb);
	cancel_work_sync(&pb->report_work);
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
	xa_init(&pb->srqs);
	BLOCKING_INIT_NOTIFIER_HEAD(&pb->resets);
	ATOMIC_INIT_NOTIFIER_HEAD(&pb->port_events);
	pushbell_watch_init(pb);
	pushbell_reports_init(pb);
	pci_set_drvdata(pdev, pb);
	return pb;
}

static int probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct pushbell_device *pb = pushbell_alloc(pdev);
	int ret;

	if (!pb)
		return -ENOMEM;
	repair_bars(pdev);
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
	ret = pushbell_watch_start(pb);
	if (ret)
		goto children;
	dev_info(&pdev->dev, "Pushbell adapter with %u event queues on %s\n", pb->eq_count,
		 pb->intx ? "one interrupt line" : "MSI-X");
	return 0;

children:
	pushbell_children_remove(pb);
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

/* Awake, if it can be: what follows wants to be heard. */
static void wake(struct pushbell_device *pb)
{
	if (!pb->asleep)
		return;
	pci_set_power_state(pb->pdev, PCI_D0);
	pushbell_unpark(pb);
}

static void remove(struct pci_dev *pdev)
{
	struct pushbell_device *pb = pci_get_drvdata(pdev);

	mutex_lock(&pb->reset_lock);	/* a reset under way ends, no other begins */
	wake(pb);
	pushbell_watch_stop(pb);
	if (!pb->up)
		pushbell_halt(pb);	/* a silent adapter must not keep children from freeing what it may write to */
	pushbell_children_remove(pb);
	pushbell_debugfs_remove(pb);
	take_down(pb);
	pci_clear_master(pdev);
	unmap_bars(pb);
	ida_free(&ids, pb->id);
	mutex_unlock(&pb->reset_lock);
	kfree(pb->saved);
	xa_destroy(&pb->cqs);
	xa_destroy(&pb->qps);
	xa_destroy(&pb->srqs);
}

/* Before power-off and kexec: whoever has the memory next does not want our DMA in it. */
static void shutdown(struct pci_dev *pdev)
{
	struct pushbell_device *pb = pci_get_drvdata(pdev);

	pushbell_watch_stop(pb);
	mutex_lock(&pb->reset_lock);
	wake(pb);
	pushbell_halt(pb);
	mutex_unlock(&pb->reset_lock);
	pci_clear_master(pdev);
}

static DEFINE_SIMPLE_DEV_PM_OPS(power_ops, pushbell_suspend, pushbell_resume);

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
	.driver.pm = pm_sleep_ptr(&power_ops),
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
