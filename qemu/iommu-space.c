/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device's address space behind a vIOMMU: which parts of it an IOMMU
 * translates and which are RAM as it is (all of it, while the guest has the
 * IOMMU off or lets this function through). Each change voids what was handed
 * out: a range when the IOMMU says so, everything when the parts change.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "pushbell.h"
#include "trace.h"

/* The IOMMU: a range of its addresses has no or another meaning from now on. */
static void pb_iommu_unmapped(IOMMUNotifier *notifier, IOMMUTLBEntry *entry)
{
    PbSection *t = container_of(notifier, PbSection, notifier);
    uint64_t from = MAX(entry->iova, t->offset);
    uint64_t to = MIN(entry->iova + entry->addr_mask,
                      t->offset + (t->last - t->first));
    uint64_t size = to - from + 1;

    pb_compat_iommu_void(IOMMU_MEMORY_REGION(t->mr), entry);
    if (from <= to) {
        pb_iommu_invalidate(t->device, from - t->offset + t->first,
                            size ? size : UINT64_MAX);
    }
}

/* The part that this I/O virtual address is in, or NULL. */
PbSection *pb_iommu_section(PbState *s, uint64_t iova)
{
    PbSection *t;

    QLIST_FOREACH(t, &s->iommu.sections, next) {
        if (iova >= t->first && iova <= t->last) {
            return t;
        }
    }
    return NULL;
}

static bool pb_iommu_want(PbSection *t, Error **errp)
{
    IOMMUMemoryRegion *mr = IOMMU_MEMORY_REGION(t->mr);

    /*
     * For all addresses, not for this part alone: a guest may invalidate a
     * range that reaches beyond it, and QEMU asserts that none does.
     */
    iommu_notifier_init(&t->notifier, pb_iommu_unmapped, IOMMU_NOTIFIER_UNMAP,
                        0, HWADDR_MAX,
                        memory_region_iommu_attrs_to_index(
                            mr, MEMTXATTRS_UNSPECIFIED));
    return memory_region_register_iommu_notifier(t->mr, &t->notifier,
                                                 errp) == 0;
}

/* Realize fails with it; what comes later can only be reported. */
static void pb_iommu_complain(PbState *s, Error *err)
{
    if (s->session.established) {
        error_reportf_err(err, "pushbell-pci: DMA will fault: the IOMMU would "
                          "not tell what it unmaps: ");
    } else if (!s->iommu.error) {
        s->iommu.error = err;
    } else {
        error_free(err);
    }
}

static void pb_iommu_add(MemoryListener *listener, MemoryRegionSection *section)
{
    PbState *s = container_of(listener, PbState, iommu.listener);
    bool iommu = memory_region_is_iommu(section->mr);
    PbSection *t;
    Error *err = NULL;

    if (!iommu && !pb_memory_is_guest_ram(section)) {
        return;
    }
    t = g_new0(PbSection, 1);
    t->device = s;
    t->mr = section->mr;
    t->iommu = iommu;
    t->offset = section->offset_within_region;
    t->first = section->offset_within_address_space;
    /* The size may be 2^64, the last address is always a number. */
    t->last = t->first + int128_get64(int128_sub(section->size, int128_one()));
    if (iommu && !pb_iommu_want(t, &err)) {
        pb_iommu_complain(s, err);
        g_free(t);
        return;
    }
    memory_region_ref(t->mr);
    QLIST_INSERT_HEAD(&s->iommu.sections, t, next);
    trace_pushbell_iommu_add(memory_region_name(t->mr), t->first, t->last);
}

static void pb_iommu_forget(PbSection *t)
{
    if (t->iommu) {
        memory_region_unregister_iommu_notifier(t->mr, &t->notifier);
    }
    QLIST_REMOVE(t, next);
    memory_region_unref(t->mr);
    g_free(t);
}

static void pb_iommu_del(MemoryListener *listener, MemoryRegionSection *section)
{
    PbState *s = container_of(listener, PbState, iommu.listener);
    PbSection *t =
        pb_iommu_section(s, section->offset_within_address_space);

    if (t && t->mr == section->mr &&
        t->first == section->offset_within_address_space) {
        trace_pushbell_iommu_remove(memory_region_name(t->mr), t->first);
        pb_iommu_forget(t);
        s->iommu.changed = true;
    }
}

/* For example when the guest switches translation on or off. */
static void pb_iommu_commit(MemoryListener *listener)
{
    PbState *s = container_of(listener, PbState, iommu.listener);

    if (s->iommu.changed) {
        s->iommu.changed = false;
        pb_iommu_invalidate_all(s);
    }
}

/* The feature bit was negotiated already: too late to find an IOMMU. */
static void pb_iommu_machine_done(Notifier *notifier, void *data)
{
    PbState *s = container_of(notifier, PbState, iommu.machine_done);

    if (!s->iommu.space && pci_device_iommu_address_space(PCI_DEVICE(s)) !=
                           &address_space_memory) {
        error_report("pushbell-pci: the IOMMU must be there first: write its "
                     "-device before the one of pushbell-pci");
        exit(1);
    }
}

/* Before the first connection: decides whether DMA is translated at all. */
bool pb_iommu_start(PbState *s, Error **errp)
{
    PbIommu *u = &s->iommu;
    AddressSpace *space = pci_device_iommu_address_space(PCI_DEVICE(s));

    u->space = space == &address_space_memory ? NULL : space;
    u->machine_done.notify = pb_iommu_machine_done;
    /* It is called at once when the device is hot-plugged. */
    qemu_add_machine_init_done_notifier(&u->machine_done);
    u->started = true;
    if (!u->space) {
        return true;
    }
    u->bh = qemu_bh_new(pb_iommu_answer_misses, s);
    u->listener = (MemoryListener) {
        .name = TYPE_PUSHBELL "-iommu",
        .region_add = pb_iommu_add,
        .region_del = pb_iommu_del,
        .commit = pb_iommu_commit,
    };
    memory_listener_register(&u->listener, space);
    if (u->error) {
        error_propagate_prepend(errp, g_steal_pointer(&u->error),
                                "the function cannot work behind this IOMMU: ");
        return false;
    }
    return true;
}

/* After the session: no further miss comes. */
void pb_iommu_stop(PbState *s)
{
    PbIommu *u = &s->iommu;

    if (!u->started) {
        return;
    }
    u->started = false;
    qemu_remove_machine_init_done_notifier(&u->machine_done);
    if (u->space) {
        memory_listener_unregister(&u->listener);
        qemu_bh_delete(u->bh);
        u->space = NULL;
    }
}
