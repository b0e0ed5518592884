// SPDX-License-Identifier: GPL-2.0
/*
 * pushbell_selftest: exercises the adapter from inside the kernel and reports KTAP (Documentation/dev-tools/ktap.rst),
 * to the kernel log and to debugfs:
 *
 *   /sys/kernel/debug/pushbell/<address>/selftest   writing "all" or names of cases runs them, reading gives the report
 *   /sys/kernel/debug/pushbell/<address>/demo       the same for the demonstration, one line of key=value a step
 *
 * Reading what has not run yet runs it. The module parameter run=all (or names) runs at probe.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include "selftest.h"
#include "selftest_frame.h"

static char *run;
module_param(run, charp, 0444);
MODULE_PARM_DESC(run, "cases to run at probe: all, or names separated by commas");

static const struct st_case *const tables[] = {
	st_deliver_cases, st_order_cases, st_push_cases, st_torn_cases, st_engine_cases, st_error_cases,
	st_thread_cases, st_life_cases, st_fault_cases, st_chain_cases, st_rdma_cases, st_remote_cases, st_key_cases,
	st_datagram_cases, st_shared_cases, st_state_cases, st_store_cases,
};

/* A diagnostic line of the case that runs. */
void st_note(struct selftest *t, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	st_frame_note(&t->frame, format, arguments);
	va_end(arguments);
}

static int execute(struct selftest *t, const struct st_case *c)
{
	int ret = st_open(t);

	if (!ret)
		ret = c->run(t);
	WRITE_ONCE(t->expects_reset, false);
	if (ret >= 0 && st_verify(t))
		ret = -EIO;
	if (st_close(t))
		ret = -EIO;
	if (ret < 0)
		pushbell_reset(t->pb);	/* what a case left behind must not fail the next */
	return ret;
}

static int run_demo(struct selftest *t)
{
	size_t report_bytes = t->frame.text_bytes;	/* notes go there, and do not stay */
	int ret;

	if (t->frame.closed)
		return -ENODEV;
	t->frame.runner = current;
	t->story_bytes = 0;
	ret = st_open(t);
	if (!ret)
		ret = st_demo(t);
	if (st_close(t))
		ret = -EIO;
	t->frame.runner = NULL;
	t->frame.text_bytes = report_bytes;
	return ret;
}

static int demo_show(struct seq_file *file, void *unused)
{
	struct selftest *t = file->private;
	int ret = mutex_lock_interruptible(&t->frame.lock);

	if (ret)
		return ret;
	if (!t->story_bytes)
		ret = run_demo(t);
	seq_write(file, t->story, t->story_bytes);
	mutex_unlock(&t->frame.lock);
	return ret;
}

static ssize_t demo_write(struct file *file, const char __user *from, size_t count, loff_t *position)
{
	struct selftest *t = ((struct seq_file *)file->private_data)->private;
	int ret = mutex_lock_interruptible(&t->frame.lock);

	if (ret)
		return ret;
	ret = run_demo(t);
	mutex_unlock(&t->frame.lock);
	return ret ? ret : count;
}
DEFINE_SHOW_STORE_ATTRIBUTE(demo);

/*
 * A reset from outside waits for the run to end; one that a case does itself must not. (A case that wants to reset
 * while one from outside waits gets -EBUSY and fails, so the two do not wait for each other.) While the adapter is
 * away there are no runs.
 */
static int on_reset(struct notifier_block *block, unsigned long phase, void *data)
{
	struct selftest *t = container_of(block, struct selftest, resets);

	if (t->frame.runner == current || READ_ONCE(t->expects_reset)) {
		t->reset_calls[phase]++;
		if (phase == PUSHBELL_RESET_DONE)
			complete(&t->back);
		return NOTIFY_OK;
	}
	mutex_lock(&t->frame.lock);
	t->frame.closed = phase == PUSHBELL_RESET_PREPARE;
	mutex_unlock(&t->frame.lock);
	return NOTIFY_OK;
}

static int probe(struct auxiliary_device *auxiliary, const struct auxiliary_device_id *id)
{
	struct device *dev = &auxiliary->dev;
	struct selftest *t = devm_kzalloc(dev, sizeof(*t), GFP_KERNEL);
	int ret;

	if (!t)
		return -ENOMEM;
	t->pb = pushbell_of(auxiliary);
	t->frame.t = t;
	t->frame.tables = tables;
	t->frame.table_count = ARRAY_SIZE(tables);
	t->frame.run_case = execute;
	init_completion(&t->back);
	t->story = devm_kmalloc(dev, ST_STORY_BYTES, GFP_KERNEL);
	if (!t->story || st_frame_init(&t->frame, dev))
		return -ENOMEM;
	auxiliary_set_drvdata(auxiliary, t);
	t->resets.notifier_call = on_reset;
	ret = blocking_notifier_chain_register(&t->pb->resets, &t->resets);
	if (ret)
		return ret;
	t->port_events.notifier_call = st_port_event;
	atomic_notifier_chain_register(&t->pb->port_events, &t->port_events);
	if (run && *run) {
		mutex_lock(&t->frame.lock);
		if (st_frame_run(&t->frame, run))
			dev_warn(dev, "no case matches run=%s\n", run);
		mutex_unlock(&t->frame.lock);
	}
	t->files[0] = debugfs_create_file("selftest", 0600, t->pb->debugfs, &t->frame, &st_frame_fops);
	t->files[1] = debugfs_create_file("demo", 0600, t->pb->debugfs, t, &demo_fops);
	return 0;
}

/* Removing a file waits for whoever runs cases through it. */
static void remove(struct auxiliary_device *auxiliary)
{
	struct selftest *t = auxiliary_get_drvdata(auxiliary);

	debugfs_remove(t->files[0]);
	debugfs_remove(t->files[1]);
	blocking_notifier_chain_unregister(&t->pb->resets, &t->resets);
	atomic_notifier_chain_unregister(&t->pb->port_events, &t->port_events);
}

static const struct auxiliary_device_id selftest_ids[] = {
	{ .name = "pushbell.selftest" },
	{ }
};
MODULE_DEVICE_TABLE(auxiliary, selftest_ids);

static struct auxiliary_driver selftest_driver = {
	.name = "selftest",
	.id_table = selftest_ids,
	.probe = probe,
	.remove = remove,
};
module_auxiliary_driver(selftest_driver);

MODULE_DESCRIPTION("Pushbell adapter: self-test");
MODULE_LICENSE("GPL");
