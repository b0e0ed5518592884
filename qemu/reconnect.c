/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way back to a back-end, for as long as it takes and without ever holding
 * up the main loop:
 *
 *   timer -> connect (it never waits), ask GET_FEATURES -> fd handler: an
 *   answer is there, so somebody is awake -> the rest, bounded
 *
 * A process that was stopped still owns its socket, and the kernel goes on
 * accepting connections on its behalf. So one on which nothing comes is given
 * up after a while and made anew: meanwhile another process may have taken the
 * socket's name.
 */
#include "qemu/osdep.h"
#include <sys/socket.h>
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/timer.h"
#include "pushbell.h"
#include "trace.h"

#define PB_EAGER_MS 2000        /* a supervisor needs less than that */
#define PB_EAGER_PERIOD_MS 10
#define PB_PERIOD_MS 100
#define PB_PERIOD_MAX_MS 1600
#define PB_SILENCE_MS 2000
#define PB_FAILURES_MAX 3       /* in a row, before tries get rarer */

static int64_t pb_reconnect_now(void)
{
    return qemu_clock_get_ms(QEMU_CLOCK_REALTIME);
}

static void pb_reconnect_drop(PbState *s)
{
    PbReconnect *r = &s->reconnect;

    if (r->fd >= 0) {
        qemu_set_fd_handler(r->fd, NULL, NULL, NULL);
        close(r->fd);
        r->fd = -1;
    }
}

/* Only back-ends that are of no use make tries rarer, not their absence. */
static void pb_reconnect_schedule(PbState *s)
{
    PbReconnect *r = &s->reconnect;
    int64_t now = pb_reconnect_now();
    int64_t period = now - r->lost_at < PB_EAGER_MS ? PB_EAGER_PERIOD_MS
                                                    : PB_PERIOD_MS;

    if (r->failures >= PB_FAILURES_MAX) {
        unsigned doublings = MIN(r->failures - PB_FAILURES_MAX, 4);

        period = MIN(PB_PERIOD_MS << doublings, PB_PERIOD_MAX_MS);
    }
    timer_mod(r->timer, now + period);
}

/* Once per outage; that nobody is there was said when the connection broke. */
static void pb_reconnect_complain(PbState *s, Error *err)
{
    trace_pushbell_reconnect_failed(error_get_pretty(err));
    if (s->reconnect.complained) {
        error_free(err);
        return;
    }
    s->reconnect.complained = true;
    error_reportf_err(err, "pushbell-pci: cannot reconnect: ");
}

static bool pb_reconnect_hung_up(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

static void pb_reconnect_take(PbState *s)
{
    PbReconnect *r = &s->reconnect;
    Error *err = NULL;
    int fd = r->fd;

    qemu_set_fd_handler(fd, NULL, NULL, NULL);
    r->fd = -1;
    timer_del(r->timer);
    if (pb_session_take(s, fd, &err)) {
        pb_reconnect_done(s);
        return;
    }
    if (s->exiting) {
        error_free(err);    /* the device was unplugged meanwhile */
        return;
    }
    r->failures++;
    pb_reconnect_complain(s, err);
    pb_reconnect_schedule(s);
}

static void pb_reconnect_answered(void *opaque)
{
    PbState *s = opaque;

    if (pb_reconnect_hung_up(s->reconnect.fd)) {
        pb_reconnect_drop(s);
        pb_reconnect_schedule(s);
        return;
    }
    object_ref(OBJECT(s));
    pb_reconnect_take(s);
    object_unref(OBJECT(s));
}

/* The timer: time for a try, or nothing came on the last one. */
static void pb_reconnect_try(void *opaque)
{
    PbState *s = opaque;
    PbReconnect *r = &s->reconnect;
    Error *err = NULL;
    int fd;

    pb_reconnect_drop(s);
    if (!pb_wire_connect(s->socket_path, 0, &fd, &err)) {
        trace_pushbell_reconnect_failed(error_get_pretty(err));
        error_free(err);
        pb_reconnect_schedule(s);
        return;
    }
    if (!pb_handshake_hello(s, fd, get_clock(), &err)) {
        trace_pushbell_reconnect_failed(error_get_pretty(err));
        error_free(err);
        close(fd);
        pb_reconnect_schedule(s);
        return;
    }
    r->fd = fd;
    qemu_set_fd_handler(fd, pb_reconnect_answered, NULL, s);
    timer_mod(r->timer, pb_reconnect_now() + PB_SILENCE_MS);
}

/* The connection was lost: the first try follows at once. */
void pb_reconnect_begin(PbState *s, bool short_lived)
{
    PbReconnect *r = &s->reconnect;

    r->failures = short_lived ? r->failures + 1 : 0;
    if (!r->lost_at) {
        r->lost_at = pb_reconnect_now();
    }
    if (r->failures >= PB_FAILURES_MAX) {
        pb_reconnect_schedule(s);
    } else {
        timer_mod(r->timer, pb_reconnect_now());
    }
}

void pb_reconnect_done(PbState *s)
{
    PbReconnect *r = &s->reconnect;

    r->lost_at = 0;
    r->complained = false;
    pb_gone_back(s);
}

void pb_reconnect_init(PbState *s)
{
    s->reconnect.fd = -1;
    s->reconnect.timer = timer_new_ms(QEMU_CLOCK_REALTIME, pb_reconnect_try, s);
}

void pb_reconnect_destroy(PbState *s)
{
    if (s->reconnect.timer) {
        pb_reconnect_drop(s);
        g_clear_pointer(&s->reconnect.timer, timer_free);
    }
}
