// SPDX-License-Identifier: GPL-2.0
/*
 * pushbell_bugs: bugs of the kind that drivers have, planted on purpose, to see that they do not pass unseen when the
 * adapter sits behind an IOMMU (intel_iommu=on iommu.strict=1).
 *
 *   /sys/kernel/debug/pushbell/<address>/bugs   writing a bug's name plants it, once; reading tells what the adapter
 *                                               said of the last one, or the names when there was none yet
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "bugs.h"

#define NAME_BYTES 64

static const struct bug *find(const char *name)
{
	const struct bug *bug;

	for (bug = bugs_all; bug->name; bug++)
		if (sysfs_streq(name, bug->name))
			return bug;
	return NULL;
}

static int plant(struct bugs *b, const struct bug *bug)
{
	struct bug_scene *scene = kzalloc(sizeof(*scene), GFP_KERNEL);
	int ret;

	if (!scene)
		return -ENOMEM;
	ret = bugs_scene_open(scene, b->pb);
	if (!ret)
		ret = bug->plant(scene);
	/* The event may come a little after the completion; a bug that nobody notices has none. */
	if (!ret && !scene->skipped && scene->qp &&
	    (!scene->completed || scene->wc.status != PB_WC_STATUS_SUCCESS))
		wait_for_completion_timeout(&scene->failed, msecs_to_jiffies(BUGS_WAIT_MS));
	/*
	 * The driver's own line on it asks the queue what it was, from a work item that the interrupt
	 * queues: the queue stays until that is told. A race with the teardown: no test can lose it for
	 * certain, so none shows that the two lines are needed.
	 */
	synchronize_irq(b->pb->eqs[0].irq);
	flush_work(&b->pb->report_work);
	bugs_report(b, bug->name, scene, ret);
	ret = bugs_scene_close(scene);
	if (!ret)
		kfree(scene);	/* else queues that could not be destroyed still point to it */
	return ret;
}

static int run(struct bugs *b, const char *name)
{
	const struct bug *bug = find(name);

	if (!bug)
		return -EINVAL;
	return b->closed ? -ENODEV : plant(b, bug);
}

static ssize_t bugs_write(struct file *file, const char __user *from, size_t count, loff_t *position)
{
	struct bugs *b = ((struct seq_file *)file->private_data)->private;
	char name[NAME_BYTES] = "";
	int ret;

	if (count >= sizeof(name))
		return -EINVAL;
	if (copy_from_user(name, from, count))
		return -EFAULT;
	ret = mutex_lock_interruptible(&b->lock);
	if (ret)
		return ret;
	ret = run(b, name);
	mutex_unlock(&b->lock);
	return ret ? ret : count;
}

static int bugs_show(struct seq_file *file, void *unused)
{
	struct bugs *b = file->private;
	const struct bug *bug;

	mutex_lock(&b->lock);
	if (b->text_bytes)
		seq_write(file, b->text, b->text_bytes);
	else
		for (bug = bugs_all; bug->name; bug++)
			seq_printf(file, "%s%s", bug == bugs_all ? "bugs=" : " ", bug->name);
	if (!b->text_bytes)
		seq_puts(file, "\n");
	mutex_unlock(&b->lock);
	return 0;
}
DEFINE_SHOW_STORE_ATTRIBUTE(bugs);

static int on_reset(struct notifier_block *block, unsigned long phase, void *data)
{
	struct bugs *b = container_of(block, struct bugs, resets);

	mutex_lock(&b->lock);
	b->closed = phase == PUSHBELL_RESET_PREPARE;
	mutex_unlock(&b->lock);
	return NOTIFY_OK;
}

static int probe(struct auxiliary_device *auxiliary, const struct auxiliary_device_id *id)
{
	struct device *dev = &auxiliary->dev;
	struct bugs *b = devm_kzalloc(dev, sizeof(*b), GFP_KERNEL);
	int ret;

	if (!b)
		return -ENOMEM;
	b->pb = pushbell_of(auxiliary);
	mutex_init(&b->lock);
	b->text = devm_kzalloc(dev, BUGS_TEXT_BYTES, GFP_KERNEL);
	if (!b->text)
		return -ENOMEM;
	auxiliary_set_drvdata(auxiliary, b);
	b->resets.notifier_call = on_reset;
	ret = blocking_notifier_chain_register(&b->pb->resets, &b->resets);
	if (ret)
		return ret;
	b->file = debugfs_create_file("bugs", 0600, b->pb->debugfs, b, &bugs_fops);
	return 0;
}

static void remove(struct auxiliary_device *auxiliary)
{
	struct bugs *b = auxiliary_get_drvdata(auxiliary);

	debugfs_remove(b->file);
	blocking_notifier_chain_unregister(&b->pb->resets, &b->resets);
}

static const struct auxiliary_device_id bugs_ids[] = {
	{ .name = "pushbell.bugs" },
	{ }
};
MODULE_DEVICE_TABLE(auxiliary, bugs_ids);

static struct auxiliary_driver bugs_driver = {
	.name = "bugs",
	.id_table = bugs_ids,
	.probe = probe,
	.remove = remove,
};
module_auxiliary_driver(bugs_driver);

MODULE_DESCRIPTION("Pushbell adapter: planted bugs");
MODULE_LICENSE("GPL");
