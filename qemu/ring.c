/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Producer side of the MMIO ring.
 *
 * Every access to a trapped range becomes one slot, in program order: slot
 * body, PRODUCER with release, full fence, ASLEEP. A write is done when its
 * slot is published; a read waits until the back-end has put the answer into
 * the slot. Words that the back-end writes are hostile: each is read once into
 * a local, checked, and only the local is used. Our own indices are never read
 * back from the shared page.
 */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/log.h"
#include "pushbell.h"
#include "trace.h"

static inline struct pb_slot *pb_ring_slot(PbRing *r, uint32_t index)
{
    return &r->slots[index & (r->nslots - 1)];
}

/* One load, whatever the compiler thinks of it: the word may change again. */
static inline uint64_t pb_ring_load64(const void *word)
{
    return *(const volatile uint64_t *)word; /* volatile: read once */
}

/* A slot counts as free only when its sleeping reader has left, too. */
static uint32_t pb_ring_oldest_used(PbRing *r, uint32_t consumer)
{
    PbReader *reader;

    QLIST_FOREACH(reader, &r->readers, next) {
        if ((int32_t)(reader->seq - consumer) < 0) {
            consumer = reader->seq;
        }
    }
    return consumer;
}

/* Under put_lock. Looks at CONSUMER only when the last known value is full. */
static bool pb_ring_has_room(PbState *s, uint32_t limit)
{
    PbRing *r = &s->ring;
    uint32_t consumer;

    if (likely(r->producer - r->consumer < limit)) {
        return true;
    }
    consumer = qatomic_load_acquire(&r->header->consumer);
    if (consumer - r->consumer_seen > r->producer - r->consumer_seen) {
        if (qatomic_read(&s->session.connected)) {
            pb_session_fail(s, "the ring's CONSUMER is out of range");
        }
        return false;
    }
    r->consumer_seen = consumer;
    r->consumer = pb_ring_oldest_used(r, consumer);
    return r->producer - r->consumer < limit;
}

/* Under put_lock, with room. Returns the slot's index. */
static inline uint32_t pb_ring_fill(PbRing *r, uint8_t op, uint8_t bar,
                                    uint64_t offset, uint64_t data,
                                    uint8_t size)
{
    uint32_t seq = r->producer;
    struct pb_slot *slot = pb_ring_slot(r, seq);

    slot->seq = seq;
    slot->op = op;
    slot->bar = bar;
    slot->size = size;
    slot->epoch = r->epoch;
    slot->offset = offset;
    slot->data = data;
    if (op == PB_RING_OP_READ) {
        /*
         * An answer from 2^32 accesses ago would have the sequence number that
         * we wait for.
         */
        slot->answer_seq = seq;
    }
    qatomic_set(&r->producer, seq + 1);
    qatomic_store_release(&r->header->producer, seq + 1);
    return seq;
}

/*
 * ASLEEP is taken by exchange, so that one sleep costs one eventfd write, not
 * one for every access until the consumer is awake again.
 */
static inline void pb_ring_kick(PbState *s)
{
    PbRing *r = &s->ring;

    smp_mb();   /* PRODUCER before ASLEEP; the consumer has the reverse */
    if (unlikely(qatomic_read(&r->header->asleep)) &&
        qatomic_xchg(&r->header->asleep, 0)) {
        trace_pushbell_kick();
        pb_eventfd_signal(r->kick_fd);
    }
}

static bool pb_ring_try_put(PbState *s, uint32_t limit, uint8_t op, uint8_t bar,
                            uint64_t offset, uint64_t data, uint8_t size,
                            uint32_t *seq)
{
    PbRing *r = &s->ring;
    bool room;

    qemu_spin_lock(&r->put_lock);
    room = pb_ring_has_room(s, limit);
    if (likely(room)) {
        *seq = pb_ring_fill(r, op, bar, offset, data, size);
    }
    qemu_spin_unlock(&r->put_lock);
    if (likely(room)) {
        pb_ring_kick(s);
    }
    return room;
}

static bool pb_ring_ready_room(PbState *s, uint32_t limit)
{
    bool room;

    qemu_spin_lock(&s->ring.put_lock);
    room = pb_ring_has_room(s, limit);
    qemu_spin_unlock(&s->ring.put_lock);
    return room;
}

/*
 * The ring is full: hold the vCPU. Each round may lose the free slot to another
 * vCPU, but all rounds share one deadline.
 */
static PbWaitResult pb_ring_put_slow(PbState *s, uint8_t op, uint8_t bar,
                                     uint64_t offset, uint64_t data,
                                     uint8_t size, bool may_unlock,
                                     uint32_t *seq)
{
    PbRing *r = &s->ring;
    uint32_t limit = r->nslots - r->reserve;
    uint32_t epoch = r->epoch;
    int64_t deadline = pb_wait_deadline(s, may_unlock);
    PbWaitResult result;

    trace_pushbell_ring_full(r->producer, r->consumer);
    do {
        result = pb_wait(s, pb_ring_ready_room, limit, epoch, deadline,
                         may_unlock);
        if (r->epoch != epoch) {
            return PB_WAIT_RESET;
        }
        if (result == PB_WAIT_READY &&
            pb_ring_try_put(s, limit, op, bar, offset, data, size, seq)) {
            return PB_WAIT_READY;
        }
    } while (result == PB_WAIT_READY);
    return result;
}

/* A guest has waited as long as it was told to. */
static void pb_ring_timed_out(PbState *s, PbWaitResult result, bool may_unlock)
{
    if (result == PB_WAIT_TIMEOUT && may_unlock) {
        pb_gone_now(s, "the back-end has been silent for too long");
    } else if (result == PB_WAIT_UNPLUG && may_unlock) {
        /* Each further access would wait as long; the guest has to let go. */
        pb_gone_now(s, "the back-end is silent while the device is unplugged");
    }
}

static void pb_ring_drop(PbState *s, uint8_t bar, uint64_t offset)
{
    if (s->ring.dropped++ == 0) {
        warn_report("pushbell-pci: the ring is full and the back-end at %s "
                    "does not take writes: a write to BAR %u, offset 0x%"
                    PRIx64 " and later ones are dropped", s->socket_path,
                    bar, offset);
    }
    trace_pushbell_drop(bar, offset, s->ring.dropped);
}

static void pb_ring_write_slow(PbState *s, uint8_t bar, uint64_t offset,
                               uint64_t data, uint8_t size, bool may_unlock)
{
    uint32_t seq;
    PbWaitResult result = pb_ring_put_slow(s, PB_RING_OP_WRITE, bar, offset,
                                           data, size, may_unlock, &seq);

    pb_ring_timed_out(s, result, may_unlock);
    if (result == PB_WAIT_READY || result == PB_WAIT_RESET || s->off) {
        return;
    }
    /* The write stays queued: that is what the reserve is for. */
    if (!pb_ring_try_put(s, s->ring.nslots, PB_RING_OP_WRITE, bar, offset,
                         data, size, &seq)) {
        pb_ring_drop(s, bar, offset);
    }
}

/* A guest's write to a trapped range. Big lock held, let go while waiting. */
void pb_ring_write(PbState *s, uint8_t bar, uint64_t offset, uint64_t data,
                   uint8_t size, bool may_unlock)
{
    uint32_t seq;

    if (unlikely(qatomic_read(&s->off))) {
        return;
    }
    if (unlikely(!pb_ring_try_put(s, s->ring.nslots - s->ring.reserve,
                                  PB_RING_OP_WRITE, bar, offset, data, size,
                                  &seq))) {
        pb_ring_write_slow(s, bar, offset, data, size, may_unlock);
    }
}

static bool pb_ring_ready_answer(PbState *s, uint32_t seq)
{
    struct pb_slot *slot = pb_ring_slot(&s->ring, seq);

    return qatomic_load_acquire(&slot->answer_seq) == seq + 1;
}

/* The answer is there: take it, and what must reach the guest before it. */
static uint64_t pb_ring_take_answer(PbState *s, uint32_t seq)
{
    struct pb_slot *slot = pb_ring_slot(&s->ring, seq);
    uint64_t data = pb_ring_load64(&slot->answer_data);
    uint32_t upto = qatomic_read(&slot->answer_irq);
    uint32_t status = qatomic_read(&slot->answer_status);

    pb_irq_sync(s, upto);
    switch (status) {
    case PB_ANSWER_STATUS_OK:
        return data;
    case PB_ANSWER_STATUS_UNSUPPORTED:
        qemu_log_mask(LOG_GUEST_ERROR, "pushbell-pci: the function does not "
                      "support a read in BAR %u\n", slot->bar);
        return PB_ALL_ONES;
    default:
        pb_session_fail(s, "an answer has an unknown status");
        return PB_ALL_ONES;
    }
}

static uint64_t pb_ring_read_failed(PbState *s, uint8_t bar, uint64_t offset,
                                    PbWaitResult why)
{
    trace_pushbell_read_failed(bar, offset, why);
    if (why == PB_WAIT_TIMEOUT && !s->gone) {
        warn_report_once("pushbell-pci: no answer in time to a read of BAR %u, "
                         "offset 0x%" PRIx64 "; the guest gets all-ones",
                         bar, offset);
    }
    return PB_ALL_ONES;
}

static uint64_t pb_ring_read_slow(PbState *s, uint8_t bar, uint64_t offset,
                                  uint32_t seq, uint32_t epoch, bool may_unlock)
{
    PbRing *r = &s->ring;
    PbReader reader = { .seq = seq };
    PbWaitResult result;
    uint64_t value = PB_ALL_ONES;

    qemu_spin_lock(&r->put_lock);
    QLIST_INSERT_HEAD(&r->readers, &reader, next);
    qemu_spin_unlock(&r->put_lock);

    result = pb_wait(s, pb_ring_ready_answer, seq, epoch,
                     pb_wait_deadline(s, may_unlock), may_unlock);
    if (result == PB_WAIT_READY) {
        value = pb_ring_take_answer(s, seq);
    }

    qemu_spin_lock(&r->put_lock);
    QLIST_REMOVE(&reader, next);
    qemu_spin_unlock(&r->put_lock);
    pb_ring_timed_out(s, result, may_unlock);
    return result == PB_WAIT_READY ? value
           : pb_ring_read_failed(s, bar, offset, result);
}

/* A guest's read of a trapped range. Big lock held, let go while waiting. */
uint64_t pb_ring_read(PbState *s, uint8_t bar, uint64_t offset, uint8_t size,
                      bool may_unlock)
{
    PbRing *r = &s->ring;
    PbWaitResult result = PB_WAIT_READY;
    uint32_t seq;
    uint32_t epoch = r->epoch;

    if (unlikely(qatomic_read(&s->off) ||
                 (!may_unlock && !qatomic_read(&s->session.connected)))) {
        return pb_ring_read_failed(s, bar, offset, PB_WAIT_GONE);
    }
    if (unlikely(!pb_ring_try_put(s, r->nslots - r->reserve, PB_RING_OP_READ,
                                  bar, offset, 0, size, &seq))) {
        result = pb_ring_put_slow(s, PB_RING_OP_READ, bar, offset, 0, size,
                                  may_unlock, &seq);
    }
    if (unlikely(result != PB_WAIT_READY)) {
        pb_ring_timed_out(s, result, may_unlock);
        return pb_ring_read_failed(s, bar, offset, result);
    }
    if (likely(r->spin_ns)) {
        /* Before the clock is asked at all: both sides awake. */
        for (unsigned i = 0; i < 64; i++) {
            if (pb_ring_ready_answer(s, seq)) {
                return pb_ring_take_answer(s, seq);
            }
            cpu_relax();
        }
    }
    return pb_ring_read_slow(s, bar, offset, seq, epoch, may_unlock);
}

uint32_t pb_ring_producer(PbState *s)
{
    return qatomic_read(&s->ring.producer);
}
