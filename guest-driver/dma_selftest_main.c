// SPDX-License-Identifier: GPL-2.0
/*
 * pushbell_dma_selftest: exercises the DMA engine through dmaengine and reports KTAP, as pushbell_selftest does:
 *
 *   /sys/kernel/debug/pushbell/<address>/dma_selftest   writing "all" or the name of a case runs it, reading reports
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "dma_selftest.h"

#define TEXT_BYTES 32768
#define NAME_BYTES 64

static const struct ds_case *const tables[] = { ds_work_cases, ds_flow_cases, ds_end_cases, ds_error_cases };

static __printf(2, 3) void say(struct dma_selftest *t, const char *format, ...)
{
	char line[256];
	va_list arguments;

	va_start(arguments, format);
	vscnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	pr_info("%s\n", line);
	t->text_bytes += scnprintf(t->text + t->text_bytes, TEXT_BYTES - t->text_bytes, "%s\n", line);
}

/* A diagnostic line of the case that runs. */
void ds_note(struct dma_selftest *t, const char *format, ...)
{
	char line[224];
	va_list arguments;

	va_start(arguments, format);
	vscnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	say(t, "  # %s", line);
}

static void run_case(struct dma_selftest *t, const struct ds_case *c, unsigned int number)
{
	ktime_t start = ktime_get();
	int ret;

	atomic_set(&t->calls, 0);
	ret = c->run(t);
	if (ret)
		ds_hold(t, false);	/* what a case left behind must not fail the next */
	ds_close(t);
	ds_note(t, "%s: %lld us", c->name, ktime_us_delta(ktime_get(), start));
	say(t, "%s %u %s", ret ? "not ok" : "ok", number, c->title);
}

static bool wanted(const char *name, const struct ds_case *c)
{
	return sysfs_streq(name, "all") || sysfs_streq(name, c->name);
}

static unsigned int for_each_wanted(struct dma_selftest *t, const char *name, bool execute)
{
	unsigned int count = 0, i;

	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		const struct ds_case *c;

		for (c = tables[i]; c->name; c++) {
			if (!wanted(name, c))
				continue;
			count++;
			if (execute)
				run_case(t, c, count);
		}
	}
	return count;
}

static int run(struct dma_selftest *t, const char *name)
{
	unsigned int count = for_each_wanted(t, name, false);

	if (!count)
		return -EINVAL;
	t->text_bytes = 0;
	say(t, "KTAP version 1");
	say(t, "1..%u", count);
	for_each_wanted(t, name, true);
	return 0;
}

static int dma_selftest_show(struct seq_file *file, void *unused)
{
	struct dma_selftest *t = file->private;
	int ret = mutex_lock_interruptible(&t->lock);

	if (ret)
		return ret;
	if (!t->text_bytes)
		ret = run(t, "all");
	seq_write(file, t->text, t->text_bytes);
	mutex_unlock(&t->lock);
	return ret;
}

static ssize_t dma_selftest_write(struct file *file, const char __user *from, size_t count, loff_t *position)
{
	struct dma_selftest *t = ((struct seq_file *)file->private_data)->private;
	char name[NAME_BYTES] = "";
	int ret;

	if (count >= sizeof(name))
		return -EINVAL;
	if (copy_from_user(name, from, count))
		return -EFAULT;
	ret = mutex_lock_interruptible(&t->lock);
	if (ret)
		return ret;
	ret = run(t, name);
	mutex_unlock(&t->lock);
	return ret ? ret : count;
}
DEFINE_SHOW_STORE_ATTRIBUTE(dma_selftest);

static int probe(struct auxiliary_device *auxiliary, const struct auxiliary_device_id *id)
{
	struct device *dev = &auxiliary->dev;
	struct dma_selftest *t = devm_kzalloc(dev, sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	t->pb = pushbell_of(auxiliary);
	mutex_init(&t->lock);
	t->text = devm_kmalloc(dev, TEXT_BYTES, GFP_KERNEL);
	t->transfers = devm_kcalloc(dev, DS_TRANSFERS, sizeof(*t->transfers), GFP_KERNEL);
	if (!t->text || !t->transfers)
		return -ENOMEM;
	auxiliary_set_drvdata(auxiliary, t);
	t->file = debugfs_create_file("dma_selftest", 0600, t->pb->debugfs, t, &dma_selftest_fops);
	return 0;
}

/* Removing the file waits for whoever runs cases through it. */
static void remove(struct auxiliary_device *auxiliary)
{
	struct dma_selftest *t = auxiliary_get_drvdata(auxiliary);

	debugfs_remove(t->file);
}

static const struct auxiliary_device_id dma_selftest_ids[] = {
	{ .name = "pushbell.dma_selftest" },
	{ }
};
MODULE_DEVICE_TABLE(auxiliary, dma_selftest_ids);

static struct auxiliary_driver dma_selftest_driver = {
	.name = "dma_selftest",
	.id_table = dma_selftest_ids,
	.probe = probe,
	.remove = remove,
};
module_auxiliary_driver(dma_selftest_driver);

MODULE_DESCRIPTION("Pushbell adapter: self-test of the DMA engine");
MODULE_LICENSE("GPL");
