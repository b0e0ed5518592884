/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The back-end request channel: requests that the back-end sends to us. Served
 * by the interrupt thread, without the big lock. PCI_LOG goes to our log, a miss
 * of the IOTLB is queued for those who have that lock; an unknown request is
 * read over, wrong framing closes the channel.
 */
#include "qemu/osdep.h"
#include <sys/socket.h>
#include "qemu/error-report.h"
#include "qemu/timer.h"
#include "pushbell.h"
#include "trace.h"

#define PB_LOG_BYTES_MAX 256
#define PB_LOG_LINES_PER_SECOND 10
#define PB_REQUESTS_PER_CALL 16

/* A back-end may not flood the log, nor write control characters to a tty. */
static void pb_channel_log(PbState *s, char *text, uint32_t size)
{
    PbSession *c = &s->session;
    int64_t second = get_clock() / NANOSECONDS_PER_SECOND;

    if (second != c->log_second) {
        c->log_second = second;
        c->log_lines = 0;
    }
    if (c->log_lines++ >= PB_LOG_LINES_PER_SECOND) {
        return;
    }
    for (uint32_t i = 0; i < size; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f) {
            text[i] = ' ';
        }
    }
    warn_report("pushbell-pci: back-end: %.*s", (int)size, text);
}

/* Returns false to close the channel. */
static bool pb_channel_dispatch(PbState *s, const struct pb_header *header,
                                char *payload)
{
    switch (header->request) {
    case PB_BACKEND_REQUEST_PCI_LOG:
        pb_channel_log(s, payload, header->size);
        return true;
    case PB_BACKEND_REQUEST_IOTLB_MSG:
        return header->size == sizeof(struct pb_iotlb) &&
               pb_iommu_miss(s, (const struct pb_iotlb *)payload);
    default:
        return true;
    }
}

static bool pb_channel_knows(uint32_t request)
{
    return request == PB_BACKEND_REQUEST_PCI_LOG ||
           request == PB_BACKEND_REQUEST_IOTLB_MSG;
}

static void pb_channel_ack(PbState *s, uint32_t request, uint64_t value)
{
    struct {
        struct pb_header header;
        struct pb_u64_payload payload;
    } ack = {
        .header = {
            .request = request,
            .flags = PB_VHOST_USER_VERSION | PB_HEADER_FLAGS_REPLY,
            .size = sizeof(ack.payload),
        },
        .payload = { value },
    };

    QEMU_BUILD_BUG_ON(sizeof(ack) !=
                      sizeof(ack.header) + sizeof(ack.payload));
    /* Non-blocking: who does not read its acknowledgements loses them. */
    if (send(s->session.channel_fd, &ack, sizeof(ack), MSG_NOSIGNAL) < 0) {
        trace_pushbell_channel_ack_lost(request);
    }
}

/*
 * Header and payload come in one message, or the framing is wrong: there is no
 * reason to send them apart. Plain recv: descriptors are not wanted, and the
 * kernel drops them. Returns false to close the channel.
 */
static bool pb_channel_request(PbState *s, bool *more)
{
    struct pb_header header;
    char payload[PB_LOG_BYTES_MAX] QEMU_ALIGNED(8);
    ssize_t n = recv(s->session.channel_fd, &header, sizeof(header), 0);

    *more = n > 0;
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    if (n != sizeof(header) || header.size > sizeof(payload) ||
        (header.flags & (PB_HEADER_FLAGS_VERSION | PB_HEADER_FLAGS_REPLY)) !=
        PB_VHOST_USER_VERSION) {
        return false;
    }
    if (header.size &&
        recv(s->session.channel_fd, payload, header.size, 0) != header.size) {
        return false;
    }
    trace_pushbell_channel(header.request, header.size);
    if (!pb_channel_dispatch(s, &header, payload)) {
        return false;
    }
    if (header.flags & PB_HEADER_FLAGS_NEED_REPLY) {
        pb_channel_ack(s, header.request, !pb_channel_knows(header.request));
    }
    return true;
}

/* The rest is left to the next round: interrupts come first. */
void pb_channel_serve(PbState *s)
{
    PbSession *c = &s->session;
    bool more = true;

    qemu_mutex_lock(&c->lock);
    for (unsigned i = 0; i < PB_REQUESTS_PER_CALL && more &&
         c->channel_fd >= 0; i++) {
        if (!pb_channel_request(s, &more)) {
            trace_pushbell_channel_closed();
            close(c->channel_fd);   /* leaves the epoll set, too */
            c->channel_fd = -1;
        }
    }
    qemu_mutex_unlock(&c->lock);
}
