/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interrupt thread: sleeps on all eventfds, takes what comes, and brings
 * its delivery to a vCPU. It also notices the end of the connection and serves
 * the back-end's requests, because it never waits for the big lock. irq.c has
 * the two halves of an interrupt.
 */
#include "qemu/osdep.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include "hw/core/cpu.h"
#include "qapi/error.h"
#include "qemu/rcu.h"
#include "qemu/timer.h"
#include "pushbell.h"

#define PB_WORK_TIMEOUT_MS 2

/* Work on a vCPU: big lock held. */
static void pb_irq_work(CPUState *cpu, run_on_cpu_data data)
{
    PbState *s = data.host_ptr;

    qatomic_set(&s->irq.queued, false);
    smp_mb();   /* who sets a bit after this queues work of its own */
    pb_irq_deliver(s);
    object_unref(OBJECT(s));
}

static void pb_irq_bh(void *opaque)
{
    pb_irq_deliver(opaque);
}

/* The thread's half: bring delivery to someone who has the big lock. */
static void pb_irq_hand_over(PbState *s)
{
    PbIrq *q = &s->irq;
    CPUState *cpu = NULL;

    if (qatomic_read(&q->sleepers)) {
        qemu_bh_schedule(q->bh);
        return;
    }
    if (qatomic_xchg(&q->queued, true)) {
        return;     /* the work that is queued will see the new bits, too */
    }
    WITH_RCU_READ_LOCK_GUARD() {
        cpu = qemu_get_cpu(qatomic_read(&q->cpu_index));
        if (!cpu) {
            cpu = first_cpu;
        }
        object_ref(OBJECT(s));
        async_run_on_cpu(cpu, pb_irq_work, RUN_ON_CPU_HOST_PTR(s));
    }
}

/* Returns false when the thread must end. */
static bool pb_irq_other_event(PbState *s, const struct epoll_event *ev)
{
    uint32_t generation = ev->data.u64 >> 32;

    switch ((uint32_t)ev->data.u64) {
    case PB_TAG_STOP:
        return false;
    case PB_TAG_SOCKET:
        pb_irq_see_socket(s, ev);
        return true;
    case PB_TAG_CHANNEL:
        if (generation == qatomic_read(&s->session.generation)) {
            pb_channel_serve(s);
        }
        return true;
    default:
        return true;
    }
}

static void *pb_irq_thread(void *opaque)
{
    PbState *s = opaque;
    PbIrq *q = &s->irq;
    struct epoll_event ev[PB_EVENTS];
    bool go_on = true;
    int n;

    rcu_register_thread();
    while (go_on) {
        n = epoll_wait(q->epoll_fd, ev, PB_EVENTS,
                       qatomic_read(&q->queued) ? PB_WORK_TIMEOUT_MS : -1);
        if (n == 0 && qatomic_read(&q->queued) &&
            qatomic_read(&q->undelivered)) {
            qemu_bh_schedule(q->bh);
            qatomic_set(&q->queued, false);
        }
        if (n <= 0) {
            continue;
        }
        if (pb_irq_take_events(s, ev, n)) {
            for (int i = 0; i < n && go_on; i++) {
                go_on = pb_irq_other_event(s, &ev[i]);
            }
        }
        if (qatomic_read(&q->undelivered)) {
            pb_irq_hand_over(s);
        }
    }
    rcu_unregister_thread();
    return NULL;
}

static bool pb_irq_add(PbState *s, int fd, uint32_t events, uint64_t tag)
{
    struct epoll_event ev = { .events = events, .data.u64 = tag };

    return epoll_ctl(s->irq.epoll_fd, EPOLL_CTL_ADD, fd, &ev) == 0;
}

/* The connection's two descriptors, watched without the big lock. */
void pb_irq_watch(PbState *s, int socket_fd, int channel_fd)
{
    uint64_t generation = (uint64_t)s->session.generation << 32;

    /* Replies are read elsewhere; the end of the connection is told once. */
    pb_irq_add(s, socket_fd, EPOLLRDHUP | EPOLLONESHOT,
               generation | PB_TAG_SOCKET);
    pb_irq_add(s, channel_fd, EPOLLIN, generation | PB_TAG_CHANNEL);
}

void pb_irq_unwatch(PbState *s, int socket_fd, int channel_fd)
{
    if (s->irq.epoll_fd >= 0) {
        epoll_ctl(s->irq.epoll_fd, EPOLL_CTL_DEL, socket_fd, NULL);
        epoll_ctl(s->irq.epoll_fd, EPOLL_CTL_DEL, channel_fd, NULL);
    }
}

bool pb_irq_send_fds(PbState *s, Error **errp)
{
    for (unsigned i = 0; i < s->irq.nfds; i++) {
        struct pb_irq_fd msg = { .vector = i };

        if (!pb_session_tell(s, PB_REQUEST_PCI_SET_IRQ_FD, &msg, sizeof(msg),
                             &s->irq.fds[i], 1, errp)) {
            return false;
        }
    }
    return true;
}

void pb_irq_init(PbState *s)
{
    s->irq.epoll_fd = s->irq.stop_fd = -1;
    qemu_mutex_init(&s->irq.lock);
}

static bool pb_irq_open_fds(PbState *s)
{
    PbIrq *q = &s->irq;
    unsigned n = s->function.msix_vectors + (s->function.interrupt_pin ? 1 : 0);

    q->pending = bitmap_new(n);
    q->fds = g_new(int, n);
    q->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    q->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (q->epoll_fd < 0 || q->stop_fd < 0 ||
        !pb_irq_add(s, q->stop_fd, EPOLLIN, PB_TAG_STOP)) {
        return false;
    }
    while (q->nfds < n) {
        int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

        if (fd < 0) {
            return false;
        }
        q->fds[q->nfds] = fd;
        if (!pb_irq_add(s, fd, EPOLLIN, q->nfds++)) {
            return false;
        }
    }
    return true;
}

bool pb_irq_create(PbState *s, Error **errp)
{
    PbIrq *q = &s->irq;

    if (!pb_irq_open_fds(s)) {
        error_setg_errno(errp, errno, "pushbell-pci: cannot make the eventfds "
                         "for %u interrupt vectors", s->function.msix_vectors);
        return false;
    }
    q->bh = qemu_bh_new(pb_irq_bh, s);
    qemu_thread_create(&q->thread, "pushbell-irq", pb_irq_thread, s,
                       QEMU_THREAD_JOINABLE);
    q->thread_runs = true;
    return true;
}

void pb_irq_destroy(PbState *s)
{
    PbIrq *q = &s->irq;
    uint64_t one = 1;

    if (q->thread_runs) {
        int r = write(q->stop_fd, &one, sizeof(one));

        assert(r == sizeof(one));   /* our own, and written once */
        qemu_thread_join(&q->thread);
        q->thread_runs = false;
    }
    if (q->bh) {
        qemu_bh_delete(q->bh);
        q->bh = NULL;
    }
    while (q->nfds) {
        close(q->fds[--q->nfds]);
    }
    g_clear_pointer(&q->fds, g_free);
    g_clear_pointer(&q->pending, g_free);
    if (q->stop_fd >= 0) {
        close(q->stop_fd);
        q->stop_fd = -1;
    }
    if (q->epoll_fd >= 0) {
        close(q->epoll_fd);
        q->epoll_fd = -1;
    }
}
