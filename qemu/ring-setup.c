/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Life of the MMIO ring: its memory and eventfds, and the reset epoch.
 */
#include "qemu/osdep.h"
#include <sched.h>
#include <sys/eventfd.h>
#include "qapi/error.h"
#include "qemu/memfd.h"
#include "qemu/timer.h"
#include "pushbell.h"
#include "trace.h"

/* A reset: what is in the ring from before it, and who waits, is void. */
uint32_t pb_ring_raise_epoch(PbState *s)
{
    PbRing *r = &s->ring;

    qemu_spin_lock(&r->put_lock);
    qatomic_set(&r->epoch, r->epoch + 1);
    qatomic_store_release(&r->header->reset_epoch, r->epoch);
    qemu_spin_unlock(&r->put_lock);
    pb_wait_wake_all(s);
    return r->epoch;
}

/*
 * Even numbers are connections, an odd one says that nobody is connected. A
 * thread that is late can only end the connection that it means.
 */
void pb_ring_give_up(PbState *s)
{
    PbRing *r = &s->ring;
    uint32_t number = qatomic_read(&r->session);

    if (r->header) {
        qatomic_cmpxchg(&r->header->session, number, number + 1);
    }
}

/*
 * A back-end can write any word of the ring, and must not spoil it for those
 * who come after it. Our own words are put right. CONSUMER goes on at the last
 * value that could be: what they find there a second time they know from the
 * state region. While the function is gone all slots are void, so that nobody
 * has to make sense of them.
 */
static void pb_ring_repair(PbState *s)
{
    PbRing *r = &s->ring;
    uint32_t consumer;

    qemu_spin_lock(&r->put_lock);
    r->header->magic = PB_RING_MAGIC;
    r->header->version = PB_EXTENSION_VERSION;
    r->header->slots = r->nslots;
    qatomic_set(&r->header->producer, r->producer);
    qatomic_set(&r->header->reset_epoch, r->epoch);
    consumer = qatomic_read(&r->header->consumer);
    if (s->gone) {
        r->consumer_seen = r->producer;
    }
    if (consumer - r->consumer_seen > r->producer - r->consumer_seen) {
        trace_pushbell_ring_repair(consumer, r->consumer_seen);
        qatomic_set(&r->header->consumer, r->consumer_seen);
    }
    qemu_spin_unlock(&r->put_lock);
}

/* Before a new back-end gets the ring. */
void pb_ring_new_session(PbState *s)
{
    PbRing *r = &s->ring;

    pb_ring_repair(s);
    qatomic_set(&r->session, r->session + 2);
    qatomic_set(&r->header->session, r->session);
    trace_pushbell_ring_session(r->session);
}

/* Spinning for a back-end that has no other core only keeps it away. */
static int64_t pb_ring_spin_ns(PbState *s)
{
    cpu_set_t set;

    if (!sched_getaffinity(0, sizeof(set), &set) && CPU_COUNT(&set) < 2) {
        return 0;
    }
    return (int64_t)s->spin_us * SCALE_US;
}

void pb_ring_init(PbState *s)
{
    PbRing *r = &s->ring;

    r->memfd = r->kick_fd = r->answer_fd = -1;
    qemu_spin_init(&r->put_lock);
    qemu_mutex_init(&r->wait_lock);
    qemu_cond_init(&r->wait_cond);
    QLIST_INIT(&r->readers);
}

bool pb_ring_create(PbState *s, Error **errp)
{
    PbRing *r = &s->ring;

    r->nslots = s->function.ring_slots;
    r->reserve = MAX(1, r->nslots / 8);
    r->bytes = PB_RING_HEADER_BYTES + (uint64_t)r->nslots * PB_RING_SLOT_BYTES;
    r->spin_ns = pb_ring_spin_ns(s);
    r->header = qemu_memfd_alloc("pushbell-ring", r->bytes,
                                 F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL,
                                 &r->memfd, errp);
    if (!r->header) {
        return false;
    }
    r->slots = (void *)((char *)r->header + PB_RING_HEADER_BYTES);
    r->header->magic = PB_RING_MAGIC;
    r->header->version = PB_EXTENSION_VERSION;
    r->header->slots = r->nslots;
    r->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    r->answer_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (r->kick_fd < 0 || r->answer_fd < 0) {
        error_setg_errno(errp, errno, "pushbell-pci: cannot make an eventfd");
        return false;
    }
    return true;
}

/* Called when no vCPU can be in an access any more: the last reference. */
void pb_ring_destroy(PbState *s)
{
    PbRing *r = &s->ring;

    if (r->kick_fd >= 0) {
        close(r->kick_fd);
    }
    if (r->answer_fd >= 0) {
        close(r->answer_fd);
    }
    if (r->header) {
        qemu_memfd_free(r->header, r->bytes, r->memfd);
    }
    qemu_cond_destroy(&r->wait_cond);
    qemu_mutex_destroy(&r->wait_lock);
}
