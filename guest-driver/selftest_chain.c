// SPDX-License-Identifier: GPL-2.0
/*
 * The chain from the adapter to its driver: masked vectors and a shut line, sleep, and a function that was reset
 * behind the driver's back, as it is when the adapter's process was away for long.
 */
#include <linux/delay.h>
#include <linux/irq.h>
#include "selftest.h"

#define LOG_DEPTH 4
#define STRIDE_64 6
#define BYTES 512
#define SETTLE_MS 20
#define BACK_MS 20000

static bool pending(void __iomem *msix, unsigned int vector)
{
	return readl(msix + PB_MSIX_PBA_OFFSET + vector / 32 * 4) >> (vector % 32) & 1;
}

/* Raised while its vector is masked: shown in the pending-bit array, and delivered, once, when it is unmasked. */
static int vector_masked(struct selftest *t, struct pushbell_eq *eq, void __iomem *msix)
{
	u64 before = READ_ONCE(eq->interrupts);

	ST_EQUAL(t, pending(msix, eq->vector), false);
	writel(eq->vector, t->pb->registers + PB_REG_INTERRUPT_TEST);
	writel(eq->vector, t->pb->registers + PB_REG_INTERRUPT_TEST);
	pushbell_read(t->pb, PB_REG_STATUS);
	ST_EQUAL(t, pending(msix, eq->vector), true);
	msleep(SETTLE_MS);
	ST_EQUAL(t, READ_ONCE(eq->interrupts), before);
	enable_irq(eq->irq);
	if (st_wait_for(t, &eq->interrupts, before + 1)) {
		disable_irq(eq->irq);
		return -EIO;
	}
	disable_irq(eq->irq);
	ST_EQUAL(t, pending(msix, eq->vector), false);
	return 0;
}

static int masked(struct selftest *t)
{
	struct pushbell_device *pb = t->pb;
	unsigned int i;
	void __iomem *msix;
	int ret = 0;

	if (pb->intx)
		ST_SKIP(t, "no MSI-X");
	msix = ioremap(pci_resource_start(pb->pdev, PB_MSIX_BAR), PB_MSIX_BAR_BYTES);
	if (!msix)
		return -EIO;
	for (i = 0; i < pb->eq_count && !ret; i++) {
		struct pushbell_eq *eq = &pb->eqs[i];

		/* Without this the kernel masks a vector only when an interrupt comes. */
		irq_set_status_flags(eq->irq, IRQ_DISABLE_UNLAZY);
		disable_irq(eq->irq);
		ret = vector_masked(t, eq, msix);
		enable_irq(eq->irq);
		irq_clear_status_flags(eq->irq, IRQ_DISABLE_UNLAZY);
	}
	iounmap(msix);
	return ret;
}

static bool line_pending(struct pushbell_device *pb)
{
	u16 status;

	pci_read_config_word(pb->pdev, PCI_STATUS, &status);
	return status & PCI_STATUS_INTERRUPT;
}

/* Shut, the line stays low while causes gather; opened, each queue is served, and it is low again. */
static int shut(struct selftest *t)
{
	struct pushbell_device *pb = t->pb;
	u64 before[PUSHBELL_EQS_MAX];
	u32 causes = 0;
	unsigned int i;

	if (!pb->intx)
		ST_SKIP(t, "MSI-X is in use (module parameter msix=0)");
	for (i = 0; i < pb->eq_count; i++)
		before[i] = READ_ONCE(pb->eqs[i].interrupts);
	pci_intx(pb->pdev, 0);
	for (i = 0; i < pb->eq_count; i++) {
		causes |= BIT(pb->eqs[i].vector);
		writel(pb->eqs[i].vector, pb->registers + PB_REG_INTERRUPT_TEST);
	}
	ST_EQUAL(t, pushbell_read(pb, PB_REG_INTERRUPT_CAUSE), causes);
	msleep(SETTLE_MS);
	for (i = 0; i < pb->eq_count; i++)
		ST_EQUAL(t, READ_ONCE(pb->eqs[i].interrupts), before[i]);
	pci_intx(pb->pdev, 1);
	for (i = 0; i < pb->eq_count; i++)
		if (st_wait_for(t, &pb->eqs[i].interrupts, before[i] + 1))
			return -EIO;
	ST_EQUAL(t, pushbell_read(pb, PB_REG_INTERRUPT_CAUSE), 0);
	ST_EQUAL(t, line_pending(pb), false);
	return 0;
}

static int copy(struct selftest *t, struct pushbell_qp *qp, struct st_buffer *from, struct st_buffer *to)
{
	return st_copy(qp, 1, st_range(t, from, 0, BYTES), st_range(t, to, 0, BYTES), PUSHBELL_DOORBELL);
}

/* In D3hot nothing moves and nothing is taken; back in D0 the queues go on where they stood. */
static int asleep(struct selftest *t, struct pushbell_qp *qp, struct st_buffer *from, struct st_buffer *to)
{
	struct pushbell_device *pb = t->pb;
	struct pb_cmd_link link;

	ST_EXPECT(t, pb->pdev->current_state == PCI_D3hot, "state %s", pci_power_name(pb->pdev->current_state));
	ST_EQUAL(t, readl(pb->registers + PB_REG_ID), ~0U);
	ST_EQUAL(t, st_copy(qp, 2, st_range(t, from, 0, BYTES), st_range(t, to, 0, BYTES), PUSHBELL_PUSH), -EAGAIN);
	ST_EQUAL(t, pushbell_query_link(pb, &link), -EAGAIN);
	ST_EQUAL(t, pushbell_reset(pb), -EBUSY);
	pushbell_cq_arm(t->cq, false);
	msleep(SETTLE_MS);
	ST_EQUAL(t, pushbell_cq_poll(t->cq, t->wc, 1), 0);
	return st_verify(t);
}

static int sleeps(struct selftest *t)
{
	struct st_buffer *from = st_buffer(t, BYTES), *to = st_buffer(t, BYTES);
	struct pushbell_qp *qp = st_dma(t, LOG_DEPTH, STRIDE_64);
	u32 epoch = t->pb->epoch;
	int ret;

	if (!from || !to || !qp)
		return -EIO;
	st_scramble(from, 3);
	ST_TRY(t, pushbell_set_link(t->pb, PB_HOLD_ENGINE, 0));
	ST_TRY(t, copy(t, qp, from, to));
	reinit_completion(&t->event);
	ST_TRY(t, pushbell_power(t->pb, PCI_D3hot));
	ret = asleep(t, qp, from, to);
	ST_TRY(t, pushbell_power(t->pb, PCI_D0));
	if (ret)
		return ret;
	ST_EQUAL(t, t->pb->epoch, epoch);
	ST_TRY(t, pushbell_set_link(t->pb, 0, 0));
	/* It was armed while the adapter slept. */
	ST_EXPECT(t, st_wait_event(t, &t->event), "no event after sleep");
	memcpy(to->shadow, from->shadow, BYTES);
	return st_wait_good(t, 1);
}

/* Commands and posts fail at once, and it comes back by itself, empty. */
static int gone(struct selftest *t)
{
	struct pushbell_device *pb = t->pb;
	unsigned int prepared = t->reset_calls[PUSHBELL_RESET_PREPARE], done = t->reset_calls[PUSHBELL_RESET_DONE];
	struct st_buffer *from = st_buffer(t, BYTES), *to = st_buffer(t, BYTES);
	struct pushbell_qp *qp = st_dma(t, LOG_DEPTH, STRIDE_64);
	u32 restarts = pb->restarts, epoch = pb->epoch;
	ktime_t start = ktime_get();
	struct pb_cmd_link link;

	if (!from || !to || !qp)
		return -EIO;
	reinit_completion(&t->back);
	WRITE_ONCE(t->expects_reset, true);
	pci_write_config_word(pb->pdev, PCI_COMMAND, 0);
	ST_EQUAL(t, pushbell_command(pb, epoch, PB_COMMAND_QUERY_LINK, NULL, 0, &link, sizeof(link)), -ENODEV);
	ST_EQUAL(t, copy(t, qp, from, to), -ENODEV);
	ST_EXPECT(t, ktime_ms_delta(ktime_get(), start) < 1000, "took long to see that it is gone");
	ST_EXPECT(t, wait_for_completion_timeout(&t->back, msecs_to_jiffies(BACK_MS)), "not back");
	WRITE_ONCE(t->expects_reset, false);
	ST_EQUAL(t, t->reset_calls[PUSHBELL_RESET_PREPARE], prepared + 1);
	ST_EQUAL(t, t->reset_calls[PUSHBELL_RESET_DONE], done + 1);
	ST_EQUAL(t, pb->restarts, restarts + 1);
	t->cq = st_cq(t, 6);
	qp = t->cq ? st_dma(t, LOG_DEPTH, STRIDE_64) : NULL;
	if (!qp)
		return -EIO;
	ST_TRY(t, copy(t, qp, from, to));
	st_forget(t);
	return st_wait_good(t, 1);
}

const struct st_case st_chain_cases[] = {
	{ "masked-vectors", "a masked vector is pending until it is unmasked, then delivered once", masked },
	{ "shut-line", "a shut interrupt line keeps its causes until it is opened", shut },
	{ "sleep", "in D3hot nothing moves, back in D0 the queues go on", sleeps },
	{ "gone-and-back", "a function that was reset behind the driver's back is started anew", gone },
	{ }
};
