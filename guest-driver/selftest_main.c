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
#include <linux/ctype.h>
#include <linux/debugfs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include "selftest.h"

#define TEXT_BYTES 65536
#define NAME_BYTES 256

static char *run;
module_param(run, charp, 0444);
MODULE_PARM_DESC(run, "cases to run at probe: all, or names separated by commas");

static const struct st_case *const tables[] = {
	st_deliver_cases, st_order_cases, st_push_cases, st_torn_cases, st_engine_cases, st_error_cases,
	st_thread_cases, st_life_cases, st_fault_cases, st_chain_cases, st_rdma_cases, st_remote_cases, st_key_cases,
	st_datagram_cases, st_shared_cases, st_state_cases, st_store_cases,
};

static __printf(2, 0) void add(struct selftest *t, const char *format, va_list arguments)
{
	char line[256];

	vscnprintf(line, sizeof(line), format, arguments);
	pr_info("%s\n", line);
	t->text_bytes += scnprintf(t->text + t->text_bytes, TEXT_BYTES - t->text_bytes, "%s\n", line);
}

static __printf(2, 3) void say(struct selftest *t, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(t, format, arguments);
	va_end(arguments);
}

/* A diagnostic line of the case that runs. */
void st_note(struct selftest *t, const char *format, ...)
{
	char line[224];
	va_list arguments;

	va_start(arguments, format);
	vscnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	say(t, "  # %s", line);
}

static void run_case(struct selftest *t, const struct st_case *c, unsigned int number)
{
	ktime_t start = ktime_get();
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
	st_note(t, "%s: %lld us", c->name, ktime_us_delta(ktime_get(), start));
	say(t, "%s %u %s%s", ret < 0 ? "not ok" : "ok", number, c->title, ret == ST_SKIPPED ? " # SKIP" : "");
}

static bool separates(char c)
{
	return !c || c == ',' || isspace(c);
}

static bool wanted(const char *names, const struct st_case *c)
{
	size_t length = strlen(c->name);
	const char *at = names;

	if (sysfs_streq(names, "all"))
		return !c->alone;
	while ((at = strstr(at, c->name))) {
		if ((at == names || separates(at[-1])) && separates(at[length]))
			return true;
		at += length;
	}
	return false;
}

static unsigned int for_each_wanted(struct selftest *t, const char *names, bool execute)
{
	unsigned int count = 0, i;

	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		const struct st_case *c;

		for (c = tables[i]; c->name; c++) {
			if (!wanted(names, c))
				continue;
			count++;
			if (execute)
				run_case(t, c, count);
		}
	}
	return count;
}

static bool known(const char *name, size_t length)
{
	const struct st_case *c;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tables); i++)
		for (c = tables[i]; c->name; c++)
			if (strlen(c->name) == length && !strncmp(c->name, name, length))
				return true;
	return false;
}

/* A name that is no case is an error, even beside others: a test that does not exist must not count as passed. */
static bool all_known(const char *names)
{
	size_t length;

	if (sysfs_streq(names, "all"))
		return true;
	for (; *names; names += length) {
		for (length = 0; !separates(names[length]); length++)
			;
		if (length && !known(names, length)) {
			pr_err("no case is called %.*s\n", (int)length, names);
			return false;
		}
		if (names[length])
			length++;
	}
	return true;
}

static int run_names(struct selftest *t, const char *names)
{
	unsigned int count = for_each_wanted(t, names, false);

	if (!count || !all_known(names))
		return -EINVAL;
	if (t->closed)
		return -ENODEV;
	t->text_bytes = 0;
	t->runner = current;
	say(t, "KTAP version 1");
	say(t, "1..%u", count);
	for_each_wanted(t, names, true);
	t->runner = NULL;
	return 0;
}

static int run_demo(struct selftest *t)
{
	size_t report_bytes = t->text_bytes;	/* notes go there, and do not stay */
	int ret;

	if (t->closed)
		return -ENODEV;
	t->runner = current;
	t->story_bytes = 0;
	ret = st_open(t);
	if (!ret)
		ret = st_demo(t);
	if (st_close(t))
		ret = -EIO;
	t->runner = NULL;
	t->text_bytes = report_bytes;
	return ret;
}

static int selftest_show(struct seq_file *file, void *unused)
{
	struct selftest *t = file->private;
	int ret = mutex_lock_interruptible(&t->lock);

	if (ret)
		return ret;
	if (!t->text_bytes)
		ret = run_names(t, "all");
	seq_write(file, t->text, t->text_bytes);
	mutex_unlock(&t->lock);
	return ret;
}

static int copy_names(char *names, const char __user *from, size_t count)
{
	if (count >= NAME_BYTES)
		return -EINVAL;
	if (copy_from_user(names, from, count))
		return -EFAULT;
	names[count] = '\0';
	return 0;
}

static ssize_t selftest_write(struct file *file, const char __user *from, size_t count, loff_t *position)
{
	struct selftest *t = ((struct seq_file *)file->private_data)->private;
	char names[NAME_BYTES];
	int ret = copy_names(names, from, count);

	if (!ret)
		ret = mutex_lock_interruptible(&t->lock);
	if (ret)
		return ret;
	ret = run_names(t, names);
	mutex_unlock(&t->lock);
	return ret ? ret : count;
}
DEFINE_SHOW_STORE_ATTRIBUTE(selftest);

static int demo_show(struct seq_file *file, void *unused)
{
	struct selftest *t = file->private;
	int ret = mutex_lock_interruptible(&t->lock);

	if (ret)
		return ret;
	if (!t->story_bytes)
		ret = run_demo(t);
	seq_write(file, t->story, t->story_bytes);
	mutex_unlock(&t->lock);
	return ret;
}

static ssize_t demo_write(struct file *file, const char __user *from, size_t count, loff_t *position)
{
	struct selftest *t = ((struct seq_file *)file->private_data)->private;
	int ret = mutex_lock_interruptible(&t->lock);

	if (ret)
		return ret;
	ret = run_demo(t);
	mutex_unlock(&t->lock);
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

	if (t->runner == current || READ_ONCE(t->expects_reset)) {
		t->reset_calls[phase]++;
		if (phase == PUSHBELL_RESET_DONE)
			complete(&t->back);
		return NOTIFY_OK;
	}
	mutex_lock(&t->lock);
	t->closed = phase == PUSHBELL_RESET_PREPARE;
	mutex_unlock(&t->lock);
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
	mutex_init(&t->lock);
	init_completion(&t->back);
	t->text = devm_kmalloc(dev, TEXT_BYTES, GFP_KERNEL);
	t->story = devm_kmalloc(dev, ST_STORY_BYTES, GFP_KERNEL);
	if (!t->text || !t->story)
		return -ENOMEM;
	auxiliary_set_drvdata(auxiliary, t);
	t->resets.notifier_call = on_reset;
	ret = blocking_notifier_chain_register(&t->pb->resets, &t->resets);
	if (ret)
		return ret;
	t->port_events.notifier_call = st_port_event;
	atomic_notifier_chain_register(&t->pb->port_events, &t->port_events);
	if (run && *run) {
		mutex_lock(&t->lock);
		if (run_names(t, run))
			dev_warn(dev, "no case matches run=%s\n", run);
		mutex_unlock(&t->lock);
	}
	t->files[0] = debugfs_create_file("selftest", 0600, t->pb->debugfs, t, &selftest_fops);
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
