/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pushbell-pci: a PCI function whose behaviour lives in another process.
 *
 * This device knows nothing of the adapter. A back-end that listens on a
 * vhost-user socket describes the function (identity, BARs, vectors), serves
 * its registers through a ring in shared memory, does DMA in guest RAM that
 * both map, and raises interrupts through eventfds. The contract is
 * docs/socket-extension.md in the device's tree; pushbell-proto.h is generated
 * from the same declarations that the back-end is built on.
 *
 *   guest access -> bars.c -> ring.c -> (shared memory) -> back-end
 *   config space -> pushbell-pci.c -> control.c -> session.c/wire.c -> socket
 *   back-end -> eventfd -> irq.c (own thread) -> vCPU -> msix_notify
 *
 * Locks, outermost first:
 *   big QEMU lock      socket requests, config space, delivery of interrupts
 *   PbIrq.lock         taking of interrupts; never held while waiting
 *   PbSession.lock     fd of the back-end request channel
 *   PbRing.wait_lock   sleepers; let go while asleep
 *   PbRing.put_lock    producer side of the ring: a spin lock, a few stores
 * Nobody waits for the big lock while holding one of the others. The back-end
 * never needs the big lock to answer: all waits for it are safe under it, and
 * bounded because it may be dead or hostile.
 */
#ifndef PUSHBELL_H
#define PUSHBELL_H

#include "qemu/atomic.h"
#include "qemu/bitmap.h"
#include "qemu/thread.h"
#include "qom/object.h"
#include "exec/memory.h"
#include "compat.h"
#include "pushbell-proto.h"

#define TYPE_PUSHBELL "pushbell-pci"
OBJECT_DECLARE_SIMPLE_TYPE(PbState, PUSHBELL)

#define PB_VECTORS_MAX 2048
#define PB_HANDSHAKE_TIMEOUT_MS 5000
#define PB_CONTROL_TIMEOUT_MS 5000
#define PB_RECONNECT_TIMEOUT_MS 1000
#define PB_RECONNECT_PERIOD_MS 100
#define PB_RECONNECT_PERIOD_MAX_MS 1600
#define PB_ALL_ONES UINT64_MAX

/* A sleeping reader: its slot must not be reused before it took the answer. */
typedef struct PbReader {
    uint32_t seq;
    QLIST_ENTRY(PbReader) next;
} PbReader;

typedef struct PbRing {
    struct pb_ring *header;     /* the mapped memfd */
    struct pb_slot *slots;
    uint32_t nslots;
    uint32_t reserve;           /* slots kept for writes of vCPUs that stop */
    uint32_t producer;          /* our own copies: nothing is read back */
    uint32_t consumer;          /* last value that passed the check */
    uint32_t epoch;
    QemuSpin put_lock;
    int64_t spin_ns;
    int kick_fd;
    int answer_fd;
    int memfd;
    uint64_t bytes;

    QemuMutex wait_lock;
    QemuCond wait_cond;
    unsigned waiters;
    bool leader;                /* one waiter polls, the others follow it */
    bool stalled;               /* a wait timed out at... */
    uint32_t stalled_at;        /* ...this consumer index */
    QLIST_HEAD(, PbReader) readers;     /* under put_lock */
    uint64_t dropped;
} PbRing;

typedef struct PbIrq {
    QemuMutex lock;
    QemuThread thread;
    bool thread_runs;
    int epoll_fd;
    int stop_fd;
    unsigned nfds;              /* MSI-X vectors, and one for INTx */
    int *fds;
    unsigned long *pending;     /* taken from the eventfd, not delivered yet */
    uint32_t taken;             /* follows IRQ_RAISED */
    bool undelivered;           /* some bit of pending is set */
    bool queued;                /* work is queued on a vCPU */
    bool level;                 /* INTx as last set */
    int cpu_index;              /* vCPU that used the device last */
    unsigned sleepers;          /* vCPUs that sleep in a register access */
    QEMUBH *bh;
} PbIrq;

typedef struct PbSession {
    int fd;
    bool connected;             /* read without the big lock, too */
    bool established;           /* realized: a lost back-end is waited for */
    uint32_t generation;        /* of the connection, against stale events */
    int64_t deadline;           /* ns; of the connect sequence, or 0 */
    QemuMutex lock;
    int channel_fd;             /* our end of the back-end request channel */
    unsigned log_lines;         /* in the present second */
    int64_t log_second;
    int64_t since;              /* ms; when the connection was complete */
    unsigned period_ms;         /* until the next try; grows in a crash loop */
    const char *failure;        /* why a thread without the big lock gave up */
    bool complained;            /* once per outage */
    QEMUBH *bh;
    QEMUTimer *reconnect;
    int state_fd;
    struct pb_state_region state;
} PbSession;

typedef struct PbMemory {
    MemoryListener listener;
    bool registered;
    GArray *regions;            /* of PbRegion */
    Error *error;               /* first one while the device is realized */
} PbMemory;

typedef struct PbRange {
    PbState *device;
    MemoryRegion mr;
    uint64_t offset;            /* in the BAR */
    uint8_t bar;
} PbRange;

typedef struct PbBar {
    MemoryRegion container;
    PbRange rest;               /* behind all ranges: zero, ignores writes */
    PbRange ranges[PB_MAX_RANGES];
    int ram_fd;                 /* memory behind the RAM ranges, or -1 */
} PbBar;

struct PbState {
    PCIDevice parent_obj;

    /* properties */
    char *socket_path;
    uint32_t vendor_id;         /* PB_ID_UNSET: as described */
    uint32_t device_id;
    uint32_t read_timeout_ms;
    uint32_t spin_us;

    struct pb_function function;
    PbRing ring;
    PbIrq irq;
    PbSession session;
    PbMemory memory;
    PbBar bars[PB_MAX_BARS];
    VMChangeStateEntry *vm_handler;

    /* what the back-end was told last */
    bool bus_master;
    bool msix_enabled;
    bool intx_disabled;
    bool exiting;
};

#define PB_ID_UNSET UINT32_MAX

/* function.c */
bool pb_function_check(const struct pb_function *f, Error **errp);
struct pb_bar pb_function_bar(const struct pb_function *f, unsigned i);
struct pb_range pb_bar_range(const struct pb_bar *bar, unsigned i);

/* bars.c */
bool pb_bars_create(PbState *s, Error **errp);
bool pb_bars_send_ram(PbState *s, Error **errp);
void pb_bars_destroy(PbState *s);

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

/* wait.c */
typedef bool PbReady(PbState *s, uint32_t arg);
typedef enum PbWaitResult {
    PB_WAIT_MORE,
    PB_WAIT_READY,
    PB_WAIT_TIMEOUT,
    PB_WAIT_STOP,               /* the vCPU must stop */
    PB_WAIT_RESET,
    PB_WAIT_GONE,               /* no back-end, or the device is unplugged */
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
                 s->function.interrupt_pin)) {
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

/* session.c */
void pb_session_init(PbState *s);
void pb_session_start(PbState *s);
bool pb_session_open(PbState *s, struct pb_function *function, Error **errp);
bool pb_session_attach(PbState *s, Error **errp);
void pb_session_established(PbState *s);
void pb_session_close(PbState *s);
void pb_session_destroy(PbState *s);
void pb_session_finalize(PbState *s);
void pb_session_fail(PbState *s, const char *reason);
bool pb_session_tell(PbState *s, uint32_t request, const void *payload,
                     uint32_t size, const int *fds, unsigned nfds,
                     Error **errp);

bool pb_session_send(PbState *s, uint32_t request, bool need_reply,
                     const void *payload, uint32_t size,
                     const int *fds, unsigned nfds, Error **errp);
uint32_t pb_session_ask(PbState *s, uint32_t request, void *reply,
                        uint32_t capacity, int *reply_fd, Error **errp);
bool pb_session_tell_result(PbState *s, uint32_t request,
                            const void *payload, uint32_t size,
                            const int *fds, unsigned nfds,
                            uint64_t *result, Error **errp);

/* handshake.c */
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

/* control.c */
bool pb_control_event(PbState *s, uint32_t kind, uint32_t value, Error **errp);
bool pb_control_send_present(PbState *s, Error **errp);
void pb_control_config_written(PbState *s);
void pb_control_bus_master_off(PbState *s);
void pb_control_reset(PbState *s, uint32_t kind);
bool pb_control_run(PbState *s, Error **errp);
void pb_control_run_state(void *opaque, bool running, RunState state);

#endif /* PUSHBELL_H */
