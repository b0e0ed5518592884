/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waiting for the back-end: for an answer, or for room in the ring.
 *
 * First a short spin with the big lock held, which is all that a healthy
 * back-end ever needs. Then the big lock is let go (if the caller is a vCPU
 * that came straight from the guest) and the vCPU sleeps in bounded slices. The
 * loss of the connection is no reason to wake up: another back-end may come and
 * answer. It gives up on time-out, reset, unplug, and when it must stop; in
 * that last case, and when an unplug has only been requested, after a grace:
 * an answer that is a few microseconds away must not turn into all-ones just
 * because of a "stop".
 *
 * All sleepers share one eventfd. One of them, the leader, polls it; the others
 * sleep on a condition variable that the leader broadcasts. Conditions are
 * looked at under wait_lock, so a wake-up taken for someone else is never lost.
 */
#include "qemu/osdep.h"
#include <poll.h>
#include "hw/core/cpu.h"
#include "qemu/processor.h"
#include "qemu/timer.h"
#include "pushbell.h"
#include "trace.h"

#define PB_SLICE_MS 10
/* Of 50 us are 3 left: what a back-end that runs on its own processor needs. */
#define PB_SPIN_SHIFT_MAX 4
#define PB_SPINS_IN_VAIN 16
#define PB_STOP_GRACE_NS (100 * SCALE_MS)
/* Longer than a supervisor needs to bring another back-end. */
#define PB_UNPLUG_GRACE_NS NANOSECONDS_PER_SECOND
/* For one that came just before the time was over. */
#define PB_NEWCOMER_NS NANOSECONDS_PER_SECOND
/* Callers that cannot let go of the big lock (main loop, other devices). */
#define PB_LOCKED_TIMEOUT_MS 1000

typedef struct PbWait {
    PbReady *ready;
    uint32_t arg;
    uint32_t epoch;
    int64_t begun;
    int64_t deadline;
    int64_t stop_deadline;      /* 0: the vCPU need not stop */
    uint32_t session;           /* when the wait began */
    bool locked;                /* nobody gets the big lock meanwhile */
    bool second;                /* it was prolonged for a new back-end */
} PbWait;

/*
 * A guest waits as long as it was configured, and finds the function gone then.
 * Who keeps the big lock holds up the main loop: after one time-out a back-end
 * that has not moved since gets one slice for each further access.
 */
int64_t pb_wait_deadline(PbState *s, bool may_unlock)
{
    PbRing *r = &s->ring;
    uint32_t timeout_ms = s->read_timeout_ms;

    if (!may_unlock) {
        if (qatomic_read(&r->header->consumer) != r->stalled_at) {
            r->stalled = false;
        }
        timeout_ms = MIN(timeout_ms, r->stalled ? PB_SLICE_MS
                                                : PB_LOCKED_TIMEOUT_MS);
    }
    return get_clock() + (int64_t)timeout_ms * SCALE_MS;
}

static bool pb_wait_must_stop(PbWait *w, int64_t now)
{
    if (!current_cpu || !(qatomic_read(&current_cpu->stop) ||
                          qatomic_read(&current_cpu->unplug))) {
        return false;
    }
    if (!w->stop_deadline) {
        w->stop_deadline = now + PB_STOP_GRACE_NS;
    }
    return now >= w->stop_deadline;
}

static PbWaitResult pb_wait_state(PbState *s, PbWait *w)
{
    int64_t now;

    if (w->ready(s, w->arg)) {
        return PB_WAIT_READY;
    }
    if (qatomic_read(&s->ring.epoch) != w->epoch) {
        return PB_WAIT_RESET;
    }
    if (qatomic_read(&s->gone) || qatomic_read(&s->exiting)) {
        return PB_WAIT_GONE;
    }
    /* A new back-end is let in with the big lock held. */
    if (w->locked && !qatomic_read(&s->session.connected)) {
        return PB_WAIT_GONE;
    }
    now = get_clock();
    if (now >= w->deadline) {
        if (w->locked) {
            s->ring.stalled_at = qatomic_read(&s->ring.header->consumer);
            s->ring.stalled = true;
        }
        return PB_WAIT_TIMEOUT;
    }
    if (DEVICE(s)->pending_deleted_event &&
        now >= w->begun + PB_UNPLUG_GRACE_NS) {
        return PB_WAIT_UNPLUG;
    }
    return pb_wait_must_stop(w, now) ? PB_WAIT_STOP : PB_WAIT_MORE;
}

/*
 * A spin that was in vain may have kept the very processor that the back-end
 * waits for. So after a whole one they are short; each that is not in vain
 * doubles the next, and so does every sixteenth that is: an answer may just
 * take a little longer.
 */
static void pb_wait_in_vain(PbRing *r)
{
    if (!r->spin_shift) {
        r->spin_shift = PB_SPIN_SHIFT_MAX;
    } else if (++r->spins_in_vain % PB_SPINS_IN_VAIN == 0) {
        r->spin_shift--;
    }
}

static bool pb_wait_spin(PbState *s, PbWait *w)
{
    PbRing *r = &s->ring;
    int64_t until;

    if (!r->spin_ns) {
        return w->ready(s, w->arg);
    }
    until = get_clock() + (r->spin_ns >> r->spin_shift);
    do {
        for (unsigned i = 0; i < 16; i++) {
            if (w->ready(s, w->arg)) {
                r->spin_shift -= r->spin_shift > 0;
                return true;
            }
            cpu_relax();
        }
    } while (get_clock() < until && qatomic_read(&s->session.connected));
    pb_wait_in_vain(r);
    return false;
}

static void pb_wait_lead(PbState *s, int timeout_ms)
{
    struct pollfd pfd = { .fd = s->ring.answer_fd, .events = POLLIN };
    uint64_t count;

    /* Nothing there is no error: the next look at the condition decides. */
    if (poll(&pfd, 1, timeout_ms) > 0) {
        pb_eventfd_take(s->ring.answer_fd, &count);
    }
}

/* Under wait_lock, which is let go while asleep. */
static void pb_wait_slice(PbState *s)
{
    PbRing *r = &s->ring;

    if (r->leader) {
        qemu_cond_timedwait(&r->wait_cond, &r->wait_lock, PB_SLICE_MS);
        return;
    }
    r->leader = true;
    qemu_mutex_unlock(&r->wait_lock);
    pb_wait_lead(s, PB_SLICE_MS);
    qemu_mutex_lock(&r->wait_lock);
    r->leader = false;
    qemu_cond_broadcast(&r->wait_cond);
}

static PbWaitResult pb_wait_sleep(PbState *s, PbWait *w)
{
    PbRing *r = &s->ring;
    PbWaitResult result;

    qemu_mutex_lock(&r->wait_lock);
    r->waiters++;
    qatomic_set(&r->header->answer_waiting, 1);
    /* The back-end stores the answer and looks at ANSWER_WAITING after it. */
    smp_mb();
    while ((result = pb_wait_state(s, w)) == PB_WAIT_MORE) {
        pb_wait_slice(s);
    }
    if (--r->waiters == 0) {
        qatomic_set(&r->header->answer_waiting, 0);
    }
    qemu_mutex_unlock(&r->wait_lock);
    return result;
}

/*
 * A wait has ended without the big lock, and until we had it much may have
 * happened: an answer, a reset, a back-end that has just come. That one gets a
 * moment to answer, once. Returns true to wait on.
 */
static bool pb_wait_look_again(PbState *s, PbWait *w, PbWaitResult *result)
{
    uint32_t session = qatomic_read(&s->ring.session);

    if (*result == PB_WAIT_READY) {
        return false;
    }
    if (w->ready(s, w->arg)) {
        *result = PB_WAIT_READY;
    } else if (qatomic_read(&s->ring.epoch) != w->epoch) {
        *result = PB_WAIT_RESET;
    } else if (s->gone || s->exiting) {
        *result = PB_WAIT_GONE;
    } else if (*result == PB_WAIT_TIMEOUT && session != w->session &&
               qatomic_read(&s->session.connected)) {
        w->session = session;
        w->deadline = get_clock() + PB_NEWCOMER_NS;
        return !w->second;
    }
    return false;
}

/*
 * Big lock held; may_unlock says whether it may be let go meanwhile. The ring
 * and its eventfds live until the last reference to the device is gone.
 */
PbWaitResult pb_wait(PbState *s, PbReady *ready, uint32_t arg, uint32_t epoch,
                     int64_t deadline, bool may_unlock)
{
    PbWait w = {
        .ready = ready, .arg = arg, .epoch = epoch, .deadline = deadline,
        .begun = get_clock(), .locked = !may_unlock,
        .session = qatomic_read(&s->ring.session),
    };
    PbWaitResult result;
    PbOutside outside;
    bool again;

    if (pb_wait_spin(s, &w)) {
        return PB_WAIT_READY;
    }
    trace_pushbell_sleep(arg, may_unlock);
    if (!may_unlock) {
        result = pb_wait_sleep(s, &w);
    } else {
        object_ref(OBJECT(s));
        pb_irq_sleep_begin(s);
        do {
            pb_vcpu_goes_out(&outside, current_cpu);
            bql_unlock();
            result = pb_wait_sleep(s, &w);
            bql_lock();
            pb_vcpu_comes_in(&outside);
            again = pb_wait_look_again(s, &w, &result);
            w.second = true;
        } while (again);
        pb_irq_sleep_end(s);
        object_unref(OBJECT(s));
    }
    trace_pushbell_woken(arg, result);
    return result;
}

/* Make every sleeper look at its condition again. From any thread. */
void pb_wait_wake_all(PbState *s)
{
    PbRing *r = &s->ring;

    if (r->answer_fd < 0) {
        return;
    }
    qemu_mutex_lock(&r->wait_lock);
    qemu_cond_broadcast(&r->wait_cond);
    qemu_mutex_unlock(&r->wait_lock);
    /* Fails only when the counter is full, and then the leader wakes anyway. */
    pb_eventfd_signal(r->answer_fd);
}
