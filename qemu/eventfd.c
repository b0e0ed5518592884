/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The counters that are shared with the back-end. That they do not block is a
 * property of the open file, which both sides share: a back-end that breaks
 * the rules can take it away, and fill or empty a counter. So whether a call
 * would block is found out here anew each time.
 *
 * eventfd knows RWF_NOWAIT for reading only. Between poll and write a
 * back-end would have to fill the counter in that instant.
 */
#include "qemu/osdep.h"
#include <poll.h>
#include <sys/uio.h>
#include "pushbell.h"

static bool pb_eventfd_ready(int fd, short events)
{
    struct pollfd pfd = { .fd = fd, .events = events };

    return poll(&pfd, 1, 0) == 1 && (pfd.revents & events);
}

/* False: the counter is full, so whoever waits for it is awake already. */
bool pb_eventfd_signal(int fd)
{
    uint64_t one = 1;

    return pb_eventfd_ready(fd, POLLOUT) &&
           write(fd, &one, sizeof(one)) == sizeof(one);
}

/* False: nothing was there. */
bool pb_eventfd_take(int fd, uint64_t *count)
{
    struct iovec iov = { count, sizeof(*count) };
    ssize_t n = preadv2(fd, &iov, 1, -1, RWF_NOWAIT);

    if (n < 0 && errno == EOPNOTSUPP && pb_eventfd_ready(fd, POLLIN)) {
        n = read(fd, count, sizeof(*count));
    }
    return n == sizeof(*count);
}
