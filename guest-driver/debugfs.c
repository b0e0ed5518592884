// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/pushbell/<address>/
 *   registers  every register by name        counters  the same for what counts
 *   queues     event, completion and work queues: what the driver and what the adapter believe
 *   link       hold mask and rate; writing "hold=1 rate=1000" sets them
 *   reset      writing anything resets the adapter
 *   power      power state; writing D3hot or D0 changes it
 *   port       state and counters of the port, the GID table, counters of doorbell page 0
 *   state      state=up|asleep|away losses= restarts= interrupts=msix|intx
 */
#include <linux/debugfs.h>
#include <linux/uaccess.h>
#include "core.h"

static struct dentry *root;

struct named_register {
	u32 offset;
	const char *name;
};

#define ROW(name) { PB_REG_##name, #name }

static const struct named_register state_registers[] = {
	ROW(ID), ROW(ABI_VERSION), ROW(FEATURES), ROW(STATUS), ROW(CONTROL), ROW(RESET_EPOCH), ROW(DOORBELL_PAGES),
	ROW(MAILBOX_LO), ROW(MAILBOX_HI), ROW(COMMAND_STATUS), ROW(MAC_LO), ROW(MAC_HI), ROW(SCRATCH),
	ROW(INTERRUPT_CAUSE), ROW(FAULT_ADDRESS_LO), ROW(FAULT_ADDRESS_HI), ROW(FAULT_INFO), ROW(FAULT_INDEX),
};

static const struct named_register counters[] = {
	ROW(COUNT_DOORBELLS), ROW(COUNT_PUSHES), ROW(COUNT_PUSH_FALLBACKS), ROW(COUNT_IGNORED), ROW(COUNT_REFUSED),
	ROW(COUNT_BAD_ACCESSES), ROW(COUNT_DESCRIPTOR_READS), ROW(COUNT_COMPLETIONS), ROW(COUNT_PACKETS),
	ROW(COUNT_DMA_FAULTS),
};

static int registers_show(struct seq_file *file, void *unused)
{
	struct pushbell_device *pb = file->private;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(state_registers); i++)
		seq_printf(file, "%-16s 0x%08x\n", state_registers[i].name,
			   pushbell_read(pb, state_registers[i].offset));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(registers);

static int counters_show(struct seq_file *file, void *unused)
{
	struct pushbell_device *pb = file->private;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counters); i++)
		seq_printf(file, "%-24s %u\n", counters[i].name, pushbell_read(pb, counters[i].offset));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counters);

static void show_ring(struct seq_file *file, struct pushbell_object *object, u16 opcode)
{
	struct pb_cmd_queue_out out;
	int ret = pushbell_object_query(object, opcode, &out, sizeof(out));

	if (ret)
		seq_printf(file, "  adapter: error %d\n", ret);
	else
		seq_printf(file, "  adapter: producer %u consumer %u armed %u overflowed %u\n",
			   le32_to_cpu(out.producer), le32_to_cpu(out.consumer), le32_to_cpu(out.armed),
			   le32_to_cpu(out.overflowed));
}

static void show_eqs(struct seq_file *file, struct pushbell_device *pb)
{
	unsigned int i;

	for (i = 0; i < pb->eq_count; i++) {
		struct pushbell_eq *eq = &pb->eqs[i];

		seq_printf(file, "eq %u: vector %u irq %d entries %lu consumer %u interrupts %llu events %llu\n",
			   eq->object.handle, eq->vector, eq->irq, BIT(eq->log_depth), READ_ONCE(eq->consumer),
			   READ_ONCE(eq->interrupts), READ_ONCE(eq->events));
		show_ring(file, &eq->object, PB_COMMAND_QUERY_EQ);
	}
}

static void show_qp(struct seq_file *file, struct pushbell_qp *qp)
{
	struct pb_cmd_qp_out out;
	int ret = pushbell_object_query(&qp->object, PB_COMMAND_QUERY_QP, &out, sizeof(out));

	seq_printf(file, "qp %u: type %u page %u send %u..%u recv %u..%u\n", qp->object.handle, qp->type,
		   qp->page->object.handle, READ_ONCE(qp->send.consumer), READ_ONCE(qp->send.producer),
		   READ_ONCE(qp->recv.consumer), READ_ONCE(qp->recv.producer));
	if (ret) {
		seq_printf(file, "  adapter: error %d\n", ret);
		return;
	}
	seq_printf(file, "  adapter: state %u send %u..%u recv %u..%u to %u mtu %u error %u at %u\n",
		   le32_to_cpu(out.state), le32_to_cpu(out.send_consumer), le32_to_cpu(out.send_producer),
		   le32_to_cpu(out.recv_consumer), le32_to_cpu(out.recv_producer), le32_to_cpu(out.dest_qpn),
		   le32_to_cpu(out.mtu), le32_to_cpu(out.error_status), le32_to_cpu(out.error_index));
	if (out.error_status) {
		char text[PUSHBELL_FAULT_TEXT];

		seq_printf(file, "  error: descriptor %u status %u%s\n", le32_to_cpu(out.error_index),
			   le32_to_cpu(out.error_status),
			   pushbell_fault_text(le64_to_cpu(out.fault_address), le32_to_cpu(out.fault_info), text));
	}
}

static void show_srq(struct seq_file *file, struct pushbell_srq *srq)
{
	struct pb_cmd_srq_out out;
	int ret = pushbell_object_query(&srq->object, PB_COMMAND_QUERY_SRQ, &out, sizeof(out));

	seq_printf(file, "srq %u: page %u receives %u..%u\n", srq->object.handle, srq->page->object.handle,
		   READ_ONCE(srq->queue.consumer), READ_ONCE(srq->queue.producer));
	if (ret)
		seq_printf(file, "  adapter: error %d\n", ret);
	else
		seq_printf(file, "  adapter: receives %u..%u limit %u users %u failed %u\n", le32_to_cpu(out.consumer),
			   le32_to_cpu(out.producer), le32_to_cpu(out.limit), le32_to_cpu(out.users),
			   le32_to_cpu(out.failed));
}

/* command_lock keeps the tables and what they point to as they are. */
static int queues_show(struct seq_file *file, void *unused)
{
	struct pushbell_device *pb = file->private;
	struct pushbell_srq *srq;
	struct pushbell_cq *cq;
	struct pushbell_qp *qp;
	unsigned long number;

	mutex_lock(&pb->command_lock);
	show_eqs(file, pb);
	xa_for_each(&pb->cqs, number, cq) {
		seq_printf(file, "cq %lu: eq %u page %u entries %lu consumer %u\n", number, cq->eq->object.handle,
			   cq->page->object.handle, BIT(cq->log_depth), READ_ONCE(cq->consumer));
		show_ring(file, &cq->object, PB_COMMAND_QUERY_CQ);
	}
	xa_for_each(&pb->srqs, number, srq)
		show_srq(file, srq);
	xa_for_each(&pb->qps, number, qp) {
		show_qp(file, qp);
		pushbell_show_counters(file, pb, PB_COUNTER_KIND_QP, number);
	}
	mutex_unlock(&pb->command_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(queues);

static int link_show(struct seq_file *file, void *unused)
{
	struct pb_cmd_link link;
	int ret = pushbell_query_link(file->private, &link);

	if (ret)
		return ret;
	seq_printf(file, "hold=%u rate=%u packets=%u\n", le32_to_cpu(link.hold), le32_to_cpu(link.rate_mbps),
		   le32_to_cpu(link.packets_sent));
	return 0;
}

static int parse_link(char *text, u32 *hold, u32 *rate)
{
	char *word;

	while ((word = strsep(&text, " \t\n"))) {
		char *value = strchr(word, '=');
		u32 *target;
		int ret;

		if (!*word)
			continue;
		if (!value)
			return -EINVAL;
		*value++ = '\0';
		target = !strcmp(word, "hold") ? hold : !strcmp(word, "rate") ? rate : NULL;
		ret = target ? kstrtou32(value, 0, target) : -EINVAL;
		if (ret)
			return ret;
	}
	return 0;
}

static ssize_t link_write(struct file *file, const char __user *from, size_t count, loff_t *position)
{
	struct pushbell_device *pb = ((struct seq_file *)file->private_data)->private;
	struct pb_cmd_link link;
	char text[64] = "";
	u32 hold, rate;
	int ret;

	if (count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, count))
		return -EFAULT;
	ret = pushbell_query_link(pb, &link);	/* what is not named stays */
	if (ret)
		return ret;
	hold = le32_to_cpu(link.hold);
	rate = le32_to_cpu(link.rate_mbps);
	ret = parse_link(text, &hold, &rate);
	if (!ret)
		ret = pushbell_set_link(pb, hold, rate);
	return ret ? ret : count;
}
DEFINE_SHOW_STORE_ATTRIBUTE(link);

static int reset_show(struct seq_file *file, void *unused)
{
	struct pushbell_device *pb = file->private;

	seq_printf(file, "%u\n", pushbell_read(pb, PB_REG_RESET_EPOCH));
	return 0;
}

static ssize_t reset_write(struct file *file, const char __user *from, size_t count, loff_t *position)
{
	int ret = pushbell_reset(((struct seq_file *)file->private_data)->private);

	return ret ? ret : count;
}
DEFINE_SHOW_STORE_ATTRIBUTE(reset);

static int power_show(struct seq_file *file, void *unused)
{
	struct pushbell_device *pb = file->private;

	seq_printf(file, "%s\n", pci_power_name(pb->pdev->current_state));
	return 0;
}

static ssize_t power_write(struct file *file, const char __user *from, size_t count, loff_t *position)
{
	struct pushbell_device *pb = ((struct seq_file *)file->private_data)->private;
	char text[8] = "";
	int ret = -EINVAL;

	if (count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, count))
		return -EFAULT;
	if (sysfs_streq(text, "D3hot"))
		ret = pushbell_power(pb, PCI_D3hot);
	else if (sysfs_streq(text, "D0"))
		ret = pushbell_power(pb, PCI_D0);
	return ret ? ret : count;
}
DEFINE_SHOW_STORE_ATTRIBUTE(power);

static int state_show(struct seq_file *file, void *unused)
{
	struct pushbell_device *pb = file->private;

	seq_printf(file, "state=%s losses=%u restarts=%u interrupts=%s\n",
		   READ_ONCE(pb->asleep) ? "asleep" : pushbell_away(pb) ? "away" : "up", READ_ONCE(pb->losses),
		   READ_ONCE(pb->restarts), pb->intx ? "intx" : "msix");
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(state);

void pushbell_debugfs_add(struct pushbell_device *pb)
{
	pb->debugfs = debugfs_create_dir(pci_name(pb->pdev), root);
	debugfs_create_file("registers", 0400, pb->debugfs, pb, &registers_fops);
	debugfs_create_file("counters", 0400, pb->debugfs, pb, &counters_fops);
	debugfs_create_file("queues", 0400, pb->debugfs, pb, &queues_fops);
	debugfs_create_file("link", 0600, pb->debugfs, pb, &link_fops);
	debugfs_create_file("reset", 0600, pb->debugfs, pb, &reset_fops);
	debugfs_create_file("power", 0600, pb->debugfs, pb, &power_fops);
	pushbell_debugfs_port(pb);
	debugfs_create_file("state", 0400, pb->debugfs, pb, &state_fops);
}

void pushbell_debugfs_remove(struct pushbell_device *pb)
{
	debugfs_remove_recursive(pb->debugfs);
}

void pushbell_debugfs_init(void)
{
	root = debugfs_create_dir(KBUILD_MODNAME, NULL);
}

void pushbell_debugfs_exit(void)
{
	debugfs_remove_recursive(root);
}
