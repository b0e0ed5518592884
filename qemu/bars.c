/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BARs as the back-end describes them: trapped ranges whose accesses go through
 * the ring, ranges of plain shared memory, and room for the MSI-X tables that
 * QEMU keeps. Accesses are never split or joined: the slot has the size that
 * the vCPU used.
 */
#include "qemu/osdep.h"
#include "hw/core/cpu.h"
#include "qapi/error.h"
#include "qemu/log.h"
#include "qemu/memfd.h"
#include "pushbell.h"
#include "trace.h"

/*
 * A vCPU that comes straight from the guest may let go of the big lock while it
 * waits. Another device's DMA or interrupt message into our BAR (which a vCPU
 * may be sending), our own message, the monitor and qtest may not:
 * their callers do not expect the world to change under them.
 */
static inline bool pb_may_unlock(MemTxAttrs attrs)
{
    return current_cpu && !attrs.unspecified && !attrs.requester_id;
}

static inline void pb_note_cpu(PbState *s)
{
    if (likely(current_cpu)) {
        qatomic_set(&s->irq.cpu_index, current_cpu->cpu_index);
    }
}

static MemTxResult pb_trapped_read(void *opaque, hwaddr addr, uint64_t *data,
                                   unsigned size, MemTxAttrs attrs)
{
    PbRange *r = opaque;

    pb_note_cpu(r->device);
    *data = pb_ring_read(r->device, r->bar, r->offset + addr, size,
                         pb_may_unlock(attrs));
    trace_pushbell_read(r->bar, r->offset + addr, size, *data);
    return MEMTX_OK;
}

static MemTxResult pb_trapped_write(void *opaque, hwaddr addr, uint64_t data,
                                    unsigned size, MemTxAttrs attrs)
{
    PbRange *r = opaque;

    trace_pushbell_write(r->bar, r->offset + addr, size, data);
    pb_note_cpu(r->device);
    pb_ring_write(r->device, r->bar, r->offset + addr, data, size,
                  pb_may_unlock(attrs));
    return MEMTX_OK;
}

static const MemoryRegionOps pb_trapped_ops = {
    .read_with_attrs = pb_trapped_read,
    .write_with_attrs = pb_trapped_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

static uint64_t pb_rest_read(void *opaque, hwaddr addr, unsigned size)
{
    PbRange *r = opaque;

    if (unlikely(r->device->off)) {
        return PB_ALL_ONES;
    }
    qemu_log_mask(LOG_GUEST_ERROR, "pushbell-pci: read outside the ranges of "
                  "BAR %u, offset 0x%" HWADDR_PRIx "\n", r->bar, addr);
    return 0;
}

static void pb_rest_write(void *opaque, hwaddr addr, uint64_t data,
                          unsigned size)
{
    PbRange *r = opaque;

    if (unlikely(r->device->off)) {
        return;
    }
    qemu_log_mask(LOG_GUEST_ERROR, "pushbell-pci: write outside the ranges of "
                  "BAR %u, offset 0x%" HWADDR_PRIx "\n", r->bar, addr);
}

static const MemoryRegionOps pb_rest_ops = {
    .read = pb_rest_read,
    .write = pb_rest_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

static uint64_t pb_off_read(void *opaque, hwaddr addr, unsigned size)
{
    return PB_ALL_ONES;
}

static void pb_off_write(void *opaque, hwaddr addr, uint64_t data,
                         unsigned size)
{
}

static const MemoryRegionOps pb_off_ops = {
    .read = pb_off_read,
    .write = pb_off_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

/*
 * What the guest reaches without asking us (shared memory, QEMU's own MSI-X
 * tables) has a cover that reads as all-ones while the function is off; the
 * other ranges look for themselves. A cover has exactly the extent of what it
 * hides: a vCPU of TCG finds the target of an access by its number in the
 * memory map, which it may have looked up in the map before the present one.
 * A change that shifts the numbers while vCPUs run sends accesses to the wrong
 * region, or ends QEMU (10.0: assertion in iotlb_to_section()).
 */
static void pb_cover_create(PbState *s, MemoryRegion *off, PbBar *b,
                            uint64_t offset, uint64_t size)
{
    memory_region_init_io(off, OBJECT(s), &pb_off_ops, NULL, "pushbell-off",
                          size);
    memory_region_set_enabled(off, false);
    memory_region_add_subregion_overlap(&b->container, offset, off, 1);
}

static bool pb_bar_memfd(PbState *s, unsigned i, uint64_t size, Error **errp)
{
    PbBar *b = &s->bars[i];

    if (b->ram_fd < 0) {
        b->ram_fd = qemu_memfd_create("pushbell-bar", size, false, 0,
                                      F_SEAL_GROW | F_SEAL_SHRINK |
                                      F_SEAL_SEAL, errp);
    }
    return b->ram_fd >= 0;
}

static bool pb_range_create(PbState *s, unsigned i, const struct pb_range *r,
                            PbRange *range, uint64_t bar_size, Error **errp)
{
    ERRP_GUARD();
    g_autofree char *name = NULL;

    range->device = s;
    range->bar = i;
    range->offset = r->offset;
    switch (r->kind) {
    case PB_RANGE_KIND_TRAPPED:
        name = g_strdup_printf("pushbell-bar%u-trapped", i);
        memory_region_init_io(&range->mr, OBJECT(s), &pb_trapped_ops, range,
                              name, r->size);
        /* A waiting vCPU lets go of the big lock: others may come in. */
        range->mr.disable_reentrancy_guard = true;
        break;
    case PB_RANGE_KIND_RAM:
        if (!pb_bar_memfd(s, i, bar_size, errp)) {
            return false;
        }
        name = g_strdup_printf("pushbell-bar%u-ram%" PRIx64, i, r->offset);
        memory_region_init_ram_from_fd(&range->mr, OBJECT(s), name, r->size,
                                       RAM_SHARED, dup(s->bars[i].ram_fd),
                                       r->offset, errp);
        if (*errp) {
            return false;
        }
        pb_cover_create(s, &range->off, &s->bars[i], r->offset, r->size);
        break;
    default:
        return true;    /* QEMU's MSI-X code puts its tables there */
    }
    memory_region_add_subregion(&s->bars[i].container, r->offset, &range->mr);
    return true;
}

static bool pb_bar_create(PbState *s, unsigned i, Error **errp)
{
    struct pb_bar bar = pb_function_bar(&s->function, i);
    PbBar *b = &s->bars[i];
    g_autofree char *name = g_strdup_printf("pushbell-bar%u", i);
    uint8_t type = PCI_BASE_ADDRESS_SPACE_MEMORY;

    if (!bar.size) {
        return true;
    }
    memory_region_init(&b->container, OBJECT(s), name, bar.size);
    b->rest = (PbRange) { .device = s, .bar = i };
    memory_region_init_io(&b->rest.mr, OBJECT(s), &pb_rest_ops, &b->rest,
                          "pushbell-rest", bar.size);
    memory_region_add_subregion_overlap(&b->container, 0, &b->rest.mr, -1);
    for (unsigned n = 0; n < PB_MAX_RANGES; n++) {
        struct pb_range range = pb_bar_range(&bar, n);

        if (!pb_range_create(s, i, &range, &b->ranges[n], bar.size, errp)) {
            return false;
        }
    }
    if (bar.flags & PB_BAR_FLAG_MEM64) {
        type |= PCI_BASE_ADDRESS_MEM_TYPE_64;
    }
    if (bar.flags & PB_BAR_FLAG_PREFETCHABLE) {
        type |= PCI_BASE_ADDRESS_MEM_PREFETCH;
    }
    pci_register_bar(PCI_DEVICE(s), i, type, &b->container);
    return true;
}

bool pb_bars_create(PbState *s, Error **errp)
{
    for (unsigned i = 0; i < PB_MAX_BARS; i++) {
        if (!pb_bar_create(s, i, errp)) {
            return false;
        }
    }
    return true;
}

/* After msix_init(). */
void pb_bars_cover_msix(PbState *s)
{
    PCIDevice *pci = PCI_DEVICE(s);
    const struct pb_function *f = &s->function;

    pb_cover_create(s, &s->msix_off[0], &s->bars[f->msix_table_bar],
                    f->msix_table_offset,
                    memory_region_size(&pci->msix_table_mmio));
    pb_cover_create(s, &s->msix_off[1], &s->bars[f->msix_pba_bar],
                    f->msix_pba_offset,
                    memory_region_size(&pci->msix_pba_mmio));
}

bool pb_bars_send_ram(PbState *s, Error **errp)
{
    for (unsigned i = 0; i < PB_MAX_BARS; i++) {
        struct pb_bar_ram msg = {
            .bar = i, .size = pb_function_bar(&s->function, i).size,
        };

        if (s->bars[i].ram_fd >= 0 &&
            !pb_session_tell(s, PB_REQUEST_PCI_SET_BAR_RAM, &msg, sizeof(msg),
                             &s->bars[i].ram_fd, 1, errp)) {
            return false;
        }
    }
    return true;
}

static void pb_cover_show(MemoryRegion *off, bool shown)
{
    if (memory_region_is_mapped(off)) {
        memory_region_set_enabled(off, shown);
    }
}

/* Big lock held, outside of accesses to the BARs. */
void pb_bars_show_off(PbState *s)
{
    memory_region_transaction_begin();
    for (unsigned i = 0; i < PB_MAX_BARS; i++) {
        for (unsigned n = 0; n < PB_MAX_RANGES; n++) {
            pb_cover_show(&s->bars[i].ranges[n].off, s->off);
        }
    }
    for (unsigned i = 0; i < ARRAY_SIZE(s->msix_off); i++) {
        pb_cover_show(&s->msix_off[i], s->off);
    }
    memory_region_transaction_commit();
}

static void pb_unmap_region(MemoryRegion *mr)
{
    if (memory_region_is_mapped(mr)) {
        memory_region_del_subregion(mr->container, mr);
    }
}

/*
 * The regions themselves belong to the device object, but each one that is
 * mapped holds a reference to it: unplugged, the device would never be gone.
 */
void pb_bars_destroy(PbState *s)
{
    for (unsigned i = 0; i < ARRAY_SIZE(s->msix_off); i++) {
        pb_unmap_region(&s->msix_off[i]);
    }
    for (unsigned i = 0; i < PB_MAX_BARS; i++) {
        PbBar *b = &s->bars[i];

        for (unsigned n = 0; n < PB_MAX_RANGES; n++) {
            pb_unmap_region(&b->ranges[n].off);
            pb_unmap_region(&b->ranges[n].mr);
        }
        pb_unmap_region(&b->rest.mr);
        if (b->ram_fd >= 0) {
            close(b->ram_fd);
            b->ram_fd = -1;
        }
    }
}
