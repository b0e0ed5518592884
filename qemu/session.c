/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection to the back-end. One request at a time, all with the big lock
 * held, each wait bounded.
 *
 *   pb_session_open    connect, features, back-end channel, description
 *   pb_session_attach  ring, state region, BAR memory, guest RAM, interrupts,
 *                      present values of what config space controls, RUN
 *
 * A lost back-end is waited for: a timer tries to connect again, and the new
 * back-end gets the same ring and the same state region, so it goes on where
 * the other one stopped. It must describe the same function.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/timer.h"
#include "pushbell.h"
#include "trace.h"

/* The sequence's common deadline while connecting, else one of its own. */
static int64_t pb_session_deadline(PbState *s)
{
    return s->session.deadline ? s->session.deadline
           : get_clock() + (int64_t)PB_CONTROL_TIMEOUT_MS * SCALE_MS;
}

bool pb_session_send(PbState *s, uint32_t request, bool need_reply,
                     const void *payload, uint32_t size,
                     const int *fds, unsigned nfds, Error **errp)
{
    if (s->session.fd < 0 || s->session.failure) {
        error_setg(errp, "no back-end is connected");
        return false;
    }
    trace_pushbell_request(pb_wire_name(request), size, nfds);
    if (!pb_wire_send(s->session.fd, request, need_reply, payload, size, fds,
                      nfds, pb_session_deadline(s), errp)) {
        pb_session_close(s);
        return false;
    }
    return true;
}

/* A request with a reply of its own. Returns its size, 0 on failure. */
uint32_t pb_session_ask(PbState *s, uint32_t request, void *reply,
                        uint32_t capacity, int *reply_fd, Error **errp)
{
    uint32_t size = 0;

    if (!pb_session_send(s, request, false, NULL, 0, NULL, 0, errp)) {
        return 0;
    }
    if (!pb_wire_receive(s->session.fd, request, reply, capacity, &size,
                         reply_fd, pb_session_deadline(s), errp)) {
        pb_session_close(s);
        return 0;
    }
    if (size == 0) {
        /* 0 says "failed" to our callers, so it must come with a reason. */
        error_setg(errp, "empty reply to %s", pb_wire_name(request));
        if (reply_fd && *reply_fd >= 0) {
            close(*reply_fd);
            *reply_fd = -1;
        }
        pb_session_close(s);
    }
    return size;
}

/* A request that is acknowledged. *result is the value, on true. */
bool pb_session_tell_result(PbState *s, uint32_t request,
                            const void *payload, uint32_t size,
                            const int *fds, unsigned nfds,
                            uint64_t *result, Error **errp)
{
    struct pb_u64_payload ack;
    uint32_t got = 0;

    if (!pb_session_send(s, request, true, payload, size, fds, nfds, errp)) {
        return false;
    }
    if (!pb_wire_receive(s->session.fd, request, &ack, sizeof(ack), &got, NULL,
                         pb_session_deadline(s), errp)) {
        pb_session_close(s);
        return false;
    }
    if (got != sizeof(ack)) {
        error_setg(errp, "malformed acknowledgement of %s",
                   pb_wire_name(request));
        pb_session_close(s);
        return false;
    }
    *result = ack.value;
    return true;
}

bool pb_session_tell(PbState *s, uint32_t request, const void *payload,
                     uint32_t size, const int *fds, unsigned nfds,
                     Error **errp)
{
    uint64_t result;

    if (!pb_session_tell_result(s, request, payload, size, fds, nfds, &result,
                                errp)) {
        return false;
    }
    if (result) {
        error_setg(errp, "the back-end refused %s (%" PRIu64 ")",
                   pb_wire_name(request), result);
        return false;
    }
    return true;
}

/* Connects up to the description. On failure nothing is left open. */
bool pb_session_open(PbState *s, struct pb_function *function, Error **errp)
{
    PbSession *c = &s->session;
    uint32_t ms = c->established ? PB_RECONNECT_TIMEOUT_MS
                                 : PB_HANDSHAKE_TIMEOUT_MS;

    c->deadline = get_clock() + (int64_t)ms * SCALE_MS;
    c->failure = NULL;
    if (!pb_wire_connect(s->socket_path, c->deadline, &c->fd, errp)) {
        return false;
    }
    trace_pushbell_connect(s->socket_path);
    if (!pb_handshake_features(s, errp) || !pb_handshake_channel(s, errp) ||
        !pb_handshake_describe(s, function, errp)) {
        pb_session_close(s);
        return false;
    }
    return true;
}

/*
 * Hands the back-end all that it needs and lets it go. The session counts as
 * connected before RUN: accesses may go through the ring from the first
 * interrupt on.
 */
bool pb_session_attach(PbState *s, Error **errp)
{
    PbSession *c = &s->session;
    bool ok;

    ok = pb_handshake_ring(s, errp) &&
         (c->state_fd < 0 ? pb_handshake_new_state(s, errp)
                          : pb_handshake_old_state(s, errp)) &&
         pb_bars_send_ram(s, errp) &&
         pb_memory_start(s, errp) &&
         pb_irq_send_fds(s, errp) &&
         pb_control_send_present(s, errp);
    if (ok) {
        qatomic_set(&c->generation, c->generation + 1);
        pb_irq_watch(s, c->fd, c->channel_fd);
        qatomic_set(&c->connected, true);
        c->since = qemu_clock_get_ms(QEMU_CLOCK_REALTIME);
        ok = pb_control_run(s, errp);
    }
    c->deadline = 0;
    if (!ok) {
        pb_session_close(s);
    }
    return ok;
}

static void pb_session_schedule(PbState *s)
{
    timer_mod(s->session.reconnect, qemu_clock_get_ms(QEMU_CLOCK_REALTIME) +
              MAX(s->session.period_ms, PB_RECONNECT_PERIOD_MS));
}

/* A back-end that dies as soon as it is there is tried less and less often. */
static void pb_session_adapt_period(PbState *s)
{
    PbSession *c = &s->session;

    if (qemu_clock_get_ms(QEMU_CLOCK_REALTIME) - c->since < 1000) {
        c->period_ms = MIN(MAX(c->period_ms, PB_RECONNECT_PERIOD_MS) * 2,
                           PB_RECONNECT_PERIOD_MAX_MS);
    } else {
        c->period_ms = PB_RECONNECT_PERIOD_MS;
    }
}

/* Big lock held; more than once is fine. Queued writes stay in the ring. */
void pb_session_close(PbState *s)
{
    PbSession *c = &s->session;

    if (c->fd < 0) {
        return;
    }
    trace_pushbell_close(s->socket_path);
    if (qatomic_xchg(&c->connected, false) || c->failure) {
        pb_session_adapt_period(s);
    }
    pb_irq_unwatch(s, c->fd, c->channel_fd);
    close(c->fd);
    c->fd = -1;
    c->deadline = 0;
    qemu_mutex_lock(&c->lock);
    if (c->channel_fd >= 0) {
        close(c->channel_fd);
        c->channel_fd = -1;
    }
    qemu_mutex_unlock(&c->lock);
    pb_wait_wake_all(s);
    if (c->established) {
        pb_session_schedule(s);
    }
}

/*
 * The back-end broke the contract or is gone. From any thread, also under
 * put_lock: says so at once, and lets the main loop clean up.
 */
void pb_session_fail(PbState *s, const char *reason)
{
    if (!qatomic_cmpxchg(&s->session.failure, NULL, reason)) {
        qatomic_set(&s->session.connected, false);
        qemu_bh_schedule(s->session.bh);
    }
}

static void pb_session_failed(void *opaque)
{
    PbState *s = opaque;

    if (s->session.fd >= 0 && s->session.failure) {
        error_report("pushbell-pci: %s (%s); reads are all-ones until a "
                     "back-end is there again", s->session.failure,
                     s->socket_path);
        pb_session_close(s);
    }
}

static bool pb_session_again(PbState *s, Error **errp)
{
    struct pb_function function;

    if (!pb_session_open(s, &function, errp)) {
        return false;
    }
    if (memcmp(&function, &s->function, sizeof(function))) {
        error_setg(errp, "the back-end that came back describes another "
                   "function");
        pb_session_close(s);
        return false;
    }
    return pb_session_attach(s, errp);
}

static void pb_session_reconnect(void *opaque)
{
    PbState *s = opaque;
    Error *err = NULL;

    if (pb_session_again(s, &err)) {
        s->session.complained = false;
        info_report("pushbell-pci: the back-end at %s is there again",
                    s->socket_path);
        return;
    }
    trace_pushbell_reconnect_failed(error_get_pretty(err));
    /* That nobody listens was said when the connection broke. */
    if (access(s->socket_path, F_OK) == 0 && !s->session.complained) {
        s->session.complained = true;
        error_reportf_err(err, "pushbell-pci: cannot reconnect: ");
    } else {
        error_free(err);
    }
    pb_session_schedule(s);
}

void pb_session_init(PbState *s)
{
    PbSession *c = &s->session;

    c->fd = c->channel_fd = c->state_fd = -1;
    qemu_mutex_init(&c->lock);
}

/* Before the first pb_session_open(). */
void pb_session_start(PbState *s)
{
    s->session.bh = qemu_bh_new(pb_session_failed, s);
    s->session.reconnect = timer_new_ms(QEMU_CLOCK_REALTIME,
                                        pb_session_reconnect, s);
}

/* The device is realized: from now on a lost back-end is waited for. */
void pb_session_established(PbState *s)
{
    s->session.established = true;
    if (s->session.fd < 0) {
        pb_session_schedule(s);
    }
}

void pb_session_destroy(PbState *s)
{
    PbSession *c = &s->session;

    c->established = false;
    pb_session_close(s);
    g_clear_pointer(&c->reconnect, timer_free);
    if (c->state_fd >= 0) {
        close(c->state_fd);
        c->state_fd = -1;
    }
}

/*
 * With the last reference: until then a vCPU that was waiting when the device
 * went away may still find fault with the ring.
 */
void pb_session_finalize(PbState *s)
{
    g_clear_pointer(&s->session.bh, qemu_bh_delete);
    qemu_mutex_destroy(&s->session.lock);
}
