// SPDX-License-Identifier: GPL-2.0
/*
 * pushbell_dma_selftest: exercises the DMA engine through dmaengine and reports KTAP, as pushbell_selftest does:
 *
 *   /sys/kernel/debug/pushbell/<address>/dma_selftest   writing "all" or names of cases runs them, reading reports
 */
#include <linux/module.h>
#include <linux/slab.h>
#include "dma_selftest.h"
#include "selftest_frame.h"

static const struct st_case *const tables[] = {
	ds_work_cases, ds_flow_cases, ds_end_cases, ds_error_cases, ds_broken_cases,
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
	int ret;

	atomic_set(&t->calls, 0);
	ret = c->run(t);
	if (ret < 0)
		ds_hold(t, false);	/* what a case left behind must not fail the next */
	ds_close(t);
	return ret;
}

static int probe(struct auxiliary_device *auxiliary, const struct auxiliary_device_id *id)
{
	struct device *dev = &auxiliary->dev;
	struct selftest *t = devm_kzalloc(dev, sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	t->pb = pushbell_of(auxiliary);
	t->frame.t = t;
	t->frame.tables = tables;
	t->frame.table_count = ARRAY_SIZE(tables);
	t->frame.run_case = execute;
	t->transfers = devm_kcalloc(dev, DS_TRANSFERS, sizeof(*t->transfers), GFP_KERNEL);
	if (!t->transfers || st_frame_init(&t->frame, dev))
		return -ENOMEM;
	auxiliary_set_drvdata(auxiliary, t);
	t->file = debugfs_create_file("dma_selftest", 0600, t->pb->debugfs, &t->frame, &st_frame_fops);
	return 0;
}

/* Removing the file waits for whoever runs cases through it. */
static void remove(struct auxiliary_device *auxiliary)
{
	struct selftest *t = auxiliary_get_drvdata(auxiliary);

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
