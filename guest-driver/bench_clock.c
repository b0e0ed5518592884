// SPDX-License-Identifier: GPL-2.0
/*
 * The clock of the measurements: the time-stamp counter, with a rate of our own. The kernel measures the rate at boot
 * within milliseconds, and an emulated machine that is interrupted just then believes in a wrong one for ever; here the
 * ACPI timer (3.579545 MHz) is compared over a longer time, and of several looks at both the closest pair counts.
 */
#include <linux/acpi.h>
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/math64.h>
#include <linux/timex.h>
#include <asm/tsc.h>
#include "bench.h"

#define PM_TIMER_HZ 3579545
#define PM_TIMER_MASK 0xffffff
#define LOOKS 32
#define CALIBRATION_MS 200

static u32 khz;

u64 bench_now(void)
{
	return rdtsc_ordered();
}

u64 bench_ns(u64 cycles)
{
	return mul_u64_u32_div(cycles, USEC_PER_SEC, khz);
}

u64 bench_cycles(u64 ns)
{
	return mul_u64_u32_div(ns, khz, USEC_PER_SEC);
}

/* Both clocks at the same moment, as nearly as LOOKS tries come. */
static void look(unsigned long port, u64 *cycles, u32 *ticks)
{
	u64 best = U64_MAX;
	unsigned int i;

	for (i = 0; i < LOOKS; i++) {
		u64 before = bench_now();
		u32 now = inl(port);
		u64 took = bench_now() - before;

		if (took >= best)
			continue;
		best = took;
		*cycles = before + took / 2;
		*ticks = now;
	}
}

void bench_clock_calibrate(struct pushbell_device *pb)
{
	unsigned long port = acpi_gbl_FADT.xpm_timer_block.address;
	u64 cycles[2];
	u32 ticks[2], passed;

	khz = tsc_khz;
	if (!port || acpi_gbl_FADT.xpm_timer_block.space_id != ACPI_ADR_SPACE_SYSTEM_IO)
		return;
	look(port, &cycles[0], &ticks[0]);
	msleep(CALIBRATION_MS);
	look(port, &cycles[1], &ticks[1]);
	passed = (ticks[1] - ticks[0]) & PM_TIMER_MASK;
	if (!passed)
		return;
	khz = mul_u64_u32_div(cycles[1] - cycles[0], PM_TIMER_HZ / 5, passed * 200);
	if (abs((int)khz - (int)tsc_khz) > khz / 100)
		dev_warn(&pb->pdev->dev, "the kernel takes the time-stamp counter for %u kHz, it has %u kHz\n", tsc_khz,
			 khz);
}
