/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest RAM for the back-end: each range of it that the guest can address is
 * announced with its file, and taken back when it disappears.
 *
 * QEMU tells of a change in one transaction, in which it may take a range away
 * only to bring it back in two pieces. So the whole list is gathered first and
 * compared with the one before; the back-end is told the difference, and while
 * ranges are taken from under a running function it is stopped: no DMA falls
 * into the gap.
 *
 * Only memory back-ends count as guest RAM. Other RAM blocks (video memory,
 * other devices' BARs, firmware) have no file and are left out, as a DMA target
 * they are not reachable. This file never reads or writes guest RAM: a file
 * that its owner truncates hurts whoever touches it through a mapping.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "pushbell.h"
#include "trace.h"

#define PB_NO_DMA "DMA to this memory will fault: "

typedef struct PbRegion {
    MemoryRegion *mr;
    struct pb_mem_region wire;
    int fd;
    bool refused;               /* the back-end does not have it */
    bool told;                  /* it takes one of the back-end's slots */
} PbRegion;

/* ADD_MEM_REG and REM_MEM_REG have eight bytes of padding in front. */
struct pb_mem_reg_message {
    uint8_t padding[8];
    struct pb_mem_region region;
};
QEMU_BUILD_BUG_ON(sizeof(struct pb_mem_reg_message) !=
                  8 + sizeof(struct pb_mem_region));

static PbRegion *pb_memory_region(GArray *list, unsigned i)
{
    return &g_array_index(list, PbRegion, i);
}

static bool pb_memory_remove(PbState *s, PbRegion *r, Error **errp)
{
    struct pb_mem_reg_message msg = { .region = r->wire };

    if (r->refused) {
        return true;
    }
    trace_pushbell_memory_remove(memory_region_name(r->mr),
                                 r->wire.guest_address, r->wire.size);
    if (!pb_session_tell(s, PB_REQUEST_REM_MEM_REG, &msg, sizeof(msg), NULL, 0,
                         errp)) {
        pb_session_close(s);    /* it may go on using what is not there */
        return false;
    }
    return true;
}

static unsigned pb_memory_told(GArray *list)
{
    unsigned n = 0;

    for (unsigned i = 0; i < list->len; i++) {
        n += pb_memory_region(list, i)->told;
    }
    return n;
}

static bool pb_memory_announce(PbState *s, PbRegion *r, Error **errp)
{
    ERRP_GUARD();
    struct pb_mem_reg_message msg = { .region = r->wire };

    trace_pushbell_memory_add(memory_region_name(r->mr),
                              r->wire.guest_address, r->wire.size,
                              r->wire.mmap_offset);
    r->told = pb_memory_check_room(s, pb_memory_told(s->memory.regions),
                                   errp) &&
              pb_session_tell(s, PB_REQUEST_ADD_MEM_REG, &msg, sizeof(msg),
                              &r->fd, 1, errp);
    r->refused = !r->told;
    if (r->refused) {
        error_prepend(errp, "guest RAM \"%s\" at 0x%" PRIx64 ": ",
                      memory_region_name(r->mr), r->wire.guest_address);
    }
    return !r->refused;
}

/* Realize fails with the first error; later ones can only be reported. */
static void pb_memory_complain(PbState *s, Error *err, const char *consequence)
{
    if (s->session.established) {
        error_reportf_err(err, "pushbell-pci: %s", consequence);
    } else if (!s->memory.error) {
        s->memory.error = err;
    } else {
        error_free(err);
    }
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

static void pb_memory_begin(MemoryListener *listener)
{
    PbMemory *m = container_of(listener, PbMemory, listener);

    m->next = g_array_new(false, true, sizeof(PbRegion));
    m->looked = false;
}

/* A range that the guest has after this transaction. */
static void pb_memory_gather(PbState *s, MemoryRegionSection *section,
                             Error **errp)
{
    PbMemory *m = &s->memory;
    PbRegion r = { 0 };

    m->looked = true;
    if (!pb_memory_is_guest_ram(section)) {
        trace_pushbell_memory_skip(memory_region_name(section->mr),
                                   section->offset_within_address_space);
        return;
    }
    if (!pb_memory_check_shared(section->mr, errp)) {
        return;
    }
    pb_memory_describe(&r, section);
    memory_region_ref(r.mr);
    g_array_append_val(m->next, r);
}

static void pb_memory_add(MemoryListener *listener,
                          MemoryRegionSection *section)
{
    PbState *s = container_of(listener, PbState, memory.listener);
    Error *err = NULL;

    pb_memory_gather(s, section, &err);
    if (err) {
        pb_memory_complain(s, err, PB_NO_DMA);
    }
}

/* What was refused when it came is refused again, without another word. */
static void pb_memory_keep(MemoryListener *listener,
                           MemoryRegionSection *section)
{
    pb_memory_gather(container_of(listener, PbState, memory.listener), section,
                     NULL);
}

static void pb_memory_del(MemoryListener *listener,
                          MemoryRegionSection *section)
{
    container_of(listener, PbMemory, listener)->looked = true;
}

/* The same range in another list, or NULL. */
static PbRegion *pb_memory_same(GArray *list, const PbRegion *r)
{
    for (unsigned i = 0; i < list->len; i++) {
        PbRegion *other = pb_memory_region(list, i);

        if (other->mr == r->mr && other->fd == r->fd &&
            !memcmp(&other->wire, &r->wire, sizeof(r->wire))) {
            return other;
        }
    }
    return NULL;
}

static void pb_memory_free(GArray *list)
{
    for (unsigned i = 0; i < list->len; i++) {
        memory_region_unref(pb_memory_region(list, i)->mr);
    }
    g_array_free(list, true);
}

/* Tells of the ranges of "from" that "to" has not. */
static void pb_memory_tell(PbState *s, GArray *from, GArray *to,
                           bool (*tell)(PbState *, PbRegion *, Error **),
                           const char *consequence)
{
    for (unsigned i = 0; i < from->len; i++) {
        PbRegion *r = pb_memory_region(from, i);
        bool same = pb_memory_same(to, r);
        Error *err = NULL;

        if (same) {
            continue;
        }
        if (!qatomic_read(&s->session.connected)) {
            return;     /* lost just now: the next one gets the whole list */
        }
        if (!tell(s, r, &err)) {
            pb_memory_complain(s, err, consequence);
        }
    }
}

/* What stays has the slot, or the refusal, that it had. */
static void pb_memory_inherit(GArray *old, GArray *new)
{
    for (unsigned i = 0; i < new->len; i++) {
        PbRegion *r = pb_memory_region(new, i);
        PbRegion *same = pb_memory_same(old, r);

        if (same) {
            r->refused = same->refused;
            r->told = same->told;
        }
    }
}

static bool pb_memory_loses(GArray *old, GArray *new)
{
    for (unsigned i = 0; i < old->len; i++) {
        if (!pb_memory_same(new, pb_memory_region(old, i))) {
            return true;
        }
    }
    return false;
}

/* While it is quiesced no DMA falls on what goes away only to come back. */
static void pb_memory_change(PbState *s, GArray *old, GArray *new)
{
    bool loses = pb_memory_loses(old, new);

    if (loses) {
        pb_control_quiesce(s);
        pb_iommu_invalidate_all(s);
        pb_memory_tell(s, old, new, pb_memory_remove, "");
    }
    pb_memory_tell(s, new, old, pb_memory_announce, PB_NO_DMA);
    if (loses) {
        pb_control_resume(s);
    }
}

static void pb_memory_commit(MemoryListener *listener)
{
    PbState *s = container_of(listener, PbState, memory.listener);
    PbMemory *m = &s->memory;
    GArray *old = m->regions;

    if (!m->next) {
        return;
    }
    if (!m->looked) {   /* a transaction of other address spaces only */
        g_array_free(g_steal_pointer(&m->next), true);
        return;
    }
    m->regions = g_steal_pointer(&m->next);
    pb_memory_inherit(old, m->regions);
    if (qatomic_read(&s->session.connected)) {
        pb_memory_change(s, old, m->regions);
    }
    pb_memory_free(old);
}

/* Where QEMU has this guest-physical address, or this address of its own. */
const struct pb_mem_region *pb_memory_find(PbState *s, uint64_t address,
                                           bool own)
{
    GArray *list = s->memory.regions;

    for (unsigned i = 0; list && i < list->len; i++) {
        PbRegion *r = pb_memory_region(list, i);
        uint64_t start = own ? r->wire.user_address : r->wire.guest_address;

        if (!r->refused && address - start < r->wire.size) {
            return &r->wire;
        }
    }
    return NULL;
}

static bool pb_memory_ask_slots(PbState *s, Error **errp)
{
    struct pb_u64_payload reply;
    uint32_t size = pb_session_ask(s, PB_REQUEST_GET_MAX_MEM_SLOTS, &reply,
                                   sizeof(reply), NULL, errp);

    if (size != sizeof(reply)) {
        if (size) {
            error_setg(errp, "malformed reply to GET_MAX_MEM_SLOTS");
        }
        return false;
    }
    s->memory.slots = reply.value;
    return true;
}

static void pb_memory_listen(PbState *s)
{
    PbMemory *m = &s->memory;

    m->regions = g_array_new(false, true, sizeof(PbRegion));
    m->listener = (MemoryListener) {
        .name = TYPE_PUSHBELL,
        .begin = pb_memory_begin,
        .region_add = pb_memory_add,
        .region_nop = pb_memory_keep,
        .region_del = pb_memory_del,
        .commit = pb_memory_commit,
    };
    m->registered = true;
    memory_listener_register(&m->listener, &address_space_memory);
    pb_plug_watch(s);
}

/* Part of the connect sequence: a new back-end gets the whole list. */
bool pb_memory_start(PbState *s, Error **errp)
{
    PbMemory *m = &s->memory;
    Error *err = NULL;

    if (!pb_memory_ask_slots(s, errp)) {
        return false;
    }
    if (!m->registered) {
        pb_memory_listen(s);
        if (m->error) {
            error_propagate(errp, g_steal_pointer(&m->error));
            return false;
        }
    }
    if (m->regions->len > m->slots) {
        return pb_memory_check_room(s, m->regions->len, errp);
    }
    for (unsigned i = 0; i < m->regions->len; i++) {
        pb_memory_region(m->regions, i)->told = false;
    }
    for (unsigned i = 0; i < m->regions->len; i++) {
        if (!pb_memory_announce(s, pb_memory_region(m->regions, i), &err)) {
            if (!s->session.established || s->session.fd < 0) {
                error_propagate(errp, err);
                return false;
            }
            pb_memory_complain(s, g_steal_pointer(&err), PB_NO_DMA);
        }
    }
    return true;
}

void pb_memory_stop(PbState *s)
{
    PbMemory *m = &s->memory;

    if (!m->registered) {
        return;
    }
    pb_plug_unwatch(s);
    memory_listener_unregister(&m->listener);
    m->registered = false;
    pb_memory_free(g_steal_pointer(&m->regions));
}
