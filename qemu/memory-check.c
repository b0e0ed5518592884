/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What memory the back-end can share, and what is done about the rest.
 *
 * A memory listener hears of a DIMM when it is too late to refuse it. So it is
 * refused where QEMU asks whether a device may be added: "device_add" and
 * -device fail with the reason, and the guest never sees the memory.
 */
#include "qemu/osdep.h"
#include <fcntl.h>
#include "hw/mem/memory-device.h"
#include "qapi/error.h"
#include "pushbell.h"

bool pb_memory_is_guest_ram(MemoryRegionSection *section)
{
    MemoryRegion *mr = section->mr;

    return memory_region_is_ram(mr) && !memory_region_is_rom(mr) &&
           !memory_region_is_ram_device(mr) && !section->readonly &&
           mr->owner && object_dynamic_cast(mr->owner, TYPE_MEMORY_BACKEND);
}

/*
 * The back-end maps a file only if it cannot shrink, and reads and writes
 * others through their descriptor: which huge pages do not have.
 */
static bool pb_memory_is_unsealed_huge(MemoryRegion *mr, int fd)
{
    int seals = fcntl(fd, F_GET_SEALS);

    return qemu_ram_pagesize(mr->ram_block) > qemu_real_host_page_size() &&
           (seals < 0 || !(seals & F_SEAL_SHRINK));
}

/*
 * Whether the back-end can share this memory. What to write instead is part of
 * the message: QMP shows no hints.
 */
bool pb_memory_check_shared(MemoryRegion *mr, Error **errp)
{
    const char *id;
    struct stat st;
    int fd = memory_region_get_fd(mr);

    if (fd < 0 || !qemu_ram_is_shared(mr->ram_block)) {
        id = object_get_canonical_path_component(mr->owner);
        error_setg(errp, "guest RAM \"%s\" is not shared with the back-end; "
                   "write -object memory-backend-memfd,id=%s,size=%" PRIu64
                   "M,share=on instead, and -machine memory-backend=%s if it "
                   "is the machine's main memory", id, id,
                   memory_region_size(mr) >> 20, id);
        return false;
    }
    if (pb_memory_is_unsealed_huge(mr, fd)) {
        error_setg(errp, "guest RAM \"%s\" has huge pages in a file that may "
                   "shrink; write memory-backend-memfd,hugetlb=on,share=on "
                   "instead", memory_region_name(mr));
        return false;
    }
    if (fstat(fd, &st) < 0 || st.st_size < pb_compat_fd_offset(mr) +
                                           memory_region_size(mr)) {
        error_setg(errp, "the file behind guest RAM \"%s\" is shorter than "
                   "that", memory_region_name(mr));
        return false;
    }
    return true;
}

/* Whether one more range can be announced. */
bool pb_memory_check_room(PbState *s, unsigned used, Error **errp)
{
    if (used < s->memory.slots) {
        return true;
    }
    error_setg(errp, "the back-end at %s takes %" PRIu64 " ranges of guest RAM "
               "at most", s->socket_path, s->memory.slots);
    return false;
}

/* The memory back-end of a DIMM that these options describe, or NULL. */
static HostMemoryBackend *pb_plug_memory(const QDict *opts)
{
    const char *driver = qdict_get_try_str(opts, "driver");
    const char *memdev = qdict_get_try_str(opts, "memdev");
    ObjectClass *oc = driver ? object_class_by_name(driver) : NULL;
    Object *backend;

    if (!memdev || !oc || !object_class_dynamic_cast(oc, TYPE_MEMORY_DEVICE)) {
        return NULL;
    }
    backend = object_resolve_path_type(memdev, TYPE_MEMORY_BACKEND, NULL);
    return backend ? MEMORY_BACKEND(backend) : NULL;
}

/* Nothing is hidden: an error is what keeps the device away. */
static bool pb_plug_check(DeviceListener *listener, const QDict *opts,
                          bool from_json, Error **errp)
{
    PbState *s = container_of(listener, PbState, memory.plug);
    HostMemoryBackend *backend = pb_plug_memory(opts);

    if (backend && host_memory_backend_mr_inited(backend) &&
        pb_memory_check_shared(host_memory_backend_get_memory(backend), errp)) {
        pb_memory_check_room(s, s->memory.regions->len, errp);
    }
    return false;
}

void pb_plug_watch(PbState *s)
{
    s->memory.plug = (DeviceListener) { .hide_device = pb_plug_check };
    device_listener_register(&s->memory.plug);
}

void pb_plug_unwatch(PbState *s)
{
    device_listener_unregister(&s->memory.plug);
}
