/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Without a back-end.
 *
 *   CONNECTED -- connection lost --> AWAY -- too long --> GONE
 *       |  ^---- it is back ----------'                    |
 *       |  ^---- it is back, the function is reset --------'
 *       '------- no answer to a read, nor room in the ring, for too long --^
 *
 * AWAY is a pause: accesses wait (wait.c), and a back-end that takes over
 * answers them. Only time in which the VM runs counts. GONE is what a PCI
 * Express link that goes down is: everything reads as all-ones, writes get
 * lost, the port above shows that its link is not active, and the function is
 * reset. Its state after reset is what the guest finds when it is back; the
 * reset of config space is done then, because nobody can look at it before and
 * the BARs have to stay where they answer with all-ones.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/timer.h"
#include "pushbell.h"
#include "trace.h"

static int64_t pb_gone_clock(void)
{
    return qemu_clock_get_ms(QEMU_CLOCK_REALTIME);
}

static void pb_gone_count(PbState *s)
{
    PbAway *a = &s->away;

    a->since = pb_gone_clock();
    timer_mod(a->timer, a->since + a->left);
}

static void pb_gone_stop_counting(PbState *s)
{
    PbAway *a = &s->away;

    if (a->since) {
        timer_del(a->timer);
        a->left = MAX(0, a->left - (pb_gone_clock() - a->since));
        a->since = 0;
    }
}

/*
 * The connection was lost. Back-ends of which none lives long enough to serve
 * anybody are as good as none: the time without one goes on.
 */
void pb_gone_away(PbState *s, bool short_lived)
{
    PbAway *a = &s->away;

    if (a->away || s->gone) {
        return;
    }
    a->away = true;
    if (!short_lived || !a->left) {
        a->left = s->read_timeout_ms;
    }
    a->since = 0;
    trace_pushbell_away(a->left);
    warn_report("pushbell-pci: no back-end at %s: the guest's accesses wait up "
                "to %u ms for one; start it with: pushbell serve --socket-path "
                "%s", s->socket_path, s->read_timeout_ms, s->socket_path);
    if (runstate_is_running()) {
        pb_gone_count(s);
    }
}

void pb_gone_run_state(PbState *s, bool running)
{
    if (!s->away.away || s->gone) {
        return;
    }
    if (!running) {
        pb_gone_stop_counting(s);
    } else if (!s->away.since) {
        pb_gone_count(s);
    }
}

static void pb_gone_timer(void *opaque)
{
    pb_gone_now(opaque, "no back-end came back in time");
}

/* A vCPU may be in the middle of an access: memory is changed later. */
void pb_gone_update_off(PbState *s)
{
    qatomic_set(&s->off, s->gone || s->d3hot);
    qemu_bh_schedule(s->away.bh);
}

static void pb_gone_bh(void *opaque)
{
    pb_bars_show_off(opaque);
}

/* Big lock held; from any thread. */
void pb_gone_now(PbState *s, const char *why)
{
    if (s->gone || s->exiting) {
        return;
    }
    trace_pushbell_gone(why);
    pb_gone_stop_counting(s);
    qatomic_set(&s->gone, true);
    pb_gone_update_off(s);
    pb_session_close(s);
    pb_ring_raise_epoch(s);
    pb_irq_discard(s);
    pb_express_show_link(s, false);
    error_report("pushbell-pci: %s: for the guest the function at %s is gone "
                 "(as with a link that is down: all-ones, reset) until a "
                 "back-end is there; start one with: pushbell serve "
                 "--socket-path %s", why, s->socket_path, s->socket_path);
}

/*
 * Part of the connect sequence, before the new back-end gets the ring. The
 * reset takes the BARs out of the memory map, which no vCPU of TCG survives for
 * sure while it runs. They are held for the reset alone, once the back-end has
 * shown that it answers; what pb_bars_show_off() changes afterwards shifts no
 * number. The big lock is let go before it: device and connection may be gone.
 */
bool pb_gone_prepare_return(PbState *s, Error **errp)
{
    bool ok;

    if (!s->gone) {
        return true;
    }
    if (!pb_vcpus_hold()) {
        error_setg(errp, "the virtual processors do not come to a halt");
        return false;
    }
    ok = !s->exiting && s->session.fd >= 0;
    if (ok) {
        trace_pushbell_gone_reset(pb_vcpus_inside());
        pci_device_reset(PCI_DEVICE(s));
    } else {
        error_setg(errp, "the connection was given up meanwhile");
    }
    pb_vcpus_release();
    return ok;
}

/* A back-end has completed the connect sequence. */
void pb_gone_back(PbState *s)
{
    bool was_gone = s->gone;

    pb_gone_stop_counting(s);
    s->away.away = false;
    if (was_gone) {
        qatomic_set(&s->gone, false);
        qatomic_set(&s->off, s->d3hot);
        pb_bars_show_off(s);    /* before the guest can see that it is back */
        pb_express_show_link(s, true);
    }
    trace_pushbell_back(was_gone);
    info_report("pushbell-pci: the back-end at %s is there again%s",
                s->socket_path, was_gone ? "; the function is in its state "
                "after reset, its driver has to set it up anew" : "");
}

void pb_gone_init(PbState *s)
{
    s->away.timer = timer_new_ms(QEMU_CLOCK_REALTIME, pb_gone_timer, s);
    s->away.bh = qemu_bh_new(pb_gone_bh, s);
}

void pb_gone_destroy(PbState *s)
{
    g_clear_pointer(&s->away.timer, timer_free);
    g_clear_pointer(&s->away.bh, qemu_bh_delete);
}
