// SPDX-License-Identifier: GPL-2.0
/* The workload as a whole: lanes made and started together, stopped and destroyed together. */
#include <linux/kthread.h>
#include <linux/slab.h>
#include "stress.h"

static void close_lanes(struct stress *s)
{
	unsigned int i;

	for (i = 0; i < s->lane_count; i++)
		stress_lane_close(&s->lanes[i]);
}

static void join(struct stress *s)
{
	unsigned int i;

	WRITE_ONCE(s->stopping, true);
	for (i = 0; i < s->lane_count; i++)
		if (s->lanes[i].thread)
			kthread_stop(s->lanes[i].thread);
	for (i = 0; i < s->lane_count; i++)
		s->lanes[i].thread = NULL;
}

static int launch(struct stress *s)
{
	unsigned int i;

	for (i = 0; i < s->lane_count; i++) {
		struct task_struct *thread = kthread_run(stress_lane_thread, &s->lanes[i], "pushbell-str%u", i);

		if (IS_ERR(thread))
			return PTR_ERR(thread);
		s->lanes[i].thread = thread;
	}
	return 0;
}

/* How many lanes of each kind. */
static void count_kinds(const struct stress_parameters *p, u32 counts[STRESS_KINDS])
{
	counts[STRESS_RC] = p->pairs;
	counts[STRESS_DMA] = p->channels;
	counts[STRESS_UC] = p->uc;
	counts[STRESS_UD] = p->ud;
	counts[STRESS_SHARED] = p->shared;
}

static enum stress_kind kind_of(const struct stress *s, unsigned int number)
{
	enum stress_kind kind = STRESS_RC;
	u32 counts[STRESS_KINDS];

	for (count_kinds(&s->parameters, counts); number >= counts[kind]; kind++)
		number -= counts[kind];
	return kind;
}

static int open_lanes(struct stress *s)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < s->lane_count && !ret; i++) {
		s->lanes[i].stress = s;
		s->lanes[i].number = i;
		s->lanes[i].kind = kind_of(s, i);
		ret = stress_lane_open(&s->lanes[i]);
	}
	return ret;
}

static void forget(struct stress *s)
{
	u32 counts[STRESS_KINDS];
	unsigned int i;

	count_kinds(&s->parameters, counts);
	for (s->lane_count = 0, i = 0; i < STRESS_KINDS; i++)
		s->lane_count += counts[i];
	for (i = 0; i < STRESS_LANES; i++)
		s->lanes[i] = (struct stress_lane) { .stress = s };
	s->errors = 0;
	s->resets = 0;
	s->abandoned = 0;
	s->start_ns = ktime_get_ns();
	stress_gaps_start(&s->gaps, s->parameters.gap_us);
}

/* `again`: after a reset, with all counts as they are. */
int stress_start(struct stress *s, bool again)
{
	int ret;

	if (!again)
		forget(s);
	WRITE_ONCE(s->aborted, false);
	WRITE_ONCE(s->stopping, false);
	ret = open_lanes(s);
	if (!ret)
		ret = launch(s);
	if (ret) {
		join(s);
		close_lanes(s);
		return ret;
	}
	s->state = STRESS_RUNNING;
	return 0;
}

/* What was posted has to complete, unless there is nobody who could. */
void stress_stop(struct stress *s, enum stress_state state)
{
	unsigned int i;

	s->state = STRESS_STOPPING;
	join(s);
	for (i = 0; i < s->lane_count; i++) {
		struct stress_lane *lane = &s->lanes[i];

		s->abandoned += lane->posted - lane->completed;
		if (state == STRESS_STOPPED && stress_lane_outstanding(lane))
			stress_error(s, "lane %u: %u completions are missing", i, stress_lane_outstanding(lane));
	}
	close_lanes(s);
	s->end_ns = ktime_get_ns();
	s->state = state;
}
