/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that differs between QEMU 7.2 (Debian 12) and 10.0 (Debian 13).
 * No other file of this device looks at the version.
 */
#ifndef PUSHBELL_COMPAT_H
#define PUSHBELL_COMPAT_H

#include "exec/memory.h"
#include "exec/ramblock.h"
#include "hw/pci/pci.h"
#include "hw/qdev-properties.h"
#include "qemu/main-loop.h"

#if QEMU_VERSION_MAJOR >= 8
#include "hw/pci/pci_device.h"
#endif

/* system/ was called sysemu/ before 10.0. */
#if QEMU_VERSION_MAJOR >= 10
#include "system/cpus.h"
#include "system/hostmem.h"
#include "system/runstate.h"
#include "system/system.h"
#include "system/tcg.h"
#else
#include "sysemu/cpus.h"
#include "sysemu/hostmem.h"
#include "sysemu/runstate.h"
#include "sysemu/sysemu.h"
#include "sysemu/tcg.h"
#endif

/* qobject/ was qapi/qmp/ before 10.0. */
#if QEMU_VERSION_MAJOR >= 10
#include "qobject/qdict.h"
#else
#include "qapi/qmp/qdict.h"
#endif

/* The big lock had another name before 9.0. */
#if QEMU_VERSION_MAJOR < 9
#define bql_lock() qemu_mutex_lock_iothread()
#define bql_unlock() qemu_mutex_unlock_iothread()
#define bql_locked() qemu_mutex_iothread_locked()
#define qemu_cond_wait_bql(cond) qemu_cond_wait_iothread(cond)
#define qemu_cond_timedwait_bql(cond, ms) qemu_cond_timedwait_iothread(cond, ms)
#endif

/* Property tables ended with a marker before 10.0 and are const since. */
#if QEMU_VERSION_MAJOR >= 10
#define PB_PROPERTIES static const Property
#define PB_PROPERTIES_END
#else
#define PB_PROPERTIES static Property
#define PB_PROPERTIES_END DEFINE_PROP_END_OF_LIST(),
#endif

static inline void pb_compat_set_reset(DeviceClass *dc,
                                       void (*reset)(DeviceState *))
{
#if QEMU_VERSION_MAJOR >= 10
    device_class_set_legacy_reset(dc, reset);
#else
    dc->reset = reset;
#endif
}

/* A RAM block could not begin inside its file before 8.1. */
static inline uint64_t pb_compat_fd_offset(MemoryRegion *mr)
{
#if QEMU_VERSION_MAJOR >= 9
    return mr->ram_block->fd_offset;
#else
    return 0;
#endif
}

/*
 * The memory map changed while the vCPU that calls was in the middle of an
 * access. In 7.2 others may follow in the same block of code, ahead of queued
 * work: so what it remembers goes now, as after a change that it made itself.
 */
#if QEMU_VERSION_MAJOR < 9
#include "exec/exec-all.h"

static inline void pb_compat_map_changed(CPUState *cpu)
{
    tlb_flush(cpu);
}
#else
static inline void pb_compat_map_changed(CPUState *cpu)
{
}
#endif

/*
 * Before 8.1, when the guest flushes a whole domain at once (as Linux does
 * unless it is told iommu.strict=1), QEMU's VT-d notifies of those lost
 * translations only that it has on a list of its own, and it puts nothing on
 * that list for a listener that wants no MAP events. So what the back-end was
 * told is put there for it, and taken off when it is void.
 */
#if QEMU_VERSION_MAJOR < 9
#include "hw/i386/intel_iommu.h"

static inline IOVATree *pb_compat_vtd_list(IOMMUMemoryRegion *mr)
{
    return object_dynamic_cast(OBJECT(mr), TYPE_INTEL_IOMMU_MEMORY_REGION)
           ? container_of(mr, VTDAddressSpace, iommu)->iova_tree : NULL;
}

static inline void pb_compat_iommu_told(IOMMUMemoryRegion *mr,
                                        const IOMMUTLBEntry *entry)
{
    IOVATree *list = pb_compat_vtd_list(mr);
    const DMAMap map = {
        .iova = entry->iova,
        .size = entry->addr_mask,
        .translated_addr = entry->translated_addr,
        .perm = entry->perm,
    };

    if (list) {
        iova_tree_insert(list, &map);   /* refused if it is there: fine */
    }
}

static inline void pb_compat_iommu_void(IOMMUMemoryRegion *mr,
                                        const IOMMUTLBEntry *entry)
{
    IOVATree *list = pb_compat_vtd_list(mr);
    const DMAMap map = { .iova = entry->iova, .size = entry->addr_mask };

    if (list) {
        iova_tree_remove(list, map);
    }
}
#else
static inline void pb_compat_iommu_told(IOMMUMemoryRegion *mr,
                                        const IOMMUTLBEntry *entry)
{
}

static inline void pb_compat_iommu_void(IOMMUMemoryRegion *mr,
                                        const IOMMUTLBEntry *entry)
{
}
#endif

#endif /* PUSHBELL_COMPAT_H */
