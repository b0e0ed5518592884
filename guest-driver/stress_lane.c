// SPDX-License-Identifier: GPL-2.0
/* A lane at work: the thread, and how it waits. */
#include <linux/delay.h>
#include <linux/kthread.h>
#include "stress.h"

#define SLICE_MS 200
#define BATCH 16

void stress_lane_event(struct pushbell_cq *cq, void *context)
{
	struct stress_lane *lane = context;

	stress_seen(&lane->stress->gaps, ktime_get_ns());
	lane->counts.interrupts++;
	complete(&lane->event);
}

unsigned int stress_lane_outstanding(const struct stress_lane *lane)
{
	unsigned int count = lane->posted - lane->completed;

	return count + (lane->receivable - lane->received);
}

static bool hopeless(struct stress_lane *lane)
{
	return READ_ONCE(lane->stress->aborted) || pushbell_away(lane->stress->pb);
}

/* The next receive for each one that was used, then sends up to the window. 0, or what stopped it. */
static int fill(struct stress_lane *lane)
{
	u32 window = lane->stress->parameters.window;
	int ret = 0;

	while (!ret && lane->kind != STRESS_DMA && lane->receives_posted < lane->received + window)
		ret = stress_post_receive(lane);
	while (!ret && lane->posted < lane->completed + window &&
	       lane->receivable < lane->received + window)
		ret = stress_post(lane);
	return ret;
}

static unsigned int take(struct stress_lane *lane)
{
	struct pushbell_wc wc[BATCH];
	unsigned int total = 0;
	int taken, i;

	while ((taken = pushbell_cq_poll(lane->cq, wc, BATCH)) > 0) {
		stress_taken(&lane->stress->gaps, taken);
		for (i = 0; i < taken; i++)
			stress_check(lane, &wc[i]);
		total += taken;
	}
	return total;
}

/* Only the interrupt wakes it: one that does not come shows here, and is never made good by a poll in silence. */
static bool await_event(struct stress_lane *lane)
{
	struct stress *s = lane->stress;
	unsigned long end = jiffies + msecs_to_jiffies(s->parameters.stall_ms);
	unsigned int found;

	reinit_completion(&lane->event);
	pushbell_cq_arm(lane->cq, false);
	while (time_before(jiffies, end)) {
		if (wait_for_completion_timeout(&lane->event, msecs_to_jiffies(SLICE_MS)))
			return true;
		if (hopeless(lane))
			return false;
	}
	found = take(lane);
	if (found)
		stress_error(s, "lane %u: %u completions without an interrupt for %u ms", lane->number, found,
			     s->parameters.stall_ms);
	else
		stress_error(s, "lane %u: no completion of %u work requests for %u ms", lane->number,
			     stress_lane_outstanding(lane), s->parameters.stall_ms);
	return !READ_ONCE(s->stopping);
}

/* Until nothing is outstanding. False: it is no use to go on. */
static bool drain(struct stress_lane *lane)
{
	while (stress_lane_outstanding(lane) && !lane->broken) {
		if (!await_event(lane))
			return false;
		take(lane);
	}
	return !lane->broken;
}

static void rest(struct stress_lane *lane)
{
	u32 us = lane->stress->parameters.throttle_us;

	if (us)
		usleep_range(us, us + us / 8);
	else
		cond_resched();
}

int stress_lane_thread(void *data)
{
	struct stress_lane *lane = data;

	while (!READ_ONCE(lane->stress->stopping)) {
		int ret = fill(lane);

		if (ret == -ENODEV)
			break;		/* the adapter is being reset or went away: the notifier counts that */
		if (ret && ret != -EAGAIN)
			stress_error(lane->stress, "lane %u: post gave %d", lane->number, ret);
		if ((ret && ret != -EAGAIN) || !drain(lane))
			break;
		if (ret == -EAGAIN)	/* it sleeps */
			msleep(20);
		rest(lane);
	}
	while (!kthread_should_stop()) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!kthread_should_stop())
			schedule();
		__set_current_state(TASK_RUNNING);
	}
	return 0;
}
