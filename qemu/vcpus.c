/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Holding the vCPUs of TCG for a change of the memory map.
 *
 * A vCPU finds the target of an access by its number in the memory map, and may
 * have looked that up in an older map (see pb_cover_create()). So none may be
 * in the guest's code while the numbers shift. QEMU's own ways do not do:
 *
 *   pause_all_vcpus()   asks a vCPU that waits in an access to another function
 *                       to end it with all-ones although an answer may still
 *                       come; and resume_all_vcpus() revokes what a vCPU asked
 *                       for itself meanwhile: to stop.
 *   start_exclusive()   lasts until that access has ended, which takes seconds,
 *                       and is not for the main loop (it needs current_cpu).
 *
 * Here a vCPU is "outside" while it sleeps in one of our accesses, or in work
 * that was queued for it. Either way it goes on only with the big lock, so who
 * has that and finds all outside has them held. No flag of a vCPU is touched.
 *
 * One that slept goes on in the middle of the guest's code. In QEMU 10.0 an
 * access ends its block of code, and queued work (the flush of old numbers)
 * comes before the next one. For 7.2 see pb_compat_map_changed().
 */
#include "qemu/osdep.h"
#include "hw/core/cpu.h"
#include "qemu/timer.h"
#include "pushbell.h"
#include "trace.h"

/*
 * For one that does not come out: it waits for one that is held or asleep to
 * leave the guest's code, say. All go on then, and the caller tries again.
 */
#define PB_HOLD_TIMEOUT_NS NANOSECONDS_PER_SECOND
#define PB_HOLD_SLICE_MS 100

/* All with the big lock held. */
static QLIST_HEAD(, PbOutside) pb_outside = QLIST_HEAD_INITIALIZER(pb_outside);
static QemuCond pb_came_out;
static QemuCond pb_released;
static int pb_holds;            /* so far; the number of the present one */
static bool pb_holding;
static unsigned pb_changes;     /* holds that have ended */

void pb_vcpus_init(void)
{
    qemu_cond_init(&pb_came_out);
    qemu_cond_init(&pb_released);
}

void pb_vcpu_goes_out(PbOutside *o, CPUState *cpu)
{
    o->cpu = cpu;
    o->changes = pb_changes;
    QLIST_INSERT_HEAD(&pb_outside, o, next);
    qemu_cond_broadcast(&pb_came_out);
}

void pb_vcpu_comes_in(PbOutside *o)
{
    QLIST_REMOVE(o, next);
    if (o->changes != pb_changes) {
        pb_compat_map_changed(o->cpu);
    }
}

static void pb_vcpu_park(CPUState *cpu, run_on_cpu_data data)
{
    PbOutside o;

    if (!pb_holding || data.host_int != pb_holds) {
        return;     /* it was asleep then */
    }
    pb_vcpu_goes_out(&o, cpu);
    while (pb_holding && data.host_int == pb_holds) {
        qemu_cond_wait_bql(&pb_released);
    }
    pb_vcpu_comes_in(&o);
}

/* One thread may run all vCPUs. */
static bool pb_vcpu_is_outside(CPUState *cpu)
{
    PbOutside *o;

    QLIST_FOREACH(o, &pb_outside, next) {
        if (o->cpu->thread == cpu->thread) {
            return true;
        }
    }
    return false;
}

static bool pb_vcpus_are_outside(void)
{
    CPUState *cpu;

    CPU_FOREACH(cpu) {
        if (cpu->created && !pb_vcpu_is_outside(cpu)) {
            return false;
        }
    }
    return true;
}

/*
 * From the main loop. The big lock is let go meanwhile: anything may have
 * happened on return. True: until pb_vcpus_release() or until the big lock is
 * let go again no vCPU runs.
 */
bool pb_vcpus_hold(void)
{
    int64_t begun = get_clock();
    CPUState *cpu;

    if (!tcg_enabled()) {
        return true;
    }
    pb_holding = true;
    pb_holds++;
    /* To sleepers as well: one may go on before the others are outside. */
    CPU_FOREACH(cpu) {
        async_run_on_cpu(cpu, pb_vcpu_park, RUN_ON_CPU_HOST_INT(pb_holds));
    }
    while (!pb_vcpus_are_outside()) {
        if (get_clock() >= begun + PB_HOLD_TIMEOUT_NS) {
            pb_vcpus_release();
            return false;
        }
        qemu_cond_timedwait_bql(&pb_came_out, PB_HOLD_SLICE_MS);
    }
    trace_pushbell_vcpus_held(get_clock() - begun);
    return true;
}

/* For the trace: how many are in the guest's code all the same. */
unsigned pb_vcpus_inside(void)
{
    unsigned inside = 0;
    CPUState *cpu;

    CPU_FOREACH(cpu) {
        inside += qatomic_read(&cpu->running) && !pb_vcpu_is_outside(cpu);
    }
    return inside;
}

void pb_vcpus_release(void)
{
    pb_holding = false;
    pb_changes++;
    qemu_cond_broadcast(&pb_released);
}
