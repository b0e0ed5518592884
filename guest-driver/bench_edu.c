// SPDX-License-Identifier: GPL-2.0
/* QEMU's educational device, in QEMU's own process: the floor that the adapter is measured against. */
#include <linux/interrupt.h>
#include <linux/module.h>
#include "bench.h"

/* docs/specs/edu.rst in QEMU */
#define EDU_VENDOR 0x1234
#define EDU_DEVICE 0x11e8
#define EDU_LIVENESS 0x04
#define EDU_INTERRUPT_STATUS 0x24
#define EDU_INTERRUPT_RAISE 0x60
#define EDU_INTERRUPT_ACKNOWLEDGE 0x64
#define EDU_BAR_BYTES 0x100

static DEFINE_MUTEX(lock);	/* target, and its use */
static struct bench_target *target;

static irqreturn_t handle(int irq, void *data)
{
	struct bench_target *edu = data;
	void __iomem *registers = edu->scratch - EDU_LIVENESS;

	WRITE_ONCE(edu->stamp, bench_now());
	writel(readl(registers + EDU_INTERRUPT_STATUS), registers + EDU_INTERRUPT_ACKNOWLEDGE);
	return IRQ_HANDLED;
}

static int start(struct pci_dev *pdev, struct bench_target *edu)
{
	void __iomem *registers = pci_iomap(pdev, 0, EDU_BAR_BYTES);
	int ret;

	if (!registers)
		return -ENOMEM;
	edu->device = "edu";
	edu->scratch = registers + EDU_LIVENESS;
	edu->raise = registers + EDU_INTERRUPT_RAISE;
	edu->raise_value = 1;
	pci_set_master(pdev);
	ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI);
	if (ret < 0)
		goto unmap;
	edu->irq = pci_irq_vector(pdev, 0);
	ret = request_irq(edu->irq, handle, 0, "pushbell-bench-edu", edu);
	if (ret)
		goto free_vectors;
	pci_set_drvdata(pdev, edu);
	return 0;

free_vectors:
	pci_free_irq_vectors(pdev);
unmap:
	pci_iounmap(pdev, registers);
	return ret;
}

static int probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct bench_target *edu = devm_kzalloc(&pdev->dev, sizeof(*edu), GFP_KERNEL);
	int ret = edu ? pcim_enable_device(pdev) : -ENOMEM;

	if (!ret)
		ret = start(pdev, edu);
	if (ret)
		return ret;
	mutex_lock(&lock);
	if (!target)
		target = edu;
	mutex_unlock(&lock);
	return 0;
}

static void remove(struct pci_dev *pdev)
{
	struct bench_target *edu = pci_get_drvdata(pdev);

	mutex_lock(&lock);
	if (target == edu)
		target = NULL;
	mutex_unlock(&lock);
	free_irq(edu->irq, edu);
	pci_free_irq_vectors(pdev);
	pci_clear_master(pdev);
	pci_iounmap(pdev, edu->scratch - EDU_LIVENESS);
}

static const struct pci_device_id edu_ids[] = {
	{ PCI_DEVICE(EDU_VENDOR, EDU_DEVICE) },
	{ }
};

static struct pci_driver edu_driver = {
	.name = "pushbell_bench_edu",
	.id_table = edu_ids,
	.probe = probe,
	.remove = remove,
};

int bench_edu_register(void)
{
	return pci_register_driver(&edu_driver);
}

void bench_edu_unregister(void)
{
	pci_unregister_driver(&edu_driver);
}

/* The device stays until it is put back. NULL: there is none; put back all the same. */
struct bench_target *bench_edu_get(void)
{
	mutex_lock(&lock);
	return target;
}

void bench_edu_put(void)
{
	mutex_unlock(&lock);
}
