// SPDX-License-Identifier: GPL-2.0
/*
 * What the workload notes: errors in words, and the gaps between its completions. A gap counts only while work is
 * outstanding, and ends when an interrupt, or a poll without one, tells of a completion.
 */
#include "stress.h"

void stress_error(struct stress *s, const char *format, ...)
{
	unsigned long flags;
	va_list arguments;

	spin_lock_irqsave(&s->error_lock, flags);
	if (s->errors < STRESS_ERRORS) {
		va_start(arguments, format);
		vscnprintf(s->error_text[s->errors], STRESS_ERROR_BYTES, format, arguments);
		va_end(arguments);
	}
	s->errors++;
	spin_unlock_irqrestore(&s->error_lock, flags);
}

void stress_gaps_clear(struct stress_gaps *gaps)
{
	unsigned long flags;

	spin_lock_irqsave(&gaps->lock, flags);
	gaps->count = 0;
	gaps->dropped = 0;
	gaps->longest_ns = 0;
	spin_unlock_irqrestore(&gaps->lock, flags);
}

void stress_gaps_start(struct stress_gaps *gaps, u32 floor_us)
{
	stress_gaps_clear(gaps);
	gaps->outstanding = 0;
	gaps->floor_ns = floor_us * (u64)NSEC_PER_USEC;
	gaps->start_ns = ktime_get_ns();
}

/* Before the doorbell. */
void stress_posted(struct stress_gaps *gaps, unsigned int count)
{
	unsigned long flags;

	spin_lock_irqsave(&gaps->lock, flags);
	if (!gaps->outstanding)
		gaps->last_ns = ktime_get_ns();
	gaps->outstanding += count;
	spin_unlock_irqrestore(&gaps->lock, flags);
}

static void note(struct stress_gaps *gaps, u64 ns)
{
	if (gaps->count == STRESS_GAPS) {
		gaps->dropped++;
		return;
	}
	gaps->list[gaps->count++] = (struct stress_gap) {
		.at_us = div_u64(gaps->last_ns - gaps->start_ns, NSEC_PER_USEC), .us = div_u64(ns, NSEC_PER_USEC),
	};
}

/* A completion has come. */
void stress_seen(struct stress_gaps *gaps, u64 now_ns)
{
	unsigned long flags;

	spin_lock_irqsave(&gaps->lock, flags);
	if (gaps->outstanding && now_ns > gaps->last_ns) {
		u64 ns = now_ns - gaps->last_ns;

		if (ns > gaps->floor_ns)
			note(gaps, ns);
		gaps->longest_ns = max(gaps->longest_ns, ns);
		gaps->last_ns = now_ns;
	}
	spin_unlock_irqrestore(&gaps->lock, flags);
}

/* Completions have been taken; that they came was seen before. */
void stress_taken(struct stress_gaps *gaps, unsigned int count)
{
	unsigned long flags;

	spin_lock_irqsave(&gaps->lock, flags);
	gaps->outstanding -= min(count, gaps->outstanding);
	gaps->last_ns = ktime_get_ns();
	spin_unlock_irqrestore(&gaps->lock, flags);
}

/* Work that will never complete: its lane has ended. */
void stress_forgotten(struct stress_gaps *gaps, unsigned int count)
{
	unsigned long flags;

	spin_lock_irqsave(&gaps->lock, flags);
	gaps->outstanding -= min(count, gaps->outstanding);
	spin_unlock_irqrestore(&gaps->lock, flags);
}
