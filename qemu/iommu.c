/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DMA behind a vIOMMU: the guest gives the function I/O virtual addresses, and
 * what they mean is known only here. As in vhost-user's IOTLB messages:
 *
 *   MISS         back-end -> channel.c -> queue -> bottom half with the big
 *                lock: translate, answer on the main socket
 *   UPDATE       the translation, as far as it reaches
 *   ACCESS_FAIL  there is none; the IOMMU has told the guest of the fault
 *   INVALIDATE   what was handed out is void. Acknowledged when no DMA uses it
 *                any more, and only then the guest's invalidation is complete.
 *
 * Translating and sending happen under the big lock, as does an invalidation:
 * an UPDATE from an old mapping is always followed by the INVALIDATE that ends
 * it. The thread that invalidates (a vCPU in an access to the IOMMU, the main
 * loop) waits with the lock held, which is safe: the back-end never waits for
 * an answer to a MISS before it acknowledges. A new connection starts with
 * nothing handed out.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "pushbell.h"
#include "trace.h"

#define PB_MISSES_PER_CALL 32
/* From this size on everything is invalidated: one message, not dozens. */
#define PB_LARGE (1ULL << 30)

QEMU_BUILD_BUG_ON((int)PB_IOTLB_PERM_READ != (int)IOMMU_RO);
QEMU_BUILD_BUG_ON((int)PB_IOTLB_PERM_WRITE != (int)IOMMU_WO);

void pb_iommu_invalidate(PbState *s, uint64_t iova, uint64_t size)
{
    struct pb_iotlb msg = { .iova = iova, .size = size,
                            .type = PB_IOTLB_TYPE_INVALIDATE };
    Error *err = NULL;

    if (!s->iommu.handed_out || !qatomic_read(&s->session.connected)) {
        return;
    }
    if (size >= PB_LARGE) {
        msg.iova = 0;
        msg.size = UINT64_MAX;
        s->iommu.handed_out = false;
    }
    trace_pushbell_iommu_invalidate(msg.iova, msg.size);
    if (!pb_session_tell(s, PB_REQUEST_IOTLB_MSG, &msg, sizeof(msg), NULL, 0,
                         &err)) {
        error_reportf_err(err, "pushbell-pci: ");
        /* It may still use the mapping: its session must not go on. */
        pb_session_close(s);
    }
}

void pb_iommu_invalidate_all(PbState *s)
{
    pb_iommu_invalidate(s, 0, UINT64_MAX);
}

/*
 * Asks the IOMMU, which reports to the guest when it says no. QEMU's VT-d takes
 * a translation that it has cached without a look at the direction: then the
 * permissions that come back tell, and are asked for by themselves.
 */
static bool pb_iommu_ask(PbState *s, const PbSection *t,
                         const PbMiss *miss, IOMMUTLBEntry *entry)
{
    IOMMUMemoryRegion *mr = IOMMU_MEMORY_REGION(t->mr);
    IOMMUMemoryRegionClass *class = memory_region_get_iommu_class_nocheck(mr);
    const MemTxAttrs attrs = {
        .requester_id = pci_requester_id(PCI_DEVICE(s)),
    };
    int index = memory_region_iommu_attrs_to_index(mr, attrs);
    hwaddr address = miss->iova - t->first + t->offset;
    IOMMUAccessFlags lacking;

    *entry = class->translate(mr, address, miss->perm, index);
    lacking = miss->perm & ~entry->perm;
    if (entry->perm != IOMMU_NONE && lacking) {
        class->translate(mr, address, lacking, index);
    }
    if (lacking || entry->target_as != &address_space_memory) {
        return false;
    }
    pb_compat_iommu_told(mr, entry);
    return true;
}

/*
 * The longest stretch round the missed address that is one piece on both sides:
 * "before" and "after" say how far it reaches in I/O virtual addresses,
 * "address" is what the missed one means, to the guest or (own) to QEMU.
 */
static bool pb_iommu_stretch(PbState *s, const PbMiss *miss, uint64_t before,
                             uint64_t after, uint64_t address, bool own,
                             struct pb_iotlb *answer)
{
    const struct pb_mem_region *r = pb_memory_find(s, address, own);
    uint64_t in_region;

    if (!r) {
        return false;   /* no RAM, or RAM that the back-end does not have */
    }
    in_region = address - (own ? r->user_address : r->guest_address);
    before = MIN(before, in_region);
    after = MIN(after, r->size - 1 - in_region);
    answer->iova = miss->iova - before;
    answer->size = before + after + 1;
    answer->uaddr = r->user_address + in_region - before;
    return true;
}

static bool pb_iommu_translate(PbState *s, const PbMiss *miss,
                               struct pb_iotlb *answer)
{
    PbSection *t = pb_iommu_section(s, miss->iova);
    uint64_t before, after, in_section;
    IOMMUTLBEntry entry;

    if (!t) {
        return false;
    }
    before = miss->iova - t->first;
    after = t->last - miss->iova;
    in_section = before + t->offset;
    if (!t->iommu) {
        answer->perm = PB_IOTLB_PERM_READ | PB_IOTLB_PERM_WRITE;
        return pb_iommu_stretch(s, miss, before, after,
                                (uintptr_t)memory_region_get_ram_ptr(t->mr) +
                                in_section, true, answer);
    }
    /* The IOMMU may change the address space meanwhile: t is gone then. */
    if (!pb_iommu_ask(s, t, miss, &entry)) {
        return false;
    }
    answer->perm = entry.perm;
    before = MIN(before, in_section & entry.addr_mask);
    after = MIN(after, entry.addr_mask - (in_section & entry.addr_mask));
    return pb_iommu_stretch(s, miss, before, after,
                            (entry.translated_addr & ~entry.addr_mask) |
                            (in_section & entry.addr_mask), false, answer);
}

static void pb_iommu_answer(PbState *s, const PbMiss *miss)
{
    struct pb_iotlb answer = { .type = PB_IOTLB_TYPE_UPDATE };
    Error *err = NULL;
    bool ok = pb_iommu_translate(s, miss, &answer);

    if (ok) {
        s->iommu.handed_out = true;
        trace_pushbell_iommu_update(answer.iova, answer.size, answer.perm);
    } else {
        answer = (struct pb_iotlb) {
            .type = PB_IOTLB_TYPE_ACCESS_FAIL,
            .iova = miss->iova,
            .perm = miss->perm,
        };
        trace_pushbell_iommu_fail(miss->iova, miss->perm);
    }
    if (!pb_session_send(s, PB_REQUEST_IOTLB_MSG, false, &answer,
                         sizeof(answer), NULL, 0, &err)) {
        error_reportf_err(err, "pushbell-pci: ");
    }
}

/* A connection that was lost takes its questions along. */
static bool pb_iommu_take_miss(PbState *s, PbMiss *miss)
{
    PbIommu *u = &s->iommu;
    bool found;

    qemu_mutex_lock(&s->session.lock);
    if (!qatomic_read(&s->session.connected)) {
        u->waiting = 0;
    }
    found = u->waiting > 0;
    if (found) {
        *miss = u->misses[u->oldest];
        u->oldest = (u->oldest + 1) % PB_MISSES_MAX;
        u->waiting--;
    }
    qemu_mutex_unlock(&s->session.lock);
    return found;
}

void pb_iommu_answer_misses(void *opaque)
{
    PbState *s = opaque;
    PbMiss miss;

    for (unsigned i = 0; i < PB_MISSES_PER_CALL; i++) {
        if (!pb_iommu_take_miss(s, &miss)) {
            return;
        }
        pb_iommu_answer(s, &miss);
    }
    qemu_bh_schedule(s->iommu.bh);  /* others of the main loop first */
}

static bool pb_iommu_waits(const PbIommu *u, const PbMiss *miss)
{
    for (unsigned i = 0; i < u->waiting; i++) {
        const PbMiss *m = &u->misses[(u->oldest + i) % PB_MISSES_MAX];

        if (m->iova == miss->iova && m->perm == miss->perm) {
            return true;
        }
    }
    return false;
}

/*
 * From the interrupt thread, under PbSession.lock. A full queue drops what
 * comes: the back-end asks again. Returns false when it makes no sense.
 */
bool pb_iommu_miss(PbState *s, const struct pb_iotlb *msg)
{
    PbIommu *u = &s->iommu;
    const PbMiss miss = { .iova = msg->iova, .perm = msg->perm };

    if (msg->type != PB_IOTLB_TYPE_MISS || miss.perm == 0 ||
        (miss.perm & ~(PB_IOTLB_PERM_READ | PB_IOTLB_PERM_WRITE))) {
        return false;
    }
    trace_pushbell_iommu_miss(miss.iova, miss.perm);
    if (!u->space) {
        return true;    /* not negotiated: read over, like all unknown ones */
    }
    if (u->waiting < PB_MISSES_MAX && !pb_iommu_waits(u, &miss)) {
        u->misses[(u->oldest + u->waiting++) % PB_MISSES_MAX] = miss;
    }
    qemu_bh_schedule(u->bh);
    return true;
}

/* What the back-end must be able to do, as bits of GET_FEATURES. */
uint64_t pb_iommu_features(PbState *s)
{
    return s->iommu.space ? BIT_ULL(PB_F_ACCESS_PLATFORM) : 0;
}
