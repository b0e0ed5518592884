/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests to the back-end: one at a time, all with the big lock held, each
 * wait bounded. Whatever fails gives the connection up, because nobody knows
 * what the back-end still will do: see session.c.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/timer.h"
#include "pushbell.h"
#include "trace.h"

/* The sequence's common deadline while connecting, else one of its own. */
static int64_t pb_session_deadline(PbState *s)
{
    return s->session.deadline ? s->session.deadline
           : get_clock() + (int64_t)s->control_timeout_ms * SCALE_MS;
}

bool pb_session_send(PbState *s, uint32_t request, bool need_reply,
                     const void *payload, uint32_t size,
                     const int *fds, unsigned nfds, Error **errp)
{
    if (s->session.fd < 0 || qatomic_read(&s->session.failure)) {
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

/* The reply to a request that was sent. Returns its size, 0 on failure. */
uint32_t pb_session_reply(PbState *s, uint32_t request, void *reply,
                          uint32_t capacity, int *reply_fd, Error **errp)
{
    uint32_t size = 0;

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

/* A request with a reply of its own. Returns its size, 0 on failure. */
uint32_t pb_session_ask(PbState *s, uint32_t request, void *reply,
                        uint32_t capacity, int *reply_fd, Error **errp)
{
    if (!pb_session_send(s, request, false, NULL, 0, NULL, 0, errp)) {
        return 0;
    }
    return pb_session_reply(s, request, reply, capacity, reply_fd, errp);
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
