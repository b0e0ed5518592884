// SPDX-License-Identifier: MIT
/* Prints the rate of this machine's time stamp counter in kHz, measured against the monotonic clock. */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

#define TRIES 50
#define SPAN_NS 200000000ull

struct moment {
	uint64_t ns;
	uint64_t ticks;
};

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* Both clocks at the same time: of many tries, the one that nothing came in between. */
static struct moment look(void)
{
	struct moment best = { 0, 0 };
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		uint64_t before = now(), ticks = __rdtsc(), after = now();

		if (after - before >= least)
			continue;
		least = after - before;
		best = (struct moment){ before + (after - before) / 2, ticks };
	}
	return best;
}

int main(void)
{
	struct timespec pause = { 0, SPAN_NS };
	struct moment first = look(), last;

	nanosleep(&pause, NULL);
	last = look();
	printf("%.0f\n", (double)(last.ticks - first.ticks) * 1e6 / (double)(last.ns - first.ns));
	return 0;
}
