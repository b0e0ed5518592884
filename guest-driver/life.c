// SPDX-License-Identifier: GPL-2.0
/*
 * Life of the adapter between probe and remove: start, stop, reset, and gone and back.
 *
 *   up      commands are accepted
 *   down    children have been told PREPARE and not yet DONE: the adapter is being reset, or away
 *   lost    somebody read all ones where it could not be: the watch has to look
 *
 *   reset   PREPARE -> halt -> [function reset, if that is what happens] -> start -> DONE
 *   gone    halt -> PREPARE -> look once a second -> restore configuration space -> start -> DONE
 *
 * The adapter is a process beside the virtual machine. While it is silent for a short time, reads and writes wait and
 * nothing has happened; when it stays away the function looks like one below a link that went down: all reads give
 * all ones, writes are lost, and when it answers again it is in its state after reset, configuration space too.
 * Memory that it was given is safe to free as soon as it is gone: a reset is part of going.
 */
#include <linux/bitfield.h>
#include <linux/iopoll.h>
#include "core.h"

#define READY_POLL_US 100
#define READY_TIMEOUT_US (10 * USEC_PER_SEC)
#define WATCH_INTERVAL HZ
#define READ_TRIES 3

/* Configuration space is answered without the adapter's process, and at once. */
static bool present(struct pushbell_device *pb)
{
	u16 vendor;

	if (pci_channel_offline(pb->pdev))	/* pulled out, says the port above */
		return false;
	pci_read_config_word(pb->pdev, PCI_VENDOR_ID, &vendor);
	return vendor == PB_PCI_VENDOR;
}

static void lose(struct pushbell_device *pb)
{
	if (READ_ONCE(pb->asleep))	/* in D3hot that is what reads give */
		return;
	WRITE_ONCE(pb->lost, true);
	/* While it is down the watch comes by in its own time. */
	if (READ_ONCE(pb->watching) && !READ_ONCE(pb->down))
		mod_delayed_work(system_long_wq, &pb->watch, 0);
}

/*
 * A read gave all ones. That can be the register's content, or a read that was given up because the virtual machine
 * was stopped in the middle of it (then the next one is good), or the adapter is gone: ID tells. In any context. Each
 * try may take as long as the adapter is given to answer, so there are none when it is known to be lost.
 */
u32 pushbell_read_again(struct pushbell_device *pb, u32 offset)
{
	bool answers = false;
	unsigned int i;

	if (READ_ONCE(pb->lost))
		return ~0U;
	for (i = 0; i < READ_TRIES && present(pb); i++) {
		u32 value;

		answers = readl(pb->registers + PB_REG_ID) == PB_DEVICE_MAGIC;
		if (!answers)
			continue;
		value = readl(pb->registers + offset);
		if (value != ~0U)
			return value;
	}
	if (!answers)
		lose(pb);
	return ~0U;
}
EXPORT_SYMBOL_GPL(pushbell_read_again);

/*
 * For registers by whose value the driver believes that something has been done. An address that nobody decodes reads
 * as all ones on real buses and as zero in QEMU, so zero is looked into as well.
 */
u32 pushbell_read_sure(struct pushbell_device *pb, u32 offset)
{
	u32 value = pushbell_read(pb, offset);

	if (value || pushbell_read(pb, PB_REG_ID) == PB_DEVICE_MAGIC)
		return value;
	lose(pb);
	return ~0U;
}

/* Takes the objects away from their owners: they keep the memory and learn of it when they next use it. */
static void forget_objects(struct pushbell_device *pb)
{
	struct pushbell_srq *srq;
	struct pushbell_cq *cq;
	struct pushbell_qp *qp;
	unsigned long number;

	xa_for_each(&pb->srqs, number, srq)
		xa_erase(&pb->srqs, number);
	xa_for_each(&pb->cqs, number, cq)
		xa_erase(&pb->cqs, number);
	xa_for_each(&pb->qps, number, qp)
		xa_erase(&pb->qps, number);
}

/*
 * With command_lock held. From here on no command and no post gets through, no handler runs, and the adapter, if it is
 * there, knows no object and does no DMA.
 */
void pushbell_halt_locked(struct pushbell_device *pb)
{
	lockdep_assert_held(&pb->command_lock);
	pb->up = false;
	WRITE_ONCE(pb->epoch, pb->epoch + 1);
	if (pb->running)
		pushbell_eqs_quiet(pb);
	pb->running = false;
	forget_objects(pb);
	writel(PB_RESET_MAGIC, pb->registers + PB_REG_RESET);
	/* A read is answered after every earlier write took effect: the adapter has stopped when this returns. */
	if (!READ_ONCE(pb->lost))
		pushbell_read(pb, PB_REG_STATUS);
}

void pushbell_halt(struct pushbell_device *pb)
{
	mutex_lock(&pb->command_lock);
	pushbell_halt_locked(pb);
	mutex_unlock(&pb->command_lock);
}

static int wait_ready(struct pushbell_device *pb)
{
	u32 status;
	int ret = read_poll_timeout(pushbell_read_sure, status, status == ~0U || (status & PB_STATUS_BIT_READY),
				    READY_POLL_US, READY_TIMEOUT_US, false, pb, PB_REG_STATUS);

	return !ret && status == ~0U ? -ENODEV : ret;
}

static int start_locked(struct pushbell_device *pb)
{
	int ret = wait_ready(pb);

	if (ret)
		return ret;
	pushbell_page_start(&pb->page);
	pb->page.object = (struct pushbell_object) { .pb = pb, .handle = 0, .epoch = pb->epoch };
	writel(PB_REG_CONTROL_ENABLE, pb->registers + PB_REG_CONTROL);
	pb->resets_seen = pushbell_read(pb, PB_REG_RESET_EPOCH);
	ret = pushbell_commands_start(pb);
	if (!ret)
		ret = pushbell_port_start(pb);
	if (!ret)
		ret = pushbell_kernel_mr_create(pb);
	if (!ret)
		ret = pushbell_eqs_start(pb);
	pb->running = !ret;
	pb->up = !ret;
	return ret;
}

int pushbell_start(struct pushbell_device *pb)
{
	int ret;

	mutex_lock(&pb->command_lock);
	ret = start_locked(pb);
	mutex_unlock(&pb->command_lock);
	return ret;
}

/* With reset_lock held, as in all that follows. */
void pushbell_go_down(struct pushbell_device *pb)
{
	if (pb->down)
		return;
	WRITE_ONCE(pb->down, true);
	blocking_notifier_call_chain(&pb->resets, PUSHBELL_RESET_PREPARE, pb);
}

/* After a failure it stays down, and the watch tries again. */
int pushbell_come_up(struct pushbell_device *pb)
{
	int ret;

	WRITE_ONCE(pb->lost, false);
	ret = pushbell_start(pb);
	if (ret) {
		if (!pb->told_failure)
			dev_err(&pb->pdev->dev, "adapter does not start: %d\n", ret);
		pb->told_failure = true;
		return ret;
	}
	pb->told_failure = false;
	WRITE_ONCE(pb->down, false);
	blocking_notifier_call_chain(&pb->resets, PUSHBELL_RESET_DONE, pb);
	return 0;
}

/* -EBUSY: it is being reset or removed, or sleeps. Never waits, so that it may be called under a child's own lock. */
int pushbell_reset(struct pushbell_device *pb)
{
	int ret = -EBUSY;

	if (!mutex_trylock(&pb->reset_lock))
		return -EBUSY;
	if (pb->down)
		ret = -ENODEV;
	else if (!pb->asleep) {
		pushbell_go_down(pb);
		pushbell_halt(pb);
		ret = pushbell_come_up(pb);
	}
	mutex_unlock(&pb->reset_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(pushbell_reset);

/* A function that was reset behind our back does not answer at its addresses any more. */
static bool attached(struct pushbell_device *pb)
{
	const u16 needed = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	u16 command;

	if (!present(pb))
		return false;
	pci_read_config_word(pb->pdev, PCI_COMMAND, &command);
	return (command & needed) == needed;
}

/* What was made on the adapter since its last start is still there. */
bool pushbell_intact(struct pushbell_device *pb)
{
	return attached(pb) &&
	       (pushbell_read(pb, PB_REG_STATUS) & PB_STATUS_BIT_ENABLED) &&
	       pushbell_read(pb, PB_REG_MAILBOX_LO) == lower_32_bits(pb->mailbox.bus) &&
	       pushbell_read(pb, PB_REG_RESET_EPOCH) == pb->resets_seen;
}

static bool same_kind(struct pushbell_device *pb)
{
	return readl(pb->registers + PB_REG_ID) == PB_DEVICE_MAGIC &&
	       FIELD_GET(PB_REG_ABI_VERSION_MAJOR, readl(pb->registers + PB_REG_ABI_VERSION)) == PB_ABI_MAJOR;
}

/* Base addresses, Bus Master Enable, MSI-X table: all of it as probe left it. */
static int restore(struct pushbell_device *pb)
{
	int ret = pci_set_power_state(pb->pdev, PCI_D0);	/* it may have been asleep when it went */

	if (!ret)
		ret = pci_load_saved_state(pb->pdev, pb->saved);
	if (!ret)
		pci_restore_state(pb->pdev);
	return ret;
}

static void try_back(struct pushbell_device *pb)
{
	if (!present(pb) || (!attached(pb) && restore(pb)) || !same_kind(pb))
		return;
	WRITE_ONCE(pb->lost, false);
	pushbell_halt(pb);
	pb->restarts++;		/* who is told that it is back finds it counted */
	if (pushbell_come_up(pb)) {
		pb->restarts--;
		return;
	}
	dev_info(&pb->pdev->dev, "adapter is back after %lld ms\n", ktime_ms_delta(ktime_get(), pb->lost_at));
}

void pushbell_gone(struct pushbell_device *pb)
{
	pb->losses++;
	pb->lost_at = ktime_get();
	dev_warn(&pb->pdev->dev, "adapter is gone: waiting for it to come back\n");
	pushbell_halt(pb);
	pushbell_go_down(pb);
	try_back(pb);
}

static void look(struct pushbell_device *pb)
{
	if (pb->asleep)
		return;
	if (pb->down) {
		try_back(pb);
		return;
	}
	/* Once a second, for those who only wait; whoever reads has noticed before. */
	if (!xchg(&pb->lost, false) && READ_ONCE(pb->up) && attached(pb))
		return;
	if (!READ_ONCE(pb->up) || !pushbell_intact(pb))
		pushbell_gone(pb);
}

static void watch(struct work_struct *work)
{
	struct pushbell_device *pb = container_of(to_delayed_work(work), struct pushbell_device, watch);

	/* Somebody resets, removes or suspends it: not now. */
	if (mutex_trylock(&pb->reset_lock)) {
		look(pb);
		mutex_unlock(&pb->reset_lock);
	}
	if (READ_ONCE(pb->watching))
		queue_delayed_work(system_long_wq, &pb->watch, WATCH_INTERVAL);
}

void pushbell_watch_init(struct pushbell_device *pb)
{
	INIT_DELAYED_WORK(&pb->watch, watch);
}

/* When everything stands as it has to be restored. */
int pushbell_watch_start(struct pushbell_device *pb)
{
	pci_save_state(pb->pdev);
	pb->saved = pci_store_saved_state(pb->pdev);
	if (!pb->saved)
		return -ENOMEM;
	WRITE_ONCE(pb->watching, true);
	queue_delayed_work(system_long_wq, &pb->watch, WATCH_INTERVAL);
	return 0;
}

/* May be called with reset_lock held: the watch does not wait for it. */
void pushbell_watch_stop(struct pushbell_device *pb)
{
	WRITE_ONCE(pb->watching, false);
	cancel_delayed_work_sync(&pb->watch);
}
