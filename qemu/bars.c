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
#include "qemu/units.h"
#include "pushbell.h"
#include "trace.h"

#define PB_BAR_SIZE_MIN 16
#define PB_BAR_SIZE_MAX (1ULL << 40)
#define PB_STATE_SIZE_MAX (4ULL << 30)
#define PB_RING_SLOTS_MIN 16

static struct pb_bar pb_function_bar(const struct pb_function *f, unsigned i)
{
    struct pb_bar bar;

    QEMU_BUILD_BUG_ON(sizeof(f->bars) != PB_MAX_BARS * sizeof(bar));
    memcpy(&bar, f->bars + i * sizeof(bar), sizeof(bar));
    return bar;
}

static struct pb_range pb_bar_range(const struct pb_bar *bar, unsigned i)
{
    struct pb_range range;

    QEMU_BUILD_BUG_ON(sizeof(bar->ranges) != PB_MAX_RANGES * sizeof(range));
    memcpy(&range, bar->ranges + i * sizeof(range), sizeof(range));
    return range;
}

static bool pb_ranges_overlap(const struct pb_range *a,
                              const struct pb_range *b)
{
    return a->kind != PB_RANGE_KIND_NONE && b->kind != PB_RANGE_KIND_NONE &&
           a->offset < b->offset + b->size && b->offset < a->offset + a->size;
}

static bool pb_range_fits(const struct pb_range *r, uint64_t bar_size)
{
    uint64_t page = qemu_real_host_page_size();

    if (r->kind == PB_RANGE_KIND_NONE) {
        return true;
    }
    return r->kind <= PB_RANGE_KIND_MSIX && r->size > 0 &&
           r->size <= bar_size && r->offset <= bar_size - r->size &&
           (r->kind != PB_RANGE_KIND_RAM ||
            QEMU_IS_ALIGNED(r->offset | r->size, page));
}

static bool pb_bar_check(const struct pb_function *f, unsigned i, Error **errp)
{
    struct pb_bar bar = pb_function_bar(f, i);

    if (!is_power_of_2(bar.size) || bar.size < PB_BAR_SIZE_MIN ||
        bar.size > PB_BAR_SIZE_MAX) {
        error_setg(errp, "BAR %u: size 0x%" PRIx64 " is not possible", i,
                   bar.size);
        return false;
    }
    if (bar.size > 2 * GiB && !(bar.flags & PB_BAR_FLAG_MEM64)) {
        error_setg(errp, "BAR %u is too large for 32 bits", i);
        return false;
    }
    if ((bar.flags & PB_BAR_FLAG_MEM64) &&
        (i + 1 == PB_MAX_BARS || pb_function_bar(f, i + 1).size)) {
        error_setg(errp, "64-bit BAR %u needs the next BAR number, too", i);
        return false;
    }
    for (unsigned a = 0; a < PB_MAX_RANGES; a++) {
        struct pb_range range = pb_bar_range(&bar, a);

        if (!pb_range_fits(&range, bar.size)) {
            error_setg(errp, "BAR %u: range %u is not possible", i, a);
            return false;
        }
        for (unsigned b = 0; b < a; b++) {
            struct pb_range other = pb_bar_range(&bar, b);

            if (pb_ranges_overlap(&range, &other)) {
                error_setg(errp, "BAR %u: ranges %u and %u overlap", i, b, a);
                return false;
            }
        }
    }
    return true;
}

/* MSI-X tables must lie whole in a range of their kind. */
static bool pb_msix_fits(const struct pb_function *f, uint8_t bar_number,
                         uint32_t offset, uint32_t size)
{
    struct pb_bar bar;

    if (bar_number >= PB_MAX_BARS || offset % 8) {
        return false;
    }
    bar = pb_function_bar(f, bar_number);
    for (unsigned i = 0; i < PB_MAX_RANGES; i++) {
        struct pb_range r = pb_bar_range(&bar, i);

        if (r.kind == PB_RANGE_KIND_MSIX && offset >= r.offset &&
            size <= r.size && offset - r.offset <= r.size - size) {
            return true;
        }
    }
    return false;
}

static bool pb_function_check_msix(const struct pb_function *f, Error **errp)
{
    uint32_t n = f->msix_vectors;

    if (n == 0) {
        return true;
    }
    if (n > PB_VECTORS_MAX ||
        !pb_msix_fits(f, f->msix_table_bar, f->msix_table_offset, n * 16) ||
        !pb_msix_fits(f, f->msix_pba_bar, f->msix_pba_offset,
                      DIV_ROUND_UP(n, 64) * 8)) {
        error_setg(errp, "%u MSI-X vectors do not fit into the MSI-X ranges",
                   n);
        return false;
    }
    return true;
}

/* Everything that is used later is checked here, once. */
bool pb_function_check(const struct pb_function *f, Error **errp)
{
    for (unsigned i = 0; i < PB_MAX_BARS; i++) {
        if (pb_function_bar(f, i).size && !pb_bar_check(f, i, errp)) {
            return false;
        }
    }
    if (!pb_function_check_msix(f, errp)) {
        return false;
    }
    if (!is_power_of_2(f->ring_slots) || f->ring_slots < PB_RING_SLOTS_MIN ||
        f->ring_slots > PB_RING_SLOTS_MAX) {
        error_setg(errp, "%u slots in the ring are not possible",
                   f->ring_slots);
        return false;
    }
    if (f->state_size == 0 || f->state_size > PB_STATE_SIZE_MAX) {
        error_setg(errp, "a state region of %" PRIu64 " bytes is not possible",
                   f->state_size);
        return false;
    }
    if (f->interrupt_pin > 1) {
        error_setg(errp, "interrupt pin %u is not possible", f->interrupt_pin);
        return false;
    }
    return true;
}

/*
 * A vCPU that comes straight from the guest may let go of the big lock while it
 * waits. Another device's DMA into our BAR, the monitor and qtest may not: their
 * callers do not expect the world to change under them.
 */
static inline bool pb_may_unlock(MemTxAttrs attrs)
{
    return current_cpu && !attrs.unspecified;
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

    qemu_log_mask(LOG_GUEST_ERROR, "pushbell-pci: read outside the ranges of "
                  "BAR %u, offset 0x%" HWADDR_PRIx "\n", r->bar, addr);
    return 0;
}

static void pb_rest_write(void *opaque, hwaddr addr, uint64_t data,
                          unsigned size)
{
    PbRange *r = opaque;

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

/* The regions themselves belong to the device object. */
void pb_bars_destroy(PbState *s)
{
    for (unsigned i = 0; i < PB_MAX_BARS; i++) {
        if (s->bars[i].ram_fd >= 0) {
            close(s->bars[i].ram_fd);
            s->bars[i].ram_fd = -1;
        }
    }
}
