// SPDX-License-Identifier: GPL-2.0
/*
 * Sleep: D3hot and back. The adapter keeps everything (No_Soft_Reset), but takes no doorbell and gives all-ones to
 * reads, so what the driver would tell it is held back:
 *
 *   posts       -EAGAIN, as with a full queue          commands   -EAGAIN
 *   consumer indices and arming of completion and event queues   made good when it wakes up
 *
 * An adapter that has lost its state meanwhile (suspend to RAM cuts the power) starts anew as after a reset.
 */
#include "core.h"

/* With reset_lock held. When it returns the adapter hears nothing more from us, and no handler runs. */
void pushbell_park(struct pushbell_device *pb)
{
	if (pb->asleep)
		return;
	mutex_lock(&pb->command_lock);
	WRITE_ONCE(pb->asleep, true);
	/* Doorbells are rung with interrupts off, which holds up a grace period: those under way are out after it. */
	synchronize_rcu();
	if (pb->running)
		pushbell_eqs_quiet(pb);
	mutex_unlock(&pb->command_lock);
}

static void go_on(struct pushbell_device *pb)
{
	struct pushbell_cq *cq;
	unsigned long number;

	mutex_lock(&pb->command_lock);
	WRITE_ONCE(pb->asleep, false);
	pushbell_eqs_again(pb);
	xa_for_each(&pb->cqs, number, cq)
		pushbell_cq_again(cq);
	mutex_unlock(&pb->command_lock);
}

/* With reset_lock held, in D0. */
void pushbell_unpark(struct pushbell_device *pb)
{
	if (!pb->asleep)
		return;
	if (pb->down) {
		WRITE_ONCE(pb->asleep, false);	/* it was away before; the watch goes on */
	} else if (pushbell_intact(pb)) {
		go_on(pb);
	} else {
		pb->running = false;	/* its interrupts are off already */
		WRITE_ONCE(pb->asleep, false);
		pushbell_gone(pb);
	}
}

int pushbell_suspend(struct device *dev)
{
	struct pushbell_device *pb = dev_get_drvdata(dev);

	mutex_lock(&pb->reset_lock);
	pushbell_park(pb);
	mutex_unlock(&pb->reset_lock);
	return 0;	/* PCI core saves configuration space and changes the power state */
}

int pushbell_resume(struct device *dev)
{
	struct pushbell_device *pb = dev_get_drvdata(dev);

	mutex_lock(&pb->reset_lock);
	pushbell_unpark(pb);
	mutex_unlock(&pb->reset_lock);
	return 0;
}

/* For tests: the same without the rest of the machine. */
int pushbell_power(struct pushbell_device *pb, pci_power_t state)
{
	int ret;

	if (!mutex_trylock(&pb->reset_lock))
		return -EBUSY;
	if (state == PCI_D0) {
		ret = pci_set_power_state(pb->pdev, PCI_D0);
		pushbell_unpark(pb);	/* a failure means that it is gone: then the watch goes on */
	} else {
		pushbell_park(pb);
		ret = pci_set_power_state(pb->pdev, state);
		if (ret)
			pushbell_unpark(pb);
	}
	mutex_unlock(&pb->reset_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(pushbell_power);
