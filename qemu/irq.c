/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts of the back-end.
 *
 * One eventfd per MSI-X vector (and one more that says "INTX_LEVEL changed",
 * when the function has an interrupt pin). An interrupt travels in two steps:
 *
 *   take     read the eventfd, set the vector's bit in `pending`. Under
 *            PbIrq.lock only; done by the device's own thread, or by a vCPU
 *            that must not overtake an interrupt.
 *   deliver  clear the bits and notify. Under the big lock, in work queued on
 *            a vCPU, or directly by a vCPU that holds it already.
 *
 * The thread never waits for the big lock, so it can be joined with it held. If
 * the vCPU does not come round to its work (it may be blocked in an access), a
 * bottom half of the main loop delivers instead.
 */
#include "qemu/osdep.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include "hw/core/cpu.h"
#include "hw/pci/msix.h"
#include "qapi/error.h"
#include "qemu/rcu.h"
#include "pushbell.h"
#include "trace.h"

#define PB_EVENTS 64
#define PB_WORK_TIMEOUT_MS 2

/* Tags of the epoll set; vectors are below. The generation is in the top half. */
#define PB_TAG_STOP (PB_VECTORS_MAX + 1)
#define PB_TAG_SOCKET (PB_VECTORS_MAX + 2)
#define PB_TAG_CHANNEL (PB_VECTORS_MAX + 3)

/* Under PbIrq.lock. */
static void pb_irq_take(PbState *s, uint32_t vector)
{
    PbIrq *q = &s->irq;
    uint64_t count;

    if (read(q->fds[vector], &count, sizeof(count)) != sizeof(count)) {
        return;     /* the other taker was faster */
    }
    trace_pushbell_irq_take(vector, count);
    set_bit(vector, q->pending);
    qatomic_set(&q->taken, q->taken + (uint32_t)count);
    qatomic_set(&q->undelivered, true);
}

/* Big lock held. INTx is a level: look at it, do not count it. */
static void pb_irq_deliver_level(PbState *s)
{
    PCIDevice *pci = PCI_DEVICE(s);
    bool level = qatomic_read(&s->ring.header->intx_level) &&
                 !msix_enabled(pci);

    if (level != s->irq.level) {
        s->irq.level = level;
        trace_pushbell_irq_level(level);
        pci_set_irq(pci, level);
    }
}

/*
 * Big lock held. With Bus Master Enable off a message would get lost on its
 * way: it stays pending until the bit is set again.
 */
static void pb_irq_deliver(PbState *s)
{
    PbIrq *q = &s->irq;
    PCIDevice *pci = PCI_DEVICE(s);
    unsigned long word;
    unsigned i;

    if (s->exiting) {
        return;     /* the vectors are gone; a late vCPU may still come by */
    }
    if (s->function.interrupt_pin) {
        pb_irq_deliver_level(s);
    }
    if (!qatomic_read(&q->undelivered) ||
        !(pci_get_word(pci->config + PCI_COMMAND) & PCI_COMMAND_MASTER)) {
        return;
    }
    qatomic_set(&q->undelivered, false);
    smp_mb();   /* a bit set after this finds the flag clear and sets it */
    for (i = 0; i < BITS_TO_LONGS(q->nfds); i++) {
        word = qatomic_read(&q->pending[i]);
        if (!word) {
            continue;
        }
        word = qatomic_xchg(&q->pending[i], 0);
        while (word) {
            unsigned vector = i * BITS_PER_LONG + ctzl(word);

            word &= word - 1;
            if (vector < s->function.msix_vectors) {
                trace_pushbell_irq_deliver(vector);
                msix_notify(pci, vector);
            }
        }
    }
}

/* Work on a vCPU: big lock held. */
static void pb_irq_work(CPUState *cpu, run_on_cpu_data data)
{
    PbState *s = data.host_ptr;

    qatomic_set(&s->irq.queued, false);
    smp_mb();
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

/* Takes all that is there; returns how many events were not vectors. */
static int pb_irq_take_events(PbState *s, const struct epoll_event *ev, int n)
{
    int others = 0;

    qemu_mutex_lock(&s->irq.lock);
    for (int i = 0; i < n; i++) {
        uint32_t tag = (uint32_t)ev[i].data.u64;

        if (tag < s->irq.nfds) {
            pb_irq_take(s, tag);
        } else {
            others++;
        }
    }
    qemu_mutex_unlock(&s->irq.lock);
    return others;
}

/* Returns false when the thread must end. */
static bool pb_irq_other_event(PbState *s, const struct epoll_event *ev)
{
    uint32_t generation = ev->data.u64 >> 32;

    switch ((uint32_t)ev->data.u64) {
    case PB_TAG_STOP:
        return false;
    case PB_TAG_SOCKET:
        if (generation == qatomic_read(&s->session.generation)) {
            pb_session_fail(s, "the back-end closed the connection");
        }
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

/* Take on the caller's own account, without the thread. */
static void pb_irq_take_all(PbState *s)
{
    struct epoll_event ev[PB_EVENTS];
    int n;

    do {
        n = epoll_wait(s->irq.epoll_fd, ev, PB_EVENTS, 0);
        if (n > 0 && pb_irq_take_events(s, ev, n) == n) {
            break;      /* only what the thread has to look at */
        }
    } while (n == PB_EVENTS);
}

/*
 * Big lock held, all interrupts that the back-end raised before it answered
 * "upto" are delivered on return: it wrote the eventfds before the answer. If
 * the count does not fit afterwards (a back-end died between counting and
 * writing, and did so again after its restart), its count is taken over.
 */
void pb_irq_drain(PbState *s, uint32_t upto)
{
    PbIrq *q = &s->irq;

    if ((int32_t)(upto - qatomic_read(&q->taken)) > 0) {
        pb_irq_take_all(s);
        qemu_mutex_lock(&q->lock);
        if ((int32_t)(upto - q->taken) > 0) {
            qatomic_set(&q->taken, upto);
        }
        qemu_mutex_unlock(&q->lock);
    }
    pb_irq_deliver(s);
}

/* Big lock held: what was raised before an acknowledged request is delivered. */
void pb_irq_flush(PbState *s)
{
    pb_irq_take_all(s);
    pb_irq_deliver(s);
}

/* Big lock held, after a reset: what was raised before it is void. */
void pb_irq_discard(PbState *s)
{
    PbIrq *q = &s->irq;

    pb_irq_take_all(s);
    qemu_mutex_lock(&q->lock);
    bitmap_zero(q->pending, q->nfds);
    qatomic_set(&q->undelivered, false);
    qemu_mutex_unlock(&q->lock);
    if (s->function.interrupt_pin) {
        pb_irq_deliver_level(s);
    }
}

/* A vCPU is about to sleep in an access: nobody may count on it for delivery. */
void pb_irq_sleep_begin(PbState *s)
{
    qatomic_inc(&s->irq.sleepers);
    if (qatomic_read(&s->irq.undelivered)) {
        pb_irq_deliver(s);
    }
}

void pb_irq_sleep_end(PbState *s)
{
    qatomic_dec(&s->irq.sleepers);
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
