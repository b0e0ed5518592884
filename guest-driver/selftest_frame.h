/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The frame of a self-test: cases by name, their report as KTAP (Documentation/dev-tools/ktap.rst) to the kernel log and
 * to a file in debugfs. Writing "all" or names of cases to it runs them, reading gives the report; reading what has not run
 * yet runs all. The main file of each module includes it.
 */
#ifndef PUSHBELL_SELFTEST_FRAME_H
#define PUSHBELL_SELFTEST_FRAME_H
#include <linux/ctype.h>
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include "compat.h"
#include "selftest_case.h"

#define TEXT_BYTES 65536
#define NAME_BYTES 256

static __printf(2, 3) void say(struct st_frame *f, const char *format, ...)
{
	char line[256];
	va_list arguments;

	va_start(arguments, format);
	vscnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	pr_info("%s\n", line);
	f->text_bytes += scnprintf(f->text + f->text_bytes, TEXT_BYTES - f->text_bytes, "%s\n", line);
}

static __printf(2, 0) void st_frame_note(struct st_frame *f, const char *format, va_list arguments)
{
	char line[224];

	vscnprintf(line, sizeof(line), format, arguments);
	say(f, "  # %s", line);
}

static void run_case(struct st_frame *f, const struct st_case *c, unsigned int number)
{
	ktime_t start = ktime_get();
	int ret = f->run_case(f->t, c);

	say(f, "  # %s: %lld us", c->name, ktime_us_delta(ktime_get(), start));
	say(f, "%s %u %s%s", ret < 0 ? "not ok" : "ok", number, c->title, ret == ST_SKIPPED ? " # SKIP" : "");
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

static unsigned int for_each_wanted(struct st_frame *f, const char *names, bool execute)
{
	unsigned int count = 0, i;

	for (i = 0; i < f->table_count; i++) {
		const struct st_case *c;

		for (c = f->tables[i]; c->name; c++) {
			if (!wanted(names, c))
				continue;
			count++;
			if (execute)
				run_case(f, c, count);
		}
	}
	return count;
}

static bool known(const struct st_frame *f, const char *name, size_t length)
{
	const struct st_case *c;
	unsigned int i;

	for (i = 0; i < f->table_count; i++)
		for (c = f->tables[i]; c->name; c++)
			if (strlen(c->name) == length && !strncmp(c->name, name, length))
				return true;
	return false;
}

/* A name that is no case is an error, even beside others: a test that does not exist must not count as passed. */
static bool all_known(const struct st_frame *f, const char *names)
{
	size_t length;

	if (sysfs_streq(names, "all"))
		return true;
	for (; *names; names += length) {
		for (length = 0; !separates(names[length]); length++)
			;
		if (length && !known(f, names, length)) {
			pr_err("no case is called %.*s\n", (int)length, names);
			return false;
		}
		if (names[length])
			length++;
	}
	return true;
}

static int st_frame_run(struct st_frame *f, const char *names)
{
	unsigned int count = for_each_wanted(f, names, false);

	if (!count || !all_known(f, names))
		return -EINVAL;
	if (f->closed)
		return -ENODEV;
	f->text_bytes = 0;
	f->runner = current;
	say(f, "KTAP version 1");
	say(f, "1..%u", count);
	for_each_wanted(f, names, true);
	f->runner = NULL;
	return 0;
}

static int st_frame_show(struct seq_file *file, void *unused)
{
	struct st_frame *f = file->private;
	int ret = mutex_lock_interruptible(&f->lock);

	if (ret)
		return ret;
	if (!f->text_bytes)
		ret = st_frame_run(f, "all");
	seq_write(file, f->text, f->text_bytes);
	mutex_unlock(&f->lock);
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

static ssize_t st_frame_write(struct file *file, const char __user *from, size_t count, loff_t *position)
{
	struct st_frame *f = ((struct seq_file *)file->private_data)->private;
	char names[NAME_BYTES];
	int ret = copy_names(names, from, count);

	if (!ret)
		ret = mutex_lock_interruptible(&f->lock);
	if (ret)
		return ret;
	ret = st_frame_run(f, names);
	mutex_unlock(&f->lock);
	return ret ? ret : count;
}
DEFINE_SHOW_STORE_ATTRIBUTE(st_frame);

static int st_frame_init(struct st_frame *f, struct device *dev)
{
	mutex_init(&f->lock);
	f->text = devm_kmalloc(dev, TEXT_BYTES, GFP_KERNEL);
	return f->text ? 0 : -ENOMEM;
}

#endif /* PUSHBELL_SELFTEST_FRAME_H */
