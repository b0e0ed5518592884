// SPDX-License-Identifier: GPL-2.0
/*
 * pushbell_stress: a workload that checks itself, to run while the adapter's process is killed and started again.
 *
 *   /sys/kernel/debug/pushbell/<address>/stress   writing "start [key=value ...]" starts it, "stop" ends it when all has
 *                                                 completed, "reset-gaps" forgets the gaps; reading tells how it goes
 *
 * Pairs of queue pairs send to each other, read and write each other's memory, do atomics and register keys (pairs=);
 * DMA channels copy and fill (channels=); unreliable connections send and write (uc=), datagrams go to address handles
 * (ud=), and connections share a receive queue (shared=); rung and pushed. Every byte, the order and the number of
 * completions are checked, and the gaps between completions are listed, so that pauses can be measured. Anything wrong is
 * counted in errors= and told; nothing is tolerated, and not a lost message either.
 */
#include <linux/ctype.h>
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "stress.h"

#define COMMAND_BYTES 256

struct parameter {
	const char *name;
	size_t offset;
	u32 initial, min, max;
};

#define KEY(name, initial, min, max) { #name, offsetof(struct stress_parameters, name), initial, min, max }

static const struct parameter keys[] = {
	KEY(pairs, 2, 0, STRESS_KIND_MAX), KEY(channels, 1, 0, STRESS_KIND_MAX), KEY(uc, 1, 0, STRESS_KIND_MAX),
	KEY(ud, 1, 0, STRESS_KIND_MAX), KEY(shared, 1, 0, STRESS_KIND_MAX), KEY(window, 8, 1, STRESS_WINDOW_MAX),
	KEY(bytes, 4096, STRESS_BYTES_MIN, STRESS_BYTES_MAX), KEY(pushes, 50, 0, 100),
	KEY(throttle_us, 1000, 0, 1000000), KEY(gap_us, 5000, 1, 10000000), KEY(stall_ms, 15000, 100, 600000),
	KEY(seed, 1, 0, U32_MAX), KEY(again, 0, 0, 1),
};

static u32 *value_of(struct stress_parameters *parameters, const struct parameter *key)
{
	return (u32 *)((u8 *)parameters + key->offset);
}

static const struct parameter *find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (!strcmp(keys[i].name, name))
			return &keys[i];
	return NULL;
}

static int parse(char *text, struct stress_parameters *parameters)
{
	unsigned int i;
	char *word;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		*value_of(parameters, &keys[i]) = keys[i].initial;
	while ((word = strsep(&text, " \t\n"))) {
		char *value = strchr(word, '=');
		const struct parameter *key;
		u32 number;

		if (!*word)
			continue;
		if (!value)
			return -EINVAL;
		*value++ = '\0';
		key = find(word);
		if (!key || kstrtou32(value, 0, &number) || number < key->min || number > key->max)
			return -EINVAL;
		*value_of(parameters, key) = number;
	}
	return parameters->pairs + parameters->channels + parameters->uc + parameters->ud + parameters->shared ? 0 :
	       -EINVAL;
}

static int start(struct stress *s, char *text)
{
	struct stress_parameters parameters;
	int ret = parse(text, &parameters);

	if (ret)
		return ret;
	if (s->state == STRESS_RUNNING)
		return -EBUSY;
	if (pushbell_away(s->pb))
		return -ENODEV;
	s->parameters = parameters;
	return stress_start(s, false);
}

static int command(struct stress *s, char *text)
{
	if (!strncmp(text, "start", 5) && (!text[5] || isspace(text[5])))
		return start(s, text + 5);
	if (sysfs_streq(text, "reset-gaps")) {
		stress_gaps_clear(&s->gaps);
		return 0;
	}
	if (!sysfs_streq(text, "stop"))
		return -EINVAL;
	if (s->state == STRESS_RUNNING)
		stress_stop(s, STRESS_STOPPED);
	else if (s->state == STRESS_INTERRUPTED)
		s->state = STRESS_STOPPED;	/* not to be started again */
	return 0;
}

static ssize_t stress_write(struct file *file, const char __user *from, size_t count, loff_t *position)
{
	struct stress *s = ((struct seq_file *)file->private_data)->private;
	char text[COMMAND_BYTES] = "";
	int ret;

	if (count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, count))
		return -EFAULT;
	ret = mutex_lock_interruptible(&s->lock);
	if (ret)
		return ret;
	ret = command(s, text);
	mutex_unlock(&s->lock);
	return ret ? ret : count;
}

struct totals {
	struct stress_counts counts;
	u64 completed;
};

/* Without the lock: reading works while "stop" waits. */
static struct totals add_up(struct stress *s)
{
	struct totals all = { };
	unsigned int i;

	for (i = 0; i < STRESS_LANES; i++) {
		const struct stress_counts *c = &s->lanes[i].counts;

#define ADD(name) (all.counts.name += READ_ONCE(c->name))
		ADD(rung), ADD(pushed), ADD(inlines), ADD(bytes), ADD(interrupts);
		ADD(sends), ADD(receives), ADD(copies), ADD(fills);
		ADD(writes), ADD(reads), ADD(atomics), ADD(registrations);
		ADD(uc_sends), ADD(uc_writes), ADD(datagrams), ADD(shared);
#undef ADD
	}
	all.completed = all.counts.sends + all.counts.copies + all.counts.fills + all.counts.writes +
			all.counts.reads + all.counts.atomics + all.counts.registrations;
	return all;
}

static void show_gaps(struct seq_file *file, struct stress_gaps *gaps)
{
	unsigned int i, count = READ_ONCE(gaps->count);

	seq_printf(file, "longest_gap_us=%llu\ngap_floor_us=%llu\ngaps=%u\ngaps_dropped=%u\n",
		   div_u64(READ_ONCE(gaps->longest_ns), NSEC_PER_USEC), div_u64(gaps->floor_ns, NSEC_PER_USEC), count,
		   READ_ONCE(gaps->dropped));
	for (i = 0; i < count; i++)
		seq_printf(file, "gap at_us=%llu us=%llu\n", gaps->list[i].at_us, gaps->list[i].us);
}

static int stress_show(struct seq_file *file, void *unused)
{
	static const char * const states[] = { "idle", "running", "stopping", "stopped", "interrupted" };
	struct stress *s = file->private;
	bool ended = s->state != STRESS_RUNNING && s->state != STRESS_STOPPING;
	struct totals all = add_up(s);
	const struct stress_counts *c = &all.counts;
	unsigned int i, errors = READ_ONCE(s->errors);

	seq_printf(file, "state=%s\nelapsed_ms=%llu\n", states[s->state],
		   div_u64((ended ? s->end_ns : ktime_get_ns()) - s->start_ns, NSEC_PER_MSEC));
	seq_printf(file, "posted=%llu\ncompleted=%llu\nabandoned=%llu\nreceived=%llu\n", c->rung + c->pushed,
		   all.completed, READ_ONCE(s->abandoned), c->receives);
	seq_printf(file, "sends=%llu\ncopies=%llu\nfills=%llu\nwrites=%llu\nreads=%llu\natomics=%llu\n", c->sends,
		   c->copies, c->fills, c->writes, c->reads, c->atomics);
	seq_printf(file, "registrations=%llu\ninlines=%llu\n", c->registrations, c->inlines);
	seq_printf(file, "uc_sends=%llu\nuc_writes=%llu\ndatagrams=%llu\nshared=%llu\n", c->uc_sends, c->uc_writes,
		   c->datagrams, c->shared);
	seq_printf(file, "rung=%llu\npushed=%llu\nbytes=%llu\ninterrupts=%llu\nresets=%u\nerrors=%u\n", c->rung,
		   c->pushed, c->bytes, c->interrupts, READ_ONCE(s->resets), errors);
	for (i = 0; i < min(errors, (unsigned int)STRESS_ERRORS); i++)
		seq_printf(file, "error=\"%s\"\n", s->error_text[i]);
	show_gaps(file, &s->gaps);
	return 0;
}
DEFINE_SHOW_STORE_ATTRIBUTE(stress);

static void interrupted(struct stress *s)
{
	if (s->state != STRESS_RUNNING)
		return;
	WRITE_ONCE(s->aborted, true);
	s->resets++;
	if (!s->parameters.again)
		stress_error(s, "the adapter was reset or went away");
	stress_stop(s, STRESS_INTERRUPTED);
}

static void back(struct stress *s)
{
	int ret;

	if (s->state != STRESS_INTERRUPTED || !s->parameters.again)
		return;
	ret = stress_start(s, true);
	if (ret)
		stress_error(s, "it does not start again: %d", ret);
}

static int on_reset(struct notifier_block *block, unsigned long phase, void *data)
{
	struct stress *s = container_of(block, struct stress, resets_block);

	mutex_lock(&s->lock);
	if (phase == PUSHBELL_RESET_PREPARE)
		interrupted(s);
	else
		back(s);
	mutex_unlock(&s->lock);
	return NOTIFY_OK;
}

static int probe(struct auxiliary_device *auxiliary, const struct auxiliary_device_id *id)
{
	struct device *dev = &auxiliary->dev;
	struct stress *s = devm_kzalloc(dev, sizeof(*s), GFP_KERNEL);
	int ret;

	if (!s)
		return -ENOMEM;
	s->pb = pushbell_of(auxiliary);
	mutex_init(&s->lock);
	spin_lock_init(&s->error_lock);
	spin_lock_init(&s->gaps.lock);
	s->lanes = devm_kcalloc(dev, STRESS_LANES, sizeof(*s->lanes), GFP_KERNEL);
	s->gaps.list = devm_kcalloc(dev, STRESS_GAPS, sizeof(*s->gaps.list), GFP_KERNEL);
	if (!s->lanes || !s->gaps.list)
		return -ENOMEM;
	auxiliary_set_drvdata(auxiliary, s);
	s->resets_block.notifier_call = on_reset;
	ret = blocking_notifier_chain_register(&s->pb->resets, &s->resets_block);
	if (ret)
		return ret;
	s->file = debugfs_create_file("stress", 0600, s->pb->debugfs, s, &stress_fops);
	return 0;
}

static void remove(struct auxiliary_device *auxiliary)
{
	struct stress *s = auxiliary_get_drvdata(auxiliary);

	/* Removal does not wait for work: the adapter may be silent, and is about to be stopped. */
	WRITE_ONCE(s->aborted, true);
	debugfs_remove(s->file);
	blocking_notifier_chain_unregister(&s->pb->resets, &s->resets_block);
	if (s->state == STRESS_RUNNING)
		stress_stop(s, STRESS_INTERRUPTED);
}

static const struct auxiliary_device_id stress_ids[] = {
	{ .name = "pushbell.stress" },
	{ }
};
MODULE_DEVICE_TABLE(auxiliary, stress_ids);

static struct auxiliary_driver stress_driver = {
	.name = "stress",
	.id_table = stress_ids,
	.probe = probe,
	.remove = remove,
};
module_auxiliary_driver(stress_driver);

MODULE_DESCRIPTION("Pushbell adapter: workload that checks itself");
MODULE_LICENSE("GPL");
