// SPDX-License-Identifier: GPL-2.0
/*
 * pushbell_bench: the adapter and, if there is one, QEMU's edu, measured in turns in one sitting.
 *
 *   /sys/kernel/debug/pushbell/<address>/bench   reading gives the result of the last run (the first read runs it),
 *                                                writing runs it again
 *
 * One line a measurement and device: name,device,median_ns,p99_ns,samples
 *
 *   read                 round trip of a 32-bit read, 16 back to back
 *   burst_write_guest    32-bit write in a burst of 256, cost to the guest
 *   burst_write_device   the same, until the device has it
 *   spaced_write         32-bit write, one each 100 us, cost to the guest
 *   interrupt            register write that raises an interrupt, until its handler runs
 *   doorbell_interrupt   doorbell of a NOP, until the handler of the event queue runs; push_interrupt: by push
 *   doorbell_completion  doorbell of a NOP, until a poll finds its completion;        push_completion: by push
 *   copy64_*_idle        COPY of 64 bytes by doorbell or push, until a poll finds its completion
 *   copy64_*_backlog     the same while 128 other channels have a backlog of COPYs of 1 MiB
 *   read_idle            round trip of one 32-bit read; read_copies: beside such a backlog;
 *                        read_writes: beside one of RDMA WRITEs of 1 MiB
 */
#include <linux/debugfs.h>
#include <linux/interrupt.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sort.h>
#include <linux/uaccess.h>
#include "bench.h"

#define TEXT_BYTES 4096
#define ROUNDS 8

struct bench {
	struct pushbell_device *pb;
	struct dentry *file;
	struct mutex lock;
	struct bench_target target;
	u64 *samples[2];
	struct notifier_block resets;
	bool closed;		/* the adapter is being reset, or away */
	struct bench_queue queue;
	char *text;
	size_t text_bytes;
};

struct measurement {
	const char *name;
	int (*run)(struct bench_target *target, u64 overhead, struct bench_series *series, unsigned int count);
	unsigned int samples;
};

static const struct measurement measurements[] = {
	{ "read", bench_reads, 4000 },
	{ "burst_write_guest", bench_bursts, 800 },
	{ "burst_write_device", bench_bursts_arrived, 800 },
	{ "spaced_write", bench_spaced, 4000 },
	{ "interrupt", bench_interrupts, 4000 },
};

struct queue_measurement {
	const char *name;
	int (*run)(struct bench_queue *queue, enum pushbell_how how, u64 overhead, struct bench_series *series,
		   unsigned int count);
	enum pushbell_how how;
	unsigned int samples;
};

static const struct queue_measurement queue_measurements[] = {
	{ "doorbell_interrupt", bench_queue_interrupts, PUSHBELL_DOORBELL, 4000 },
	{ "push_interrupt", bench_queue_interrupts, PUSHBELL_PUSH, 4000 },
	{ "doorbell_completion", bench_queue_polled, PUSHBELL_DOORBELL, 4000 },
	{ "push_completion", bench_queue_polled, PUSHBELL_PUSH, 4000 },
};

static const struct bench_backlog backlogs[] = {
	{ "copy64_doorbell_idle", BENCH_IDLE, false, PUSHBELL_DOORBELL, 4000 },
	{ "copy64_push_idle", BENCH_IDLE, false, PUSHBELL_PUSH, 4000 },
	{ "copy64_doorbell_backlog", BENCH_COPIES, false, PUSHBELL_DOORBELL, 200 },
	{ "copy64_push_backlog", BENCH_COPIES, false, PUSHBELL_PUSH, 4000 },
	{ "read_idle", BENCH_IDLE, true, 0, 4000 },
	{ "read_copies", BENCH_COPIES, true, 0, 4000 },
	{ "read_writes", BENCH_WRITES, true, 0, 4000 },
};

static irqreturn_t handle(int irq, void *data)
{
	struct bench_target *target = data;

	WRITE_ONCE(target->stamp, bench_now());
	return IRQ_HANDLED;
}

static void tell(struct bench *b, struct bench_series *series)
{
	if (!series->count)
		return;
	sort(series->samples, series->count, sizeof(u64), bench_by_value, NULL);
	b->text_bytes += scnprintf(b->text + b->text_bytes, TEXT_BYTES - b->text_bytes, "%s,%s,%llu,%llu,%u\n",
				   series->name, series->device, bench_ns(series->samples[series->count / 2]),
				   bench_ns(series->samples[series->count * 99ULL / 100]), series->count);
}

/* The devices take turns, so that whatever disturbs the machine disturbs both. */
static int run_pair(struct bench *b, const struct measurement *m, struct bench_target *edu)
{
	struct bench_target *targets[2] = { &b->target, edu };
	struct bench_series series[2];
	unsigned int round, i;
	int ret = 0;

	for (i = 0; i < 2; i++)
		series[i] = (struct bench_series) { m->name, targets[i] ? targets[i]->device : "", b->samples[i], 0 };
	for (round = 0; round < ROUNDS && !ret; round++)
		for (i = 0; i < 2 && !ret; i++)
			if (targets[i] && (m->run != bench_interrupts || targets[i]->irq > 0))
				ret = m->run(targets[i], bench_overhead(), &series[i], m->samples / ROUNDS);
	tell(b, &series[0]);
	tell(b, &series[1]);
	return ret;
}

static int run_queues(struct bench *b, int cpu)
{
	struct bench_queue *queue = &b->queue;
	unsigned int i;
	int ret;

	*queue = (struct bench_queue) { };
	ret = bench_queue_open(queue, b->pb);
	if (ret)
		return ret;
	irq_set_affinity_and_hint(queue->cq->eq->irq, cpumask_of(cpu));
	for (i = 0; i < ARRAY_SIZE(queue_measurements) && !ret; i++) {
		const struct queue_measurement *m = &queue_measurements[i];
		struct bench_series series = { m->name, b->target.device, b->samples[0], 0 };

		ret = m->run(queue, m->how, bench_overhead(), &series, m->samples);
		tell(b, &series);
	}
	irq_set_affinity_and_hint(queue->cq->eq->irq, NULL);
	bench_queue_close(queue);
	return ret;
}

static int run_backlogs(struct bench *b)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(backlogs) && !ret; i++) {
		struct bench_series series = { backlogs[i].name, b->target.device, b->samples[0], 0 };

		ret = bench_backlog_run(b->pb, &backlogs[i], &series);
		tell(b, &series);
	}
	return ret;
}

/* Everything on one processor, interrupts too: what is measured is the device, not the way between processors. */
static int run_all(struct bench *b)
{
	struct bench_target *edu = bench_edu_get();
	unsigned int i;
	int cpu, ret = 0;

	if (b->closed)
		return -ENODEV;
	b->text_bytes = 0;
	bench_clock_calibrate(b->pb);
	migrate_disable();
	cpu = smp_processor_id();
	if (b->target.irq > 0)
		irq_set_affinity_and_hint(b->target.irq, cpumask_of(cpu));
	if (edu)
		irq_set_affinity_and_hint(edu->irq, cpumask_of(cpu));
	for (i = 0; i < ARRAY_SIZE(measurements) && !ret; i++)
		ret = run_pair(b, &measurements[i], edu);
	if (!ret)
		ret = run_queues(b, cpu);
	if (!ret)
		ret = run_backlogs(b);
	if (edu)
		irq_set_affinity_and_hint(edu->irq, NULL);
	if (b->target.irq > 0)
		irq_set_affinity_and_hint(b->target.irq, NULL);
	migrate_enable();
	bench_edu_put();
	return ret;
}

static int bench_show(struct seq_file *file, void *unused)
{
	struct bench *b = file->private;
	int ret = mutex_lock_interruptible(&b->lock);

	if (ret)
		return ret;
	if (!b->text_bytes)
		ret = run_all(b);
	seq_write(file, b->text, b->text_bytes);
	mutex_unlock(&b->lock);
	return ret;
}

static ssize_t bench_write(struct file *file, const char __user *from, size_t count, loff_t *position)
{
	struct bench *b = ((struct seq_file *)file->private_data)->private;
	int ret = mutex_lock_interruptible(&b->lock);

	if (ret)
		return ret;
	ret = run_all(b);
	mutex_unlock(&b->lock);
	return ret ? ret : count;
}
DEFINE_SHOW_STORE_ATTRIBUTE(bench);

/* A reset from outside waits for the run to end: the run posts and rings as if the adapter were its own. */
static int on_reset(struct notifier_block *block, unsigned long phase, void *data)
{
	struct bench *b = container_of(block, struct bench, resets);

	mutex_lock(&b->lock);
	b->closed = phase == PUSHBELL_RESET_PREPARE;
	mutex_unlock(&b->lock);
	return NOTIFY_OK;
}

static int request_vector(struct bench *b)
{
	struct pushbell_device *pb = b->pb;

	b->target = (struct bench_target) {
		.device = "pushbell",
		.scratch = pb->registers + PB_REG_SCRATCH,
		.raise = pb->registers + PB_REG_INTERRUPT_TEST,
		.raise_value = pb->spare_vector,
	};
	if (pb->spare_vector < 0)
		return 0;	/* no interrupt to measure by itself */
	b->target.irq = pci_irq_vector(pb->pdev, pb->spare_vector);
	return request_irq(b->target.irq, handle, 0, "pushbell-bench", &b->target);
}

static int probe(struct auxiliary_device *auxiliary, const struct auxiliary_device_id *id)
{
	struct device *dev = &auxiliary->dev;
	struct bench *b = devm_kzalloc(dev, sizeof(*b), GFP_KERNEL);
	unsigned int i;
	int ret;

	if (!b)
		return -ENOMEM;
	b->pb = pushbell_of(auxiliary);
	mutex_init(&b->lock);
	b->text = devm_kzalloc(dev, TEXT_BYTES, GFP_KERNEL);
	for (i = 0; i < ARRAY_SIZE(b->samples); i++)
		b->samples[i] = devm_kcalloc(dev, BENCH_SAMPLES_MAX, sizeof(u64), GFP_KERNEL);
	if (!b->text || !b->samples[0] || !b->samples[1])
		return -ENOMEM;
	ret = request_vector(b);
	if (ret)
		return ret;
	b->resets.notifier_call = on_reset;
	ret = blocking_notifier_chain_register(&b->pb->resets, &b->resets);
	if (ret) {
		if (b->target.irq > 0)
			free_irq(b->target.irq, &b->target);
		return ret;
	}
	auxiliary_set_drvdata(auxiliary, b);
	b->file = debugfs_create_file("bench", 0600, b->pb->debugfs, b, &bench_fops);
	return 0;
}

static void remove(struct auxiliary_device *auxiliary)
{
	struct bench *b = auxiliary_get_drvdata(auxiliary);

	debugfs_remove(b->file);
	blocking_notifier_chain_unregister(&b->pb->resets, &b->resets);
	if (b->target.irq > 0)
		free_irq(b->target.irq, &b->target);
}

static const struct auxiliary_device_id bench_ids[] = {
	{ .name = "pushbell.bench" },
	{ }
};
MODULE_DEVICE_TABLE(auxiliary, bench_ids);

static struct auxiliary_driver bench_driver = {
	.name = "bench",
	.id_table = bench_ids,
	.probe = probe,
	.remove = remove,
};

static int __init bench_init(void)
{
	int ret = bench_edu_register();

	if (ret)
		return ret;
	ret = auxiliary_driver_register(&bench_driver);
	if (ret)
		bench_edu_unregister();
	return ret;
}
module_init(bench_init);

static void __exit bench_exit(void)
{
	auxiliary_driver_unregister(&bench_driver);
	bench_edu_unregister();
}
module_exit(bench_exit);

MODULE_DESCRIPTION("Pushbell adapter: measurements");
MODULE_LICENSE("GPL");
