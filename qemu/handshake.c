/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of the connect sequence that have a form of their own: features,
 * back-end channel, description, ring, state region. session.c puts them in
 * order; after a failed step it closes the connection.
 */
#include "qemu/osdep.h"
#include <fcntl.h>
#include <sys/socket.h>
#include "qapi/error.h"
#include "qemu/sockets.h"
#include "pushbell.h"

#define PB_FEATURES BIT_ULL(PB_F_PROTOCOL_FEATURES)
#define PB_PROTOCOL_FEATURES (BIT_ULL(PB_PROTOCOL_F_REPLY_ACK) | \
                              BIT_ULL(PB_PROTOCOL_F_BACKEND_REQ) | \
                              BIT_ULL(PB_PROTOCOL_F_CONFIGURE_MEM_SLOTS) | \
                              BIT_ULL(PB_PROTOCOL_F_PCI_FUNCTION))

/* Asks for the features; pb_handshake_features() takes the reply. */
bool pb_handshake_hello(PbState *s, int fd, int64_t deadline, Error **errp)
{
    return pb_wire_send(fd, PB_REQUEST_GET_FEATURES, false, NULL, 0, NULL, 0,
                        deadline, errp);
}

static bool pb_handshake_u64_reply(PbState *s, uint32_t request,
                                   uint64_t *value, Error **errp)
{
    struct pb_u64_payload reply;
    uint32_t size = pb_session_reply(s, request, &reply, sizeof(reply), NULL,
                                     errp);

    if (size && size != sizeof(reply)) {
        error_setg(errp, "malformed reply to %s", pb_wire_name(request));
        return false;
    }
    *value = reply.value;
    return size != 0;
}

bool pb_handshake_features(PbState *s, Error **errp)
{
    uint64_t features, protocol;
    const struct pb_u64_payload set_features = {
        PB_FEATURES | pb_iommu_features(s)
    };
    const struct pb_u64_payload set_protocol = { PB_PROTOCOL_FEATURES };

    if (!pb_handshake_u64_reply(s, PB_REQUEST_GET_FEATURES, &features,
                                errp)) {
        return false;
    }
    if (!(features & PB_FEATURES)) {
        error_setg(errp, "the back-end at %s has no vhost-user protocol "
                   "features: it is not a PCI function", s->socket_path);
        return false;
    }
    if (~features & pb_iommu_features(s)) {
        error_setg(errp, "the back-end at %s cannot work behind an IOMMU: it "
                   "does not offer feature bit %d (ACCESS_PLATFORM)",
                   s->socket_path, PB_F_ACCESS_PLATFORM);
        return false;
    }
    if (!pb_session_send(s, PB_REQUEST_GET_PROTOCOL_FEATURES, false, NULL, 0,
                         NULL, 0, errp) ||
        !pb_handshake_u64_reply(s, PB_REQUEST_GET_PROTOCOL_FEATURES, &protocol,
                                errp)) {
        return false;
    }
    if (~protocol & PB_PROTOCOL_FEATURES) {
        error_setg(errp, "the back-end at %s is not a PCI function for this "
                   "QEMU: it offers protocol features 0x%" PRIx64 ", PCI-"
                   "function extension version %d needs 0x%llx",
                   s->socket_path, protocol, PB_EXTENSION_VERSION,
                   (unsigned long long)PB_PROTOCOL_FEATURES);
        return false;
    }
    /* Without need_reply: REPLY_ACK is in force only after this message. */
    return pb_session_send(s, PB_REQUEST_SET_PROTOCOL_FEATURES, false,
                           &set_protocol, sizeof(set_protocol), NULL, 0,
                           errp) &&
           pb_session_tell(s, PB_REQUEST_SET_FEATURES, &set_features,
                           sizeof(set_features), NULL, 0, errp) &&
           pb_session_tell(s, PB_REQUEST_SET_OWNER, NULL, 0, NULL, 0, errp);
}

bool pb_handshake_channel(PbState *s, Error **errp)
{
    int pair[2];
    bool ok;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        error_setg_errno(errp, errno, "cannot make a socket pair");
        return false;
    }
    qemu_socket_set_nonblock(pair[0]);
    s->session.channel_fd = pair[0];
    ok = pb_session_tell(s, PB_REQUEST_SET_BACKEND_REQ_FD, NULL, 0, &pair[1],
                         1, errp);
    close(pair[1]);
    return ok;
}

bool pb_handshake_describe(PbState *s, struct pb_function *function,
                                Error **errp)
{
    g_autofree void *reply = g_malloc0(PB_MAX_PAYLOAD);
    uint32_t size = pb_session_ask(s, PB_REQUEST_PCI_GET_FUNCTION, reply,
                                   PB_MAX_PAYLOAD, NULL, errp);
    uint32_t version;

    if (!size) {
        return false;
    }
    /* The version comes first: another version may have another size. */
    memcpy(&version, reply, sizeof(version));
    if (size >= sizeof(version) && version != PB_EXTENSION_VERSION) {
        error_setg(errp, "the back-end at %s speaks version %u of the "
                   "PCI-function extension, this QEMU speaks version %d",
                   s->socket_path, version, PB_EXTENSION_VERSION);
        return false;
    }
    if (size != sizeof(*function)) {
        error_setg(errp, "the back-end's description has %u bytes, not %zu",
                   size, sizeof(*function));
        return false;
    }
    memcpy(function, reply, sizeof(*function));
    return true;
}

/* A memfd that cannot shrink under the mapping of whoever comes next. */
static bool pb_handshake_check_state(PbState *s, int fd,
                                   const struct pb_state_region *state,
                                   Error **errp)
{
    struct stat st;
    int seals = fcntl(fd, F_GET_SEALS);

    if (fd < 0 || fstat(fd, &st) < 0 || seals < 0 ||
        !(seals & F_SEAL_SHRINK)) {
        error_setg(errp, "the back-end's state region is not a sealed memfd");
        return false;
    }
    if (state->size != s->function.state_size || st.st_size < state->size ||
        state->version != s->function.state_version) {
        error_setg(errp, "the back-end's state region does not fit its "
                   "description");
        return false;
    }
    return true;
}

bool pb_handshake_new_state(PbState *s, Error **errp)
{
    struct pb_state_region state = { 0 };
    int fd = -1;
    bool ok;
    uint32_t size = pb_session_ask(s, PB_REQUEST_PCI_STATE_GET_FD, &state,
                                   sizeof(state), &fd, errp);

    if (!size) {
        return false;
    }
    if (size != sizeof(state)) {
        error_setg(errp, "malformed reply to PCI_STATE_GET_FD");
        ok = false;
    } else {
        ok = pb_handshake_check_state(s, fd, &state, errp);
    }
    if (!ok) {
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    s->session.state = state;
    s->session.state_fd = fd;
    return true;
}

bool pb_handshake_old_state(PbState *s, Error **errp)
{
    struct pb_state_region state = s->session.state;
    uint64_t result;

    state.reset_epoch = s->ring.epoch;
    if (!pb_session_tell_result(s, PB_REQUEST_PCI_STATE_SET_FD, &state,
                                sizeof(state), &s->session.state_fd, 1,
                                &result, errp)) {
        return false;
    }
    switch (result) {
    case PB_STATE_RESULT_OK:
        return true;
    case PB_STATE_RESULT_BAD_VERSION:
        error_setg(errp, "the back-end at %s does not know layout version %u "
                   "of the function's state; start a build that does, or end "
                   "the VM and start it again", s->socket_path, state.version);
        return false;
    case PB_STATE_RESULT_BAD_CONTENT:
        error_setg(errp, "the back-end at %s finds no state that it "
                   "understands in the state region; its log says more",
                   s->socket_path);
        return false;
    default:
        error_setg(errp, "the back-end at %s cannot take over the state region "
                   "(reason %" PRIu64 ")", s->socket_path, result);
        return false;
    }
}

bool pb_handshake_ring(PbState *s, Error **errp)
{
    PbRing *r = &s->ring;
    struct pb_ring_setup setup = { .size = r->bytes, .slots = r->nslots };
    int fds[3] = { r->memfd, r->kick_fd, r->answer_fd };

    pb_ring_new_session(s);
    setup.session = r->session;
    return pb_session_tell(s, PB_REQUEST_PCI_SET_RING, &setup, sizeof(setup),
                           fds, ARRAY_SIZE(fds), errp);
}
