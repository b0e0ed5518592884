/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vhost-user framing: a header of 12 bytes, a payload, descriptors as
 * SCM_RIGHTS beside the first byte. The socket is non-blocking and every wait
 * is bounded by the caller's deadline, because callers hold the big lock.
 *
 * After a false return the position in the byte stream is not known any more:
 * the connection has to be given up.
 */
#include "qemu/osdep.h"
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "qapi/error.h"
#include "qemu/cutils.h"
#include "qemu/iov.h"
#include "qemu/sockets.h"
#include "qemu/timer.h"
#include "pushbell.h"

const char *pb_wire_name(uint32_t request)
{
    switch (request) {
    case PB_REQUEST_GET_FEATURES:
        return "GET_FEATURES";
    case PB_REQUEST_SET_FEATURES:
        return "SET_FEATURES";
    case PB_REQUEST_SET_OWNER:
        return "SET_OWNER";
    case PB_REQUEST_GET_PROTOCOL_FEATURES:
        return "GET_PROTOCOL_FEATURES";
    case PB_REQUEST_SET_PROTOCOL_FEATURES:
        return "SET_PROTOCOL_FEATURES";
    case PB_REQUEST_SET_BACKEND_REQ_FD:
        return "SET_BACKEND_REQ_FD";
    case PB_REQUEST_IOTLB_MSG:
        return "IOTLB_MSG";
    case PB_REQUEST_GET_MAX_MEM_SLOTS:
        return "GET_MAX_MEM_SLOTS";
    case PB_REQUEST_ADD_MEM_REG:
        return "ADD_MEM_REG";
    case PB_REQUEST_REM_MEM_REG:
        return "REM_MEM_REG";
    case PB_REQUEST_PCI_GET_FUNCTION:
        return "PCI_GET_FUNCTION";
    case PB_REQUEST_PCI_SET_RING:
        return "PCI_SET_RING";
    case PB_REQUEST_PCI_STATE_GET_FD:
        return "PCI_STATE_GET_FD";
    case PB_REQUEST_PCI_STATE_SET_FD:
        return "PCI_STATE_SET_FD";
    case PB_REQUEST_PCI_SET_IRQ_FD:
        return "PCI_SET_IRQ_FD";
    case PB_REQUEST_PCI_RUN:
        return "PCI_RUN";
    case PB_REQUEST_PCI_STOP:
        return "PCI_STOP";
    case PB_REQUEST_PCI_CONTROL:
        return "PCI_CONTROL";
    case PB_REQUEST_PCI_SET_BAR_RAM:
        return "PCI_SET_BAR_RAM";
    default:
        return "unknown request";
    }
}

/* Waits for readiness or the deadline; errors show in the call that follows. */
static bool pb_wire_poll(int fd, short events, int64_t deadline,
                         uint32_t request, Error **errp)
{
    struct pollfd pfd = { .fd = fd, .events = events };
    int64_t left;
    int r;

    do {
        left = deadline - get_clock();
        if (left <= 0) {
            error_setg(errp, "the back-end did not answer %s in time",
                       pb_wire_name(request));
            return false;
        }
        r = poll(&pfd, 1, DIV_ROUND_UP(left, SCALE_MS));
    } while (r == 0 || (r < 0 && errno == EINTR));
    return true;
}

static bool pb_wire_again(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

bool pb_wire_connect(const char *path, int64_t deadline, int *fd, Error **errp)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int s;

    if (strlen(path) >= sizeof(address.sun_path)) {
        error_setg(errp, "socket path %s is too long (%zu bytes at most)",
                   path, sizeof(address.sun_path) - 1);
        return false;
    }
    pstrcpy(address.sun_path, sizeof(address.sun_path), path);
    s = qemu_socket(AF_UNIX, SOCK_STREAM, 0);
    if (s < 0) {
        error_setg_errno(errp, errno, "cannot make a socket");
        return false;
    }
    qemu_socket_set_nonblock(s);
    /* EAGAIN: the listener's backlog is full, it may drain. */
    while (connect(s, (struct sockaddr *)&address, sizeof(address)) < 0) {
        if ((errno != EAGAIN && errno != EINTR) || get_clock() >= deadline) {
            int e = errno;

            close(s);
            if (e == ENOENT || e == ECONNREFUSED) {
                error_setg(errp, "no back-end listens on %s; start one with: "
                           "pushbell serve --socket-path %s", path, path);
            } else {
                error_setg_errno(errp, e, "cannot connect to the back-end's "
                                 "socket %s", path);
            }
            return false;
        }
        g_usleep(1000);
    }
    *fd = s;
    return true;
}

static void pb_wire_attach_fds(struct msghdr *msg, const int *fds,
                               unsigned nfds)
{
    struct cmsghdr *c;

    msg->msg_controllen = CMSG_SPACE(nfds * sizeof(int));
    c = CMSG_FIRSTHDR(msg);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
    memcpy(CMSG_DATA(c), fds, nfds * sizeof(int));
}

bool pb_wire_send(int fd, uint32_t request, bool need_reply,
                  const void *payload, uint32_t size,
                  const int *fds, unsigned nfds, int64_t deadline,
                  Error **errp)
{
    struct pb_header header = {
        .request = request,
        .flags = PB_VHOST_USER_VERSION |
                 (need_reply ? PB_HEADER_FLAGS_NEED_REPLY : 0),
        .size = size,
    };
    struct iovec iov[2] = {
        { &header, sizeof(header) }, { (void *)payload, size },
    };
    union {
        char bytes[CMSG_SPACE(PB_MAX_FDS * sizeof(int))];
        struct cmsghdr align;
    } control = { 0 };
    struct iovec *rest = iov;
    unsigned parts = size ? 2 : 1;
    struct msghdr msg = { 0 };
    size_t left = sizeof(header) + size;

    assert(nfds <= PB_MAX_FDS && size <= PB_MAX_PAYLOAD);
    if (nfds) {
        msg.msg_control = control.bytes;
        pb_wire_attach_fds(&msg, fds, nfds);
    }
    while (left) {
        ssize_t n;

        msg.msg_iov = rest;
        msg.msg_iovlen = parts;
        n = sendmsg(fd, &msg, MSG_NOSIGNAL);
        if (n < 0 && !pb_wire_again()) {
            error_setg_errno(errp, errno, "cannot send %s to the back-end",
                             pb_wire_name(request));
            return false;
        }
        if (n < 0) {
            if (!pb_wire_poll(fd, POLLOUT, deadline, request, errp)) {
                return false;
            }
            continue;
        }
        left -= n;
        msg.msg_control = NULL;     /* went with the first byte */
        msg.msg_controllen = 0;
        iov_discard_front(&rest, &parts, n);
    }
    return true;
}

static int pb_wire_take_fds(struct msghdr *msg, int *fds)
{
    int count = 0;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
            int n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

            memcpy(fds + count, CMSG_DATA(c), n * sizeof(int));
            count += n;
        }
    }
    return count;
}

/* Reads exactly "size" bytes. At most one descriptor may come, at *reply_fd. */
static bool pb_wire_read(int fd, void *buffer, size_t size, int *reply_fd,
                         uint32_t request, int64_t deadline, Error **errp)
{
    size_t done = 0;

    while (done < size) {
        union {
            char bytes[CMSG_SPACE(PB_MAX_FDS * sizeof(int))];
            struct cmsghdr align;
        } control;
        struct iovec iov = { (char *)buffer + done, size - done };
        struct msghdr msg = {
            .msg_iov = &iov, .msg_iovlen = 1,
            .msg_control = control.bytes,
            .msg_controllen = sizeof(control.bytes),
        };
        int fds[PB_MAX_FDS];
        int nfds;
        ssize_t n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);

        if (n < 0 && pb_wire_again()) {
            if (!pb_wire_poll(fd, POLLIN, deadline, request, errp)) {
                return false;
            }
            continue;
        }
        if (n <= 0) {
            error_setg(errp, "the back-end closed the connection during %s%s%s",
                       pb_wire_name(request), n < 0 ? ": " : "",
                       n < 0 ? strerror(errno) : "");
            return false;
        }
        nfds = pb_wire_take_fds(&msg, fds);
        if (nfds && reply_fd && *reply_fd < 0) {
            *reply_fd = fds[--nfds];
        }
        if (nfds || (msg.msg_flags & MSG_CTRUNC)) {
            while (nfds) {
                close(fds[--nfds]);
            }
            error_setg(errp, "the back-end sent descriptors that %s does not "
                       "have", pb_wire_name(request));
            return false;
        }
        done += n;
    }
    return true;
}

/*
 * The reply to "request" or its acknowledgement. *size says how much came. On
 * failure a descriptor that came already is closed.
 */
bool pb_wire_receive(int fd, uint32_t request, void *payload, uint32_t capacity,
                     uint32_t *size, int *reply_fd, int64_t deadline,
                     Error **errp)
{
    struct pb_header header;
    const uint32_t flags = PB_VHOST_USER_VERSION | PB_HEADER_FLAGS_REPLY;
    bool ok;

    if (reply_fd) {
        *reply_fd = -1;
    }
    ok = pb_wire_read(fd, &header, sizeof(header), reply_fd, request, deadline,
                      errp);
    if (ok && (header.request != request || header.size > capacity ||
               (header.flags & (PB_HEADER_FLAGS_VERSION |
                                PB_HEADER_FLAGS_REPLY)) != flags)) {
        error_setg(errp, "malformed reply of the back-end to %s (request 0x%x, "
                   "flags 0x%x, %u bytes)", pb_wire_name(request),
                   header.request, header.flags, header.size);
        ok = false;
    }
    ok = ok && pb_wire_read(fd, payload, header.size, reply_fd, request,
                            deadline, errp);
    if (!ok && reply_fd && *reply_fd >= 0) {
        close(*reply_fd);
        *reply_fd = -1;
    }
    if (ok) {
        *size = header.size;
    }
    return ok;
}
