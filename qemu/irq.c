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
#include "hw/pci/msix.h"
#include "pushbell.h"
#include "trace.h"

/* Under PbIrq.lock. */
static void pb_irq_take(PbState *s, uint32_t vector)
{
    PbIrq *q = &s->irq;
    uint64_t count;

    if (!pb_eventfd_take(q->fds[vector], &count)) {
        return;     /* the other taker was faster */
    }
    trace_pushbell_irq_take(vector, count);
    set_bit(vector, q->pending);
    qatomic_set(&q->taken, q->taken + (uint32_t)count);
    qatomic_set(&q->undelivered, true);
}

/*
 * Big lock held. INTx is a level: look at it, do not count it. The core takes
 * it back by itself when MSI-X is switched on, so it is told each time.
 */
static void pb_irq_deliver_level(PbState *s)
{
    PCIDevice *pci = PCI_DEVICE(s);
    uint32_t word = qatomic_read(&s->ring.header->intx_level);
    bool level = word && !msix_enabled(pci) && !s->off;

    s->irq.level_word = word;
    if (level != s->irq.level) {
        s->irq.level = level;
        trace_pushbell_irq_level(level);
    }
    pci_set_irq(pci, level);
}

/*
 * Big lock held. With Bus Master Enable off or in D3hot a message would get
 * lost on its way: it stays pending until it can go.
 */
void pb_irq_deliver(PbState *s)
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
    if (!qatomic_read(&q->undelivered) || s->off ||
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

/* Takes all that is there; returns how many events were not vectors. */
int pb_irq_take_events(PbState *s, const struct epoll_event *ev, int n)
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

void pb_irq_see_socket(PbState *s, const struct epoll_event *ev)
{
    if ((uint32_t)ev->data.u64 == PB_TAG_SOCKET &&
        ev->data.u64 >> 32 == qatomic_read(&s->session.generation)) {
        pb_session_fail(s, "the back-end closed the connection");
    }
}

/*
 * Take on the caller's own account, without the thread. What is left to the
 * thread (channel, stop) stays ready, so more than one round may be needed.
 */
static void pb_irq_take_all(PbState *s)
{
    /* Who goes on signalling must not keep us: each descriptor had its turn. */
    unsigned rounds = s->irq.nfds / PB_EVENTS + 2;
    struct epoll_event ev[PB_EVENTS];
    int n;

    do {
        n = epoll_wait(s->irq.epoll_fd, ev, PB_EVENTS, 0);
        if (n > 0 && pb_irq_take_events(s, ev, n) > 0) {
            /* The end of the connection is told once, perhaps to us. */
            for (int i = 0; i < n; i++) {
                pb_irq_see_socket(s, &ev[i]);
            }
        }
    } while (n == PB_EVENTS && --rounds);
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

/*
 * A new back-end: from now on its count is ours. One that died between counting
 * and signalling, or did both after we had taken its count over, is history.
 */
void pb_irq_resync(PbState *s)
{
    PbIrq *q = &s->irq;

    pb_irq_take_all(s);
    qemu_mutex_lock(&q->lock);
    qatomic_set(&q->taken, qatomic_read(&s->ring.header->irq_raised));
    qemu_mutex_unlock(&q->lock);
}

/* Big lock held: deliver what was raised before an acknowledged request. */
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
        /* Nobody is there to take it back. */
        if (!qatomic_read(&s->session.connected)) {
            qatomic_set(&s->ring.header->intx_level, 0);
        }
        pb_irq_deliver_level(s);
    }
}

/* A vCPU is about to sleep in an access: it will not do queued work. */
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
