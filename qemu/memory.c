/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest RAM for the back-end: each range of it that the guest can address is
 * announced with its file, and taken back when it disappears. RAM that the
 * back-end cannot map is refused; DMA would get lost in silence otherwise.
 *
 * Only memory back-ends count as guest RAM. Other RAM blocks (video memory,
 * other devices' BARs, firmware) have no file and are left out, as a DMA target
 * they are not reachable.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "pushbell.h"
#include "trace.h"

typedef struct PbRegion {
    MemoryRegion *mr;
    struct pb_mem_region wire;
    int fd;
} PbRegion;

/* ADD_MEM_REG and REM_MEM_REG have eight bytes of padding in front. */
struct pb_mem_reg_message {
    uint8_t padding[8];
    struct pb_mem_region region;
};
QEMU_BUILD_BUG_ON(sizeof(struct pb_mem_reg_message) !=
                  8 + sizeof(struct pb_mem_region));

static bool pb_memory_tell(PbState *s, uint32_t request, const PbRegion *r,
                           Error **errp)
{
    struct pb_mem_reg_message msg = { .region = r->wire };

    return pb_session_tell(s, request, &msg, sizeof(msg), &r->fd,
                           request == PB_REQUEST_ADD_MEM_REG ? 1 : 0, errp);
}

/* Realize fails with the first error; later ones can only be reported. */
static void pb_memory_complain(PbState *s, Error *err)
{
    if (s->session.established) {
        error_reportf_err(err, "pushbell-pci: guest RAM: ");
    } else if (!s->memory.error) {
        s->memory.error = err;
    } else {
        error_free(err);
    }
}

static bool pb_memory_is_guest_ram(MemoryRegionSection *section)
{
    MemoryRegion *mr = section->mr;

    return memory_region_is_ram(mr) && !memory_region_is_rom(mr) &&
           !memory_region_is_ram_device(mr) && !section->readonly &&
           mr->owner && object_dynamic_cast(mr->owner, TYPE_MEMORY_BACKEND);
}

static bool pb_memory_check_shared(MemoryRegion *mr, uint64_t size,
                                   Error **errp)
{
    if (memory_region_get_fd(mr) >= 0 && qemu_ram_is_shared(mr->ram_block)) {
        return true;
    }
    error_setg(errp, "guest RAM \"%s\" is not shared with the back-end",
               memory_region_name(mr));
    error_append_hint(errp, "Write instead: -object memory-backend-memfd,"
                      "id=mem,size=%" PRIu64 "M,share=on "
                      "-machine memory-backend=mem\n", size >> 20);
    return false;
}

static void pb_memory_describe(PbRegion *r, MemoryRegionSection *section)
{
    MemoryRegion *mr = section->mr;
    uint64_t offset = section->offset_within_region;
    char *host = (char *)memory_region_get_ram_ptr(mr) + offset;

    r->mr = mr;
    r->fd = memory_region_get_fd(mr);
    r->wire.guest_address = section->offset_within_address_space;
    r->wire.size = int128_get64(section->size);
    r->wire.user_address = (uintptr_t)host;
    r->wire.mmap_offset = offset + pb_compat_fd_offset(mr);
}

static void pb_memory_add(MemoryListener *listener,
                          MemoryRegionSection *section)
{
    PbState *s = container_of(listener, PbState, memory.listener);
    PbRegion r = { 0 };
    Error *err = NULL;

    if (!pb_memory_is_guest_ram(section)) {
        trace_pushbell_memory_skip(memory_region_name(section->mr),
                                   section->offset_within_address_space);
        return;
    }
    if (!pb_memory_check_shared(section->mr, memory_region_size(section->mr),
                                &err)) {
        pb_memory_complain(s, err);
        return;
    }
    pb_memory_describe(&r, section);
    trace_pushbell_memory_add(memory_region_name(r.mr), r.wire.guest_address,
                              r.wire.size, r.wire.mmap_offset);
    memory_region_ref(r.mr);
    g_array_append_val(s->memory.regions, r);
    if (s->session.fd >= 0 && !s->memory.error &&
        !pb_memory_tell(s, PB_REQUEST_ADD_MEM_REG, &r, &err)) {
        pb_memory_complain(s, err);
    }
}

static void pb_memory_del(MemoryListener *listener,
                          MemoryRegionSection *section)
{
    PbState *s = container_of(listener, PbState, memory.listener);
    GArray *regions = s->memory.regions;
    Error *err = NULL;

    for (unsigned i = 0; i < regions->len; i++) {
        PbRegion r = g_array_index(regions, PbRegion, i);

        if (r.mr != section->mr ||
            r.wire.guest_address != section->offset_within_address_space) {
            continue;
        }
        trace_pushbell_memory_remove(memory_region_name(r.mr),
                                     r.wire.guest_address, r.wire.size);
        g_array_remove_index_fast(regions, i);
        if (s->session.fd >= 0 && !s->exiting &&
            !pb_memory_tell(s, PB_REQUEST_REM_MEM_REG, &r, &err)) {
            pb_memory_complain(s, err);
        }
        memory_region_unref(r.mr);
        return;
    }
}

static bool pb_memory_send_again(PbState *s, Error **errp)
{
    for (unsigned i = 0; i < s->memory.regions->len; i++) {
        if (!pb_memory_tell(s, PB_REQUEST_ADD_MEM_REG,
                            &g_array_index(s->memory.regions, PbRegion, i),
                            errp)) {
            return false;
        }
    }
    return true;
}

/* The first time by the listener's own replay, later from our list. */
bool pb_memory_start(PbState *s, Error **errp)
{
    PbMemory *m = &s->memory;

    if (m->registered) {
        return pb_memory_send_again(s, errp);
    }
    m->regions = g_array_new(false, true, sizeof(PbRegion));
    m->listener = (MemoryListener) {
        .name = TYPE_PUSHBELL,
        .region_add = pb_memory_add,
        .region_del = pb_memory_del,
    };
    m->registered = true;
    memory_listener_register(&m->listener, &address_space_memory);
    if (m->error) {
        error_propagate(errp, g_steal_pointer(&m->error));
        return false;
    }
    return true;
}

void pb_memory_stop(PbState *s)
{
    PbMemory *m = &s->memory;

    if (!m->registered) {
        return;
    }
    memory_listener_unregister(&m->listener);
    m->registered = false;
    for (unsigned i = 0; i < m->regions->len; i++) {
        memory_region_unref(g_array_index(m->regions, PbRegion, i).mr);
    }
    g_array_free(m->regions, true);
    m->regions = NULL;
}
