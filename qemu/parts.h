/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the device offer each other, a section a file. Included by
 * pushbell.h, which has the types and the rules of locking.
 */
#ifndef PUSHBELL_PARTS_H
#define PUSHBELL_PARTS_H

/* function.c */
bool pb_function_check(const struct pb_function *f, Error **errp);
struct pb_bar pb_function_bar(const struct pb_function *f, unsigned i);
struct pb_range pb_bar_range(const struct pb_bar *bar, unsigned i);

/* bars.c */
bool pb_bars_create(PbState *s, Error **errp);
bool pb_bars_send_ram(PbState *s, Error **errp);
void pb_bars_cover_msix(PbState *s);
void pb_bars_show_off(PbState *s);
void pb_bars_destroy(PbState *s);

/* eventfd.c */
bool pb_eventfd_signal(int fd);
bool pb_eventfd_take(int fd, uint64_t *count);

/* ring.c */
void pb_ring_write(PbState *s, uint8_t bar, uint64_t offset, uint64_t data,
                   uint8_t size, bool may_unlock);
uint64_t pb_ring_read(PbState *s, uint8_t bar, uint64_t offset, uint8_t size,
                      bool may_unlock);
uint32_t pb_ring_producer(PbState *s);

/* ring-setup.c */
void pb_ring_init(PbState *s);
bool pb_ring_create(PbState *s, Error **errp);
void pb_ring_destroy(PbState *s);
uint32_t pb_ring_raise_epoch(PbState *s);
void pb_ring_new_session(PbState *s);
void pb_ring_give_up(PbState *s);

/* wait.c */
typedef bool PbReady(PbState *s, uint32_t arg);
typedef enum PbWaitResult {
    PB_WAIT_MORE,
    PB_WAIT_READY,
    PB_WAIT_TIMEOUT,
    PB_WAIT_STOP,               /* the vCPU must stop */
    PB_WAIT_UNPLUG,             /* the guest cannot let go while it waits */
    PB_WAIT_RESET,
    PB_WAIT_GONE,               /* the function is gone, or unplugged */
} PbWaitResult;

int64_t pb_wait_deadline(PbState *s, bool may_unlock);
PbWaitResult pb_wait(PbState *s, PbReady *ready, uint32_t arg, uint32_t epoch,
                     int64_t deadline, bool may_unlock);
void pb_wait_wake_all(PbState *s);

/* irq.c */
#define PB_EVENTS 64        /* looked at in one go */
struct epoll_event;
/* Tags in the epoll set, above the vectors. The upper half: generation. */
#define PB_TAG_STOP (PB_VECTORS_MAX + 1)
#define PB_TAG_SOCKET (PB_VECTORS_MAX + 2)
#define PB_TAG_CHANNEL (PB_VECTORS_MAX + 3)

void pb_irq_see_socket(PbState *s, const struct epoll_event *ev);
int pb_irq_take_events(PbState *s, const struct epoll_event *ev, int n);
void pb_irq_deliver(PbState *s);
void pb_irq_drain(PbState *s, uint32_t upto);
void pb_irq_flush(PbState *s);
void pb_irq_resync(PbState *s);
void pb_irq_discard(PbState *s);
void pb_irq_sleep_begin(PbState *s);
void pb_irq_sleep_end(PbState *s);

/* irq-thread.c */
void pb_irq_init(PbState *s);
bool pb_irq_create(PbState *s, Error **errp);
void pb_irq_destroy(PbState *s);
bool pb_irq_send_fds(PbState *s, Error **errp);
void pb_irq_watch(PbState *s, int socket_fd, int channel_fd);
void pb_irq_unwatch(PbState *s, int socket_fd, int channel_fd);

/*
 * Upstream order: before a read's value reaches the guest, all interrupts that
 * the back-end raised before it answered are delivered. Big lock held.
 */
static inline void pb_irq_sync(PbState *s, uint32_t upto)
{
    if (unlikely((int32_t)(upto - qatomic_read(&s->irq.taken)) > 0 ||
                 qatomic_read(&s->irq.undelivered) ||
                 qatomic_read(&s->ring.header->intx_level) !=
                 s->irq.level_word)) {
        pb_irq_drain(s, upto);
    }
}

/* wire.c: one request or reply; a false return means that framing is lost */
bool pb_wire_connect(const char *path, int64_t deadline, int *fd, Error **errp);
bool pb_wire_send(int fd, uint32_t request, bool need_reply,
                  const void *payload, uint32_t size,
                  const int *fds, unsigned nfds, int64_t deadline,
                  Error **errp);
bool pb_wire_receive(int fd, uint32_t request, void *payload, uint32_t capacity,
                     uint32_t *size, int *reply_fd, int64_t deadline,
                     Error **errp);
const char *pb_wire_name(uint32_t request);

/* session.c: the life of a connection */
void pb_session_init(PbState *s);
void pb_session_start(PbState *s);
bool pb_session_open(PbState *s, struct pb_function *function, Error **errp);
bool pb_session_take(PbState *s, int fd, Error **errp);
bool pb_session_attach(PbState *s, Error **errp);
void pb_session_established(PbState *s);
void pb_session_close(PbState *s);
void pb_session_destroy(PbState *s);
void pb_session_finalize(PbState *s);
void pb_session_fail(PbState *s, const char *reason);

/* request.c: what is sent on it; on failure the connection is given up */
bool pb_session_send(PbState *s, uint32_t request, bool need_reply,
                     const void *payload, uint32_t size,
                     const int *fds, unsigned nfds, Error **errp);
uint32_t pb_session_reply(PbState *s, uint32_t request, void *reply,
                          uint32_t capacity, int *reply_fd, Error **errp);
uint32_t pb_session_ask(PbState *s, uint32_t request, void *reply,
                        uint32_t capacity, int *reply_fd, Error **errp);
bool pb_session_tell(PbState *s, uint32_t request, const void *payload,
                     uint32_t size, const int *fds, unsigned nfds,
                     Error **errp);
bool pb_session_tell_result(PbState *s, uint32_t request,
                            const void *payload, uint32_t size,
                            const int *fds, unsigned nfds,
                            uint64_t *result, Error **errp);

/* reconnect.c */
void pb_reconnect_init(PbState *s);
void pb_reconnect_begin(PbState *s, bool short_lived);
void pb_reconnect_done(PbState *s);
void pb_reconnect_destroy(PbState *s);

/* gone.c: without a back-end, and what the guest sees of it */
void pb_gone_init(PbState *s);
void pb_gone_away(PbState *s, bool short_lived);
void pb_gone_run_state(PbState *s, bool running);
void pb_gone_now(PbState *s, const char *why);
bool pb_gone_prepare_return(PbState *s, Error **errp);
void pb_gone_back(PbState *s);
void pb_gone_update_off(PbState *s);
void pb_gone_destroy(PbState *s);

/* vcpus.c: holding them; one that sleeps in an access counts as held */
typedef struct PbOutside {
    CPUState *cpu;
    unsigned changes;
    QLIST_ENTRY(PbOutside) next;
} PbOutside;

void pb_vcpus_init(void);
void pb_vcpu_goes_out(PbOutside *o, CPUState *cpu);
void pb_vcpu_comes_in(PbOutside *o);
bool pb_vcpus_hold(void);
unsigned pb_vcpus_inside(void);
void pb_vcpus_release(void);

/* power.c */
bool pb_power_add_capability(PbState *s, Error **errp);
void pb_power_config_written(PbState *s, uint8_t before);
uint8_t pb_power_state(PbState *s);
void pb_power_reset(PbState *s);

/* express.c */
bool pb_express_add(PbState *s, Error **errp);
void pb_express_show_link(PbState *s, bool up);

/* handshake.c */
bool pb_handshake_hello(PbState *s, int fd, int64_t deadline, Error **errp);
bool pb_handshake_features(PbState *s, Error **errp);
bool pb_handshake_channel(PbState *s, Error **errp);
bool pb_handshake_describe(PbState *s, struct pb_function *function,
                           Error **errp);
bool pb_handshake_ring(PbState *s, Error **errp);
bool pb_handshake_new_state(PbState *s, Error **errp);
bool pb_handshake_old_state(PbState *s, Error **errp);

/* channel.c: requests of the back-end, served by the interrupt thread */
void pb_channel_serve(PbState *s);

/* memory.c */
bool pb_memory_start(PbState *s, Error **errp);
void pb_memory_stop(PbState *s);
const struct pb_mem_region *pb_memory_find(PbState *s, uint64_t address,
                                           bool own);

/* memory-check.c */
bool pb_memory_is_guest_ram(MemoryRegionSection *section);
bool pb_memory_check_shared(MemoryRegion *mr, Error **errp);
bool pb_memory_check_room(PbState *s, unsigned used, Error **errp);
void pb_plug_watch(PbState *s);
void pb_plug_unwatch(PbState *s);

/* iommu.c */
uint64_t pb_iommu_features(PbState *s);
bool pb_iommu_miss(PbState *s, const struct pb_iotlb *msg);
void pb_iommu_answer_misses(void *opaque);
void pb_iommu_invalidate(PbState *s, uint64_t iova, uint64_t size);
void pb_iommu_invalidate_all(PbState *s);

/* iommu-space.c */
bool pb_iommu_start(PbState *s, Error **errp);
void pb_iommu_stop(PbState *s);
PbSection *pb_iommu_section(PbState *s, uint64_t iova);

/* control.c */
bool pb_control_event(PbState *s, uint32_t kind, uint32_t value, Error **errp);
bool pb_control_send_present(PbState *s, Error **errp);
void pb_control_config_written(PbState *s);
void pb_control_bus_master_off(PbState *s);
void pb_control_power(PbState *s, bool on);
void pb_control_reset(PbState *s, uint32_t kind);
bool pb_control_run(PbState *s, Error **errp);
void pb_control_quiesce(PbState *s);
void pb_control_resume(PbState *s);
void pb_control_run_state(void *opaque, bool running, RunState state);

#endif /* PUSHBELL_PARTS_H */
