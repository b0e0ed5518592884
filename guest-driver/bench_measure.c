// SPDX-License-Identifier: GPL-2.0
/* The measurements that every device can take. A sample is one store, or the mean of a few that follow each other. */
#include <linux/sched.h>
#include <linux/sort.h>
#include "bench.h"

#define BURST 256
#define READS 16	/* one alone is shorter than the grain of some time-stamp counters */
#define SPACING_NS (100 * NSEC_PER_USEC)
#define INTERRUPT_DEADLINE_NS NSEC_PER_SEC

int bench_by_value(const void *a, const void *b)
{
	return *(const u64 *)a < *(const u64 *)b ? -1 : *(const u64 *)a > *(const u64 *)b;
}

void bench_add(struct bench_series *series, u64 cycles, u64 overhead)
{
	if (series->count < BENCH_SAMPLES_MAX)
		series->samples[series->count++] = cycles > overhead ? cycles - overhead : 0;
}

/* What it costs to look at the clock twice: the median of many tries. */
u64 bench_overhead(void)
{
	u64 tries[255];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		u64 start = bench_now();

		tries[i] = bench_now() - start;
	}
	sort(tries, ARRAY_SIZE(tries), sizeof(tries[0]), bench_by_value, NULL);
	return tries[ARRAY_SIZE(tries) / 2];
}

/* Round trip of a 32-bit read, back to back. */
int bench_reads(struct bench_target *target, u64 overhead, struct bench_series *series, unsigned int count)
{
	while (count--) {
		u64 start = bench_now();
		unsigned int i;

		for (i = 0; i < READS; i++)
			readl(target->scratch);
		bench_add(series, (bench_now() - start - overhead) / READS, 0);
	}
	return 0;
}

static void burst(struct bench_target *target)
{
	unsigned int i;

	for (i = 0; i < BURST; i++)
		writel(i, target->scratch);
}

/* A write in a burst: what it costs the guest. */
int bench_bursts(struct bench_target *target, u64 overhead, struct bench_series *series, unsigned int count)
{
	while (count--) {
		u64 start = bench_now();

		burst(target);
		bench_add(series, (bench_now() - start - overhead) / BURST, 0);
		readl(target->scratch);	/* each burst starts with nothing on the way */
		cond_resched();
	}
	return 0;
}

/* A write in a burst: until the device has it, which the answer to a read behind the burst tells. */
int bench_bursts_arrived(struct bench_target *target, u64 overhead, struct bench_series *series, unsigned int count)
{
	while (count--) {
		u64 start = bench_now();

		burst(target);
		readl(target->scratch);
		bench_add(series, (bench_now() - start - overhead) / BURST, 0);
		cond_resched();
	}
	return 0;
}

static void pause_ns(u64 ns)
{
	u64 end = bench_now() + bench_cycles(ns);

	while (bench_now() < end)
		cpu_relax();
}

/* One write each 100 microseconds: what it costs the guest when the device has fallen idle in between. */
int bench_spaced(struct bench_target *target, u64 overhead, struct bench_series *series, unsigned int count)
{
	while (count--) {
		u64 start;

		pause_ns(SPACING_NS);
		start = bench_now();
		writel(count, target->scratch);
		bench_add(series, bench_now() - start, overhead);
		cond_resched();
	}
	return 0;
}

/* The write that makes the device interrupt, until the first line of the handler. */
int bench_interrupts(struct bench_target *target, u64 overhead, struct bench_series *series, unsigned int count)
{
	while (count--) {
		u64 start;

		WRITE_ONCE(target->stamp, 0);
		start = bench_now();
		writel(target->raise_value, target->raise);
		while (!READ_ONCE(target->stamp)) {
			if (bench_now() - start > bench_cycles(INTERRUPT_DEADLINE_NS))
				return -ETIMEDOUT;
			cpu_relax();
		}
		bench_add(series, READ_ONCE(target->stamp) - start, overhead);
		pause_ns(20 * NSEC_PER_USEC);	/* the handler's own work is over before the next one */
	}
	return 0;
}
