/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The back-end's description of the function. It is checked whole before
 * anything is built from it; whoever uses it afterwards need not doubt it.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/units.h"
#include "pushbell.h"

#define PB_BAR_SIZE_MIN 16
#define PB_BAR_SIZE_MAX (1ULL << 40)
#define PB_STATE_SIZE_MAX (4ULL << 30)
#define PB_RING_SLOTS_MIN 16
#define PB_LINK_SPEED_MAX 5     /* 32 GT/s */

struct pb_bar pb_function_bar(const struct pb_function *f, unsigned i)
{
    struct pb_bar bar;

    QEMU_BUILD_BUG_ON(sizeof(f->bars) != PB_MAX_BARS * sizeof(bar));
    memcpy(&bar, f->bars + i * sizeof(bar), sizeof(bar));
    return bar;
}

struct pb_range pb_bar_range(const struct pb_bar *bar, unsigned i)
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

/* None at all is fine: then QEMU's own values stay. */
static bool pb_function_check_link(const struct pb_function *f, Error **errp)
{
    static const uint8_t widths[] = { 1, 2, 4, 8, 12, 16, 32 };
    bool known = false;

    for (unsigned i = 0; i < ARRAY_SIZE(widths); i++) {
        known |= f->link_width == widths[i];
    }
    if ((f->link_speed || f->link_width) &&
        (f->link_speed < 1 || f->link_speed > PB_LINK_SPEED_MAX || !known)) {
        error_setg(errp, "a link of speed %u and width %u is not possible",
                   f->link_speed, f->link_width);
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
    if (!pb_function_check_msix(f, errp) || !pb_function_check_link(f, errp)) {
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
