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
#include "system/hostmem.h"
#include "system/runstate.h"
#else
#include "sysemu/hostmem.h"
#include "sysemu/runstate.h"
#endif

/* The big lock had another name before 9.0. */
#if QEMU_VERSION_MAJOR < 9
#define bql_lock() qemu_mutex_lock_iothread()
#define bql_unlock() qemu_mutex_unlock_iothread()
#define bql_locked() qemu_mutex_iothread_locked()
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

#endif /* PUSHBELL_COMPAT_H */
