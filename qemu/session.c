/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a connection to the back-end. All with the big lock held, except
 * for pb_session_fail().
 *
 *   open or take   features, back-end channel, description
 *   attach         ring, state region, BAR memory, guest RAM, interrupts,
 *                  present values of what config space controls, RUN
 *   close          SESSION in the ring header is raised first: a back-end that
 *                  was only silent finds there that its time is over
 *
 * The first connection is opened while the device is realized; whoever starts
 * QEMU waits for it and gets clear errors. A lost back-end is waited for
 * (reconnect.c, gone.c), and the new one gets the same ring and the same state
 * region, so it goes on where the other one stopped. It must describe the same
 * function.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/timer.h"
#include "pushbell.h"
#include "trace.h"

/* A back-end that does not live longer than this has a trouble of its own. */
#define PB_SHORT_LIFE_MS 100

/* From here on "fd" is the connection. On failure nothing is left open. */
static bool pb_session_begin(PbState *s, int fd, struct pb_function *function,
                             Error **errp)
{
    s->session.fd = fd;
    qatomic_set(&s->session.failure, NULL);
    trace_pushbell_connect(s->socket_path);
    if (!pb_handshake_features(s, errp) || !pb_handshake_channel(s, errp) ||
        !pb_handshake_describe(s, function, errp)) {
        pb_session_close(s);
        return false;
    }
    return true;
}

/* The first connection. On failure nothing is left open. */
bool pb_session_open(PbState *s, struct pb_function *function, Error **errp)
{
    PbSession *c = &s->session;
    int fd;

    c->deadline = get_clock() + (int64_t)PB_HANDSHAKE_TIMEOUT_MS * SCALE_MS;
    if (!pb_wire_connect(s->socket_path, c->deadline, &fd, errp)) {
        return false;
    }
    if (!pb_handshake_hello(s, fd, c->deadline, errp)) {
        close(fd);
        return false;
    }
    return pb_session_begin(s, fd, function, errp);
}

/* A function cannot change while the guest uses it, nor can its state. */
static bool pb_session_same_function(PbState *s, const struct pb_function *f,
                                     Error **errp)
{
    ERRP_GUARD();

    if (f->state_version != s->function.state_version) {
        error_setg(errp, "the back-end that came back has another version: "
                   "the state has version %u, this back-end reads version %u",
                   s->function.state_version, f->state_version);
        error_append_hint(errp, "Start a back-end that reads version %u, or "
                          "unplug the device and plug it in again.\n",
                          s->function.state_version);
        return false;
    }
    if (memcmp(f, &s->function, sizeof(*f))) {
        error_setg(errp, "the back-end that came back describes another "
                   "function");
        return false;
    }
    return true;
}

/* A later one: "fd" has been asked GET_FEATURES and has begun to answer. */
bool pb_session_take(PbState *s, int fd, Error **errp)
{
    PbSession *c = &s->session;
    struct pb_function function;

    c->deadline = get_clock() + (int64_t)PB_RECONNECT_TIMEOUT_MS * SCALE_MS;
    if (!pb_session_begin(s, fd, &function, errp)) {
        return false;
    }
    if (!pb_session_same_function(s, &function, errp)) {
        pb_session_close(s);
        return false;
    }
    if (!pb_gone_prepare_return(s, errp)) {
        pb_session_close(s);
        return false;
    }
    /* Waiting for the vCPUs was none of the back-end's time. */
    c->deadline = get_clock() + (int64_t)PB_RECONNECT_TIMEOUT_MS * SCALE_MS;
    return pb_session_attach(s, errp);
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
        pb_irq_resync(s);
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

static void pb_session_lost(PbState *s)
{
    int64_t now = qemu_clock_get_ms(QEMU_CLOCK_REALTIME);
    bool short_lived = now - s->session.since < PB_SHORT_LIFE_MS;

    pb_gone_away(s, short_lived);
    pb_reconnect_begin(s, short_lived);
}

/* Big lock held; more than once is fine. Queued writes stay in the ring. */
void pb_session_close(PbState *s)
{
    PbSession *c = &s->session;
    bool connected;

    if (c->fd < 0) {
        return;
    }
    pb_ring_give_up(s);
    trace_pushbell_close(s->socket_path);
    connected = qatomic_xchg(&c->connected, false) || c->failure;
    c->running = false;
    c->quiesced = false;
    pb_irq_unwatch(s, c->fd, c->channel_fd);
    qatomic_set(&c->generation, c->generation + 1);
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
    if (c->established && connected) {
        pb_session_lost(s);
    }
}

/*
 * The back-end broke the contract or is gone. From any thread, also under
 * put_lock: says so at once, and lets the main loop clean up.
 */
void pb_session_fail(PbState *s, const char *reason)
{
    if (!qatomic_cmpxchg(&s->session.failure, NULL, reason)) {
        pb_ring_give_up(s);
        qatomic_set(&s->session.connected, false);
        qemu_bh_schedule(s->session.bh);
    }
}

static void pb_session_failed(void *opaque)
{
    PbState *s = opaque;

    if (s->session.fd >= 0 && s->session.failure) {
        error_report("pushbell-pci: %s", s->session.failure);
        pb_session_close(s);
    }
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
}

/* The device is realized: from now on a lost back-end is waited for. */
void pb_session_established(PbState *s)
{
    s->session.established = true;
    if (s->session.fd < 0) {
        pb_session_lost(s);
    }
}

void pb_session_destroy(PbState *s)
{
    PbSession *c = &s->session;

    c->established = false;
    pb_session_close(s);
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
